"""Puts a program in the place of a part of a trained host, and measures what it explains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from optitracr import arguments, rasp
from optitracr.craft.spaces import FloatArray
from optitracr.errors import InputError
from optitracr.graph.build import build_graph
from optitracr.hosts.component import Component
from optitracr.hosts.explained import explained
from optitracr.hosts.guest import Codes
from optitracr.hosts.host_class import Host
from optitracr.hosts.hosting import host_class_of
from optitracr.hosts.ids import checked_ids
from optitracr.hosts.linear import (
    FITTED,
    fitted_reading,
    fitted_writing,
    given_reading,
    given_writing,
)
from optitracr.hosts.programs import for_host, other_of
from optitracr.hosts.replaced import Replacement
from optitracr.hosts.sites import Site, site_of
from optitracr.hosts.symbols import checked_symbols

Value = Any


@dataclass(frozen=True, slots=True)
class Claim:
    """What a part of a host is said to compute, as the user gave it; see `optitracr.replace`."""

    part: str
    program: rasp.SOp
    tokens: Mapping[int, Value]
    bos: int
    texts: Any
    targets: Any
    read: Mapping[rasp.SOp, Any] | None
    write: Any


def replaced(claim: Claim, host: Host) -> Replacement:
    """The host with a program in the place of a part.

    Args:
        claim: The part, the program, and the maps between.
        host: The host, which stays as it is.
    """
    host_class = host_class_of(host)
    sizes = host_class.sizes(host)
    bos = arguments.integer("bos", claim.bos, least=0, most=sizes.vocabulary - 1)
    symbols = checked_symbols(claim.tokens, bos, sizes.vocabulary)
    ids = checked_ids(claim.texts, bos, sizes.vocabulary, "texts", sizes.positions - 1)
    targets = _targets(claim.targets, ids, sizes.vocabulary)
    if len(ids) < 2:
        raise InputError("texts has one row; give two at least, to fit on some and measure on rest")
    site = site_of(host_class, host, claim.part)
    tabled, setting = for_host(claim.program, list(symbols.values()), ids.shape[1] - 1)
    component = Component(tabled, ids.shape[1] - 1)
    place = {value: code for code, value in enumerate(setting.vocabulary)}
    other = other_of([x for x in setting.vocabulary if x in set(symbols.values())])
    codes = [place[symbols.get(token, other)] for token in range(sizes.vocabulary)]
    # Rows in turn, so that both halves are alike whatever the order of the texts is.
    fit, rest = ids[::2], ids[1::2]
    streams, added = observed(site, fit)
    tokens = np.asarray(codes, dtype=np.intp)
    exact = component(tokens[fit[:, 1:].numpy()])
    readings = _readings(claim, component, streams, exact, tokens[fit[:, 1:].numpy()])
    found = Replacement(host, site, component, tokens, bos, readings, np.zeros((0, sizes.width)))
    written = found.values_of(fit, streams)
    values = component.values(tabled.output)
    if isinstance(claim.write, str) and claim.write == FITTED:
        writing = fitted_writing(
            added[:, 1:].reshape(-1, sizes.width), written.ravel(), len(values)
        )
    else:
        writing = given_writing("write", claim.write, values, sizes.width)
    mean = added[:, 1:].reshape(-1, sizes.width).mean(axis=0)
    found = Replacement(host, site, component, tokens, bos, readings, writing)
    return found.with_report(explained(found, rest, targets[1::2], mean))


def observed(site: Site, ids: torch.Tensor) -> tuple[FloatArray, FloatArray]:
    """What a part reads of the stream and what it adds, each [batch, seq, width]."""
    kept: list[tuple[FloatArray, FloatArray]] = []

    def keep(stream: torch.Tensor, added: torch.Tensor) -> torch.Tensor:
        kept.append((stream.double().numpy(), added.double().numpy()))
        return added

    with torch.no_grad(), site.changed(keep):
        site.host(ids)
    return kept[0]


def _targets(targets: Any, ids: torch.Tensor, vocabulary: int) -> torch.Tensor:
    """The token that is right at each position, -100 where nothing is asked."""
    if targets is None:
        found = torch.full_like(ids, -100)
        found[:, :-1] = ids[:, 1:]
        return found
    try:
        found = torch.as_tensor(np.asarray(targets)).long()
    except Exception:
        arguments.refuse("targets", targets, f"token ids of shape {list(ids.shape)}, or None")
    if found.shape != ids.shape or int(found.max()) >= vocabulary:
        arguments.refuse("targets", targets, f"token ids of shape {list(ids.shape)}, or None")
    return found


def _readings(
    claim: Claim,
    component: Component,
    streams: FloatArray,
    exact: Mapping[str, Codes],
    tokens: Codes,
) -> dict[str, FloatArray]:
    """The map by which each variable is read, by its label."""
    wanted = f'a dict of s-ops of the program and "{FITTED}" or an array for each'
    given = arguments.instance("read", {} if claim.read is None else claim.read, Mapping, wanted)
    labels = {id(sop): label for label, sop in build_graph(claim.program).expressions}
    width = streams.shape[-1]
    samples = streams[:, 1:].reshape(-1, width)
    found: dict[str, FloatArray] = {}
    for sop, how in given.items():
        label = labels.get(id(sop))
        if label is None or label not in component.program.by_label():
            arguments.refuse("read", sop, wanted)
        count = len(component.values(label))
        if isinstance(how, str) and how == FITTED:
            known = exact.get(label)
            codes = component.only(label, tokens) if known is None else known
            found[label] = fitted_reading(samples, codes.ravel(), count)
        else:
            none = component.program.by_label()[label].value_set.may_be_none
            made = given_reading(f"read[{label}]", how, width, count - int(not none))
            low = np.vstack([np.zeros((width, 1)), [[-np.inf]]])
            found[label] = made if none else np.hstack([made, low])
    return found

"""Puts a program in the place of a part of a trained host, and measures what it explains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from optitracr import arguments, rasp
from optitracr.craft.spaces import FloatArray
from optitracr.errors import InputError
from optitracr.graph.build import refuse_no_program
from optitracr.hosts.component import Variable, component_of
from optitracr.hosts.explained import explained
from optitracr.hosts.host_class import Host
from optitracr.hosts.hosting import host_class_of
from optitracr.hosts.ids import checked_ids
from optitracr.hosts.interpreted import Interpreted, interpreted
from optitracr.hosts.linear import (
    FITTED,
    fitted_reading,
    fitted_writing,
    given_reading,
    given_writing,
)
from optitracr.hosts.replaced import Replacement
from optitracr.hosts.sites import Site, site_of
from optitracr.hosts.symbols import checked_symbols
from optitracr.options import check_options
from optitracr.rasp.expression import postorder

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
    optimize: int


def replaced(claim: Claim, host: Host) -> Replacement:
    """The host with a program in the place of a part.

    Args:
        claim: The part, the program, and the maps between.
        host: The host, which stays as it is.
    """
    refuse_no_program(claim.program)
    host_class = host_class_of(host)
    sizes = host_class.sizes(host)
    bos = arguments.integer("bos", claim.bos, least=0, most=sizes.vocabulary - 1)
    symbols = checked_symbols(claim.tokens, bos, sizes.vocabulary)
    ids = checked_ids(claim.texts, bos, sizes.vocabulary, "texts", sizes.positions - 1)
    targets = _targets(claim.targets, ids, sizes.vocabulary)
    if len(ids) < 2:
        raise InputError("texts has one row; give two at least, to fit on some and measure on rest")
    site = site_of(host_class, host, claim.part)
    options = check_options(claim.optimize, causal=True)
    told = interpreted(symbols, ids, sizes.vocabulary, options)
    given = _given(claim)
    variables = [told.variable(sop) for sop in given]
    unread = [] if rasp.tokens in given else [told.tokens]
    component = component_of(claim.program, [*unread, *variables], told.positions, options)
    # Rows in turn, so that both halves are alike whatever the order of the texts is.
    fit, rest = ids[::2], ids[1::2]
    streams, added = observed(site, fit)
    readings = {
        variable.sop: _reading(given[variable.sop], variable, streams, told, fit)
        for variable in variables
    }
    if not given:
        told.codes(claim.program, component.values, ids)
    found = Replacement(host, site, component, told, bos, readings, np.zeros((0, sizes.width)))
    values = component.values
    written = added[:, 1:].reshape(-1, sizes.width)
    if isinstance(claim.write, str) and claim.write == FITTED:
        codes = found.values_of(fit, streams).ravel()
        writing = fitted_writing(written, codes, len(values))
    else:
        writing = given_writing("write", claim.write, values, sizes.width)
    found = replace(found, writing=writing)
    return found.with_report(explained(found, rest, targets[1::2], written.mean(axis=0)))


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


def _given(claim: Claim) -> dict[rasp.SOp, Any]:
    """How each s-op that is read from the stream is read."""
    wanted = f'a dict of s-ops of the program and "{FITTED}" or an array for each'
    found = arguments.instance("read", {} if claim.read is None else claim.read, Mapping, wanted)
    parts = set(map(id, postorder(claim.program)))
    for sop in found:
        if not isinstance(sop, rasp.SOp) or id(sop) not in parts:
            arguments.refuse("read", sop, wanted)
    return dict(found)


def _reading(
    how: Any, variable: Variable, streams: FloatArray, told: Interpreted, ids: torch.Tensor
) -> FloatArray:
    """The map by which a variable is read: what it can be by the largest output."""
    width, possible = streams.shape[-1], len(variable.possible)
    if isinstance(how, str) and how == FITTED:
        codes = told.codes(variable.sop, variable.entries, ids)
        return fitted_reading(streams[:, 1:].reshape(-1, width), codes.ravel(), possible)
    return given_reading(f"read[{variable.sop.label}]", how, width, possible)

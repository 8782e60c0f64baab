"""What is measured on a host: the scales of its norms, and how far two models are apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from optitracr.craft.spaces import FloatArray
from optitracr.hosts.host_class import Host, HostClass

ROWS = 64
"""Rows of tokens that are run at a time: some megabytes of activations for small hosts."""


def batches(ids: torch.Tensor) -> list[torch.Tensor]:
    """Rows of tokens, some at a time."""
    return [ids[start : start + ROWS] for start in range(0, len(ids), ROWS)]


@contextmanager
def streams(
    host_class: HostClass, host: Host, norms: Sequence[int]
) -> Iterator[dict[int, torch.Tensor]]:
    """What some norms read, of the last batch that the host ran, by norm."""
    found: dict[int, torch.Tensor] = {}
    modules = host_class.norms(host)

    def hook(norm: int) -> Any:
        def keep(module: Any, inputs: tuple[torch.Tensor, ...]) -> None:
            found[norm] = inputs[0].detach()

        return modules[norm].register_forward_pre_hook(keep)

    handles = [hook(norm) for norm in norms]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def scales(
    host_class: HostClass, host: Host, ids: torch.Tensor, norms: Sequence[int]
) -> dict[int, FloatArray]:
    """The scale of some norms at each position, each [batch, seq]."""
    found: dict[int, list[FloatArray]] = {norm: [] for norm in norms}
    with torch.no_grad(), streams(host_class, host, norms) as kept:
        for batch in batches(ids):
            host(batch)
            for norm in norms:
                found[norm].append(host_class.scale(host, kept[norm]).cpu().numpy())
    return {norm: np.concatenate(parts) for norm, parts in found.items()}


@torch.no_grad()
def loss(host: Host, ids: torch.Tensor) -> float:
    """The mean loss of a model on rows of tokens, in nats a token, summed up in float64."""
    lost, count = 0.0, 0
    for batch in batches(ids):
        logits = host(batch).logits[:, :-1].double()
        wanted = batch[:, 1:]
        lost += float(
            torch.nn.functional.cross_entropy(
                logits.flatten(0, 1), wanted.flatten(), reduction="sum"
            )
        )
        count += wanted.numel()
    return lost / max(count, 1)


@torch.no_grad()
def apart(first: Host, second: Host, ids: torch.Tensor) -> float:
    """The largest difference between the logits of two models."""
    found = 0.0
    for batch in batches(ids):
        difference = first(batch).logits.double() - second(batch).logits.double()
        found = max(found, float(difference.abs().max()))
    return found

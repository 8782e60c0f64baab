"""What an implant does to its host."""

from __future__ import annotations

import copy
import math
import sys

import torch

from optitracr.hosts.host_class import Host, HostClass
from optitracr.hosts.implanted import Placement, Report
from optitracr.hosts.measuring import ROWS, apart, loss


def _exp(nats: float) -> float:
    """The exponential, infinite where a float is too small for it, as of a host gone astray."""
    return math.exp(nats) if nats < math.log(sys.float_info.max) else math.inf


def _largest(new: Host, first: int) -> float:
    """The largest weight of a linear map that reads or writes columns from one on."""
    width = new.get_input_embeddings().weight.shape[1]
    largest = 0.0
    for weight in new.parameters():
        for axis, size in enumerate(weight.shape if weight.ndim > 1 else ()):
            if size == width:
                own = weight.detach().narrow(axis, first, width - first)
                largest = max(largest, float(own.abs().max()))
    return largest


def reported(
    host_class: HostClass, host: Host, new: Host, ids: torch.Tensor, placement: Placement
) -> Report:
    """Compares a host with and without a guest.

    Args:
        host_class: The host's.
        host: The host.
        new: The same with a guest.
        ids: Texts, [batch, seq].
        placement: Where the guest is.
    """
    some = ids[:ROWS]
    exact = copy.deepcopy(host).double()
    before, after = loss(host, some), loss(new, some)
    first = placement.first
    gains = [float(norm.weight.detach()[first:].abs().max()) for norm in host_class.norms(new)]
    return Report(
        logit_change=apart(host, new, some),
        logit_noise=apart(host, exact, some),
        perplexity=_exp(before),
        perplexity_change=_exp(after - before) - 1.0,
        largest_gain=max(gains),
        largest_weight=_largest(new, first),
    )

"""Gains and weights of a guest shared out evenly: by powers of two, which round nothing.

The amplitude of a guest is small, so that what is read of it is multiplied by a large number: part
of it by the gain of the norm, part by the weights of its readers. Which takes what part is free,
column by column.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from optitracr.hosts.host_class import Host, HostClass, own_root
from optitracr.hosts.weights import HeadWeights
from optitracr.stock.heads import balance


def balanced_head(head: HeadWeights) -> HeadWeights:
    """The same head with queries and keys of about one size in the host, which divides logits."""
    query, key = (float(np.abs(part).max(initial=0.0)) for part in (head.query, head.key))
    factor = balance(query * own_root(head.query.shape[1]), key)
    return replace(head, query=head.query * factor, bias=head.bias * factor, key=head.key / factor)


def share_out(host_class: HostClass, new: Host, first: int) -> None:
    """Makes gains about as large as the weights behind them.

    Args:
        host_class: The host's.
        new: A host with a guest, which is changed; it computes the same, bit by bit.
        first: The first of the guest's columns.
    """
    for number, norm in enumerate(host_class.norms(new)):
        gain = norm.weight[first:]
        readers = [weights[first:] for weights in host_class.readers(new, number)]
        sizes = torch.stack([weights.abs().amax(dim=-1) for weights in readers]).amax(dim=0)
        used = (gain != 0.0) & (sizes != 0.0)
        ratio = torch.where(used, gain / torch.where(used, sizes, 1.0), 1.0)
        factor = torch.exp2(torch.round(torch.log2(ratio) / 2))
        gain /= factor
        for weights in readers:
            weights *= factor[:, None]
        gain[sizes == 0.0] = 0.0

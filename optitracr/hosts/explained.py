"""Measures how much of what a part of a host does a program explains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from optitracr.craft.spaces import FloatArray
from optitracr.hosts.replaced import Explained, Replacement, with_written

if TYPE_CHECKING:
    from jaxtyping import Float

NOT_ASKED = -100
"""The target where nothing is asked, as PyTorch has it."""


@torch.no_grad()
def explained(
    found: Replacement, ids: torch.Tensor, targets: torch.Tensor, mean: Float[FloatArray, " width"]
) -> Explained:
    """Compares a host as it is, with a program in a part's place, and with that part's mean.

    Args:
        found: The host and the program.
        ids: Texts, [batch, seq].
        targets: The token that is right at each position, -100 where nothing is asked.
        mean: The mean of what the part adds.
    """
    own = found.host(ids).logits.double()
    with found.attached(ids):
        made = found.host(ids).logits.double()
    constant = np.broadcast_to(mean, (len(ids), ids.shape[1] - 1, len(mean)))
    with found.site.changed(lambda stream, added: with_written(added, constant)):
        ablated = found.host(ids).logits.double()
    asked = targets != NOT_ASKED
    losses = [_loss(x, targets) for x in (own, made, ablated)]
    right = [_share((x.argmax(-1) == targets)[asked]) for x in (own, made, ablated)]
    return Explained(
        loss=losses[0],
        loss_replaced=losses[1],
        loss_ablated=losses[2],
        accuracy=right[0],
        accuracy_replaced=right[1],
        accuracy_ablated=right[2],
        agreement=_share((made.argmax(-1) == own.argmax(-1))[asked]),
        logit_change=float((made - own)[asked].square().mean().sqrt()),
        interchange=_interchange(found, ids, asked),
    )


def _share(which: torch.Tensor) -> float:
    """What part of some positions it is."""
    return float(which.double().mean())


def _loss(logits: torch.Tensor, targets: torch.Tensor) -> float:
    return float(torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten()))


def _interchange(found: Replacement, ids: torch.Tensor, asked: torch.Tensor) -> float:
    """How often the host says the same with either's counterpart on the row before."""
    kept: list[tuple[torch.Tensor, torch.Tensor]] = []

    def keep(stream: torch.Tensor, added: torch.Tensor) -> torch.Tensor:
        kept.append((stream, added))
        return added

    with found.site.changed(keep):
        found.host(ids)
    stream, added = kept[0]
    codes = np.roll(found.values_of(ids, stream.double().cpu().numpy()), 1, axis=0)
    other = torch.roll(added, 1, dims=0)
    with found.site.changed(lambda _, own: torch.cat([own[:, :1], other[:, 1:]], dim=1)):
        of_part = found.host(ids).logits.argmax(-1)
    with found.site.changed(lambda _, own: with_written(own, found.writing[codes])):
        of_program = found.host(ids).logits.argmax(-1)
    return _share((of_part == of_program)[asked])

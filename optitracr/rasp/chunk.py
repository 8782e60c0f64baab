"""A batch's inputs that are evaluated together, and what steps make of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.rasp.tables import RAISED, Codes

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some inputs, and what is known of them.

    Attributes:
        tokens: [row, seq], codes, 0 at padding.
        lengths: [row].
        valid: [row, seq], False at padding.
        undefined: [row], set where the program turns out to be undefined.
        values: For each s-op its codes, [row, seq]; for each selector [key, row, query].
    """

    tokens: Codes
    lengths: NDArray[np.integer[Any]]
    valid: Mask
    undefined: Mask
    values: dict[int, Any]

    def settled(self, codes: NDArray[Any], row_axis: int = 0) -> NDArray[Any]:
        """Turns RAISED entries to 0 and marks their rows as undefined."""
        if codes.size and codes.min() == RAISED:
            raised = codes == RAISED
            axes = tuple(axis for axis in range(codes.ndim) if axis != row_axis)
            self.undefined[:] |= raised.any(axis=axes)
            codes[raised] = 0
        return codes


Step = Callable[[Chunk], NDArray[Any]]
"""What computes the codes of an s-op, or the matrices of a selector, from those before."""


def promised(chunk: Chunk, chosen: Mask) -> Mask:
    """What is selected; rows where a query selects two keys are undefined."""
    chunk.undefined[:] |= (chosen.sum(axis=0, dtype=np.intp) > 1).any(axis=1)
    return chosen


def first_key(chosen: Mask) -> Mask:
    """The first key of each query's."""
    return _alone(chosen, chosen.argmax(axis=0))


def last_key(chosen: Mask) -> Mask:
    """The last key of each query's."""
    return _alone(chosen, len(chosen) - 1 - chosen[::-1].argmax(axis=0))


def best_key(chunk: Chunk, chosen: Mask, ranks: Codes) -> Mask:
    """The key of the largest rank among each query's, the last of several.

    Rows where a query selects a key that has none are undefined.

    Args:
        chunk: The inputs.
        chosen: [key, row, query].
        ranks: [row, key]; 0 for None, `RAISED` where a score is no number.
    """
    rated = ranks.T[:, :, None]
    chunk.undefined[:] |= (chosen & (rated == RAISED)).any(axis=(0, 2))
    some = chosen & (rated > 0)
    keys = np.arange(len(chosen))[:, None, None]
    return _alone(some, np.where(some, rated * len(chosen) + keys, -1).argmax(axis=0))


def _alone(chosen: Mask, key: Codes) -> Mask:
    """The given key of each query's, where it selects any."""
    found: Mask = (np.arange(len(chosen))[:, None, None] == key) & chosen.any(axis=0)
    return found


def pairs_of_tokens(chunk: Chunk) -> Mask:
    """[key, row, query], where both are tokens."""
    both: Mask = chunk.valid.T[:, :, None] & chunk.valid[None]
    return both


def of_length(step: Step, length: int) -> Step:
    """The step, undefined on inputs of any other length."""

    def checked(chunk: Chunk) -> NDArray[Any]:
        chunk.undefined[:] |= chunk.lengths != length
        return step(chunk)

    return checked

"""Runs models by distinct rows, and keeps what was found out of each as long as it is the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from optitracr.model.current import Current
from optitracr.model.distinct.machine import Machine
from optitracr.model.distinct.tables import TooManyError
from optitracr.model.transformer import Transformer

if TYPE_CHECKING:
    from jaxtyping import Bool, Int, Num


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a model says of some sequences.

    Attributes:
        chosen: At each position the number, or the integer of the value.
        unsure: The sequences for which that is not clear, so that a plain pass has to decide.
        weights: A copy of those that the model has.
    """

    chosen: Num[NDArray[np.generic], "batch longest"]
    unsure: Bool[NDArray[np.bool_], " batch"]
    weights: Current


@dataclass(slots=True, eq=False)
class _Kept:
    """What is kept of a model.

    Attributes:
        weights: A copy of those that the machine is of.
        machine: None where evaluation by distinct rows does not pay, or is not possible.
        lock: Held while the machine runs, which adds to its tables.
    """

    weights: Current
    machine: Machine | None
    lock: Lock = field(default_factory=Lock)


_kept: WeakKeyDictionary[Transformer, _Kept] = WeakKeyDictionary()


def by_distinct_rows(
    model: Transformer,
    now: Current,
    tokens: Int[NDArray[np.int32], "batch longest"],
    lengths: Int[NDArray[np.intp], " batch"],
) -> Found | None:
    """What a model says of some sequences; None where only a plain pass tells.

    Args:
        model: The model.
        now: Its weights.
        tokens: Integers, BOS first.
        lengths: Of each sequence, BOS included.
    """
    kept = _kept.get(model)
    if kept is None or not kept.weights.is_same(now):
        kept = _new(now)
        _kept[model] = kept
    with kept.lock:
        if kept.machine is None:
            return None
        try:
            chosen, unsure = kept.machine.run(tokens, lengths)
        except TooManyError:
            kept.machine = None
            return None
    if 2 * np.count_nonzero(unsure) > len(unsure):
        return None
    return Found(chosen, unsure, kept.weights)


def _new(now: Current) -> _Kept:
    """A machine for weights, where they are numbers and neurons are ReLU's."""
    weights = now.kept()
    possible = now.architecture.activation is None and now.is_finite()
    return _Kept(weights, Machine(weights) if possible else None)

"""How sharp the one-hots of the standard lowering are, and what needs sharper ones.

A one-hot that an MLP makes from a number is off by what its neurons round to. Nobody minds who
reads it as a category; but attention multiplies the error of a key or query by its coldness,
which moves weight between positions that a mean or a width should count alike. Such errors are
followed from one variable to the next, and where they add up to too much, the keys or queries
are made sharp first: two neurons a value, which give 0 or 1 exactly for all that is near them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import expm1

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.graded import MOST_OFF
from optitracr.craft.blocks import Mlp
from optitracr.craft.numerics import FLOAT32_EPSILON
from optitracr.craft.spaces import FloatArray
from optitracr.graph.numbers import RELATIVE_TOLERANCE
from optitracr.rounding import ATTENTION_LEAK

Float32Array = NDArray[np.float32]

NEIGHBOURS = 4
"""Units in the last place by which the share that a head writes is as a rule off, at most."""

LARGEST_EXPONENT = 50.0
"""Logits that are off by more are as wrong as can be; it keeps the exponential finite."""

MARGIN_OF_A_COUNT = 0.125
"""Part of the distance between two shares by which one may be off. Its reader's steps allow for
a quarter; the other half of that is left to roundings."""


@dataclass(frozen=True, slots=True)
class OneHotError:
    """By how much a one-hot may be wrong.

    Attributes:
        own: In the dimension of the value that it has.
        total: In all dimensions together.
    """

    own: float = 0.0
    total: float = 0.0

    def copied(self, of_one: bool) -> OneHotError:
        """That of a head's copy: attention leaks, and shares of several add up to about 1.

        Args:
            of_one: Whether the head copies one position, whose share is exactly 1.
        """
        rounding = 0.0 if of_one else FLOAT32_EPSILON
        return OneHotError(self.own + rounding, self.total + rounding + ATTENTION_LEAK)

    def mapped(self) -> OneHotError:
        """That of a map's: what is off elsewhere may count for the value that it has."""
        return OneHotError(self.total, self.total)


def pair_error(first: OneHotError, columns: int, second: OneHotError, rows: int) -> OneHotError:
    """The error of a function of two one-hots, by a neuron for each pair of values.

    Where the true dimension of one is too large, its neurons with every value of the other
    are on.

    Args:
        first: Of the one.
        columns: How many values it has.
        second: Of the other.
        rows: How many values that has.
    """
    several = (rows - 1) * first.own + (columns - 1) * second.own
    return OneHotError(0.0, first.total + second.total + several).mapped()


def step_error(block: Mlp, values: Sequence[float]) -> OneHotError:
    """The error of a one-hot that steps make of a number and the constant direction.

    It is what float32 makes of each value and its neighbours, added up in two orders.

    Args:
        block: The steps; it reads the number, then the constant.
        values: What the number can be.
    """
    inputs = np.array([[value, 1.0] for value in values])
    expected = np.maximum(inputs @ block.w_in + block.b_in, 0.0) @ block.w_out
    wrong = np.zeros_like(expected)
    for moved in _neighbours(inputs):
        for written in _written(block, moved):
            wrong = np.maximum(wrong, abs(written - expected))
    own = wrong[expected > 0.5].max(initial=0.0)
    return OneHotError(float(own), float(wrong.sum(axis=1).max(initial=0.0)))


def spoils_mean(errors: Sequence[OneHotError], coldness: float) -> bool:
    """Whether a mean may be off by more than a number's tolerance.

    Args:
        errors: Of the keys and of the queries.
        coldness: Of the head.
    """
    return _shift(errors, coldness) > RELATIVE_TOLERANCE


def spoils_width(errors: Sequence[OneHotError], coldness: float, positions: int) -> bool:
    """Whether a count of positions may be taken for another.

    Args:
        errors: Of the keys and of the queries.
        coldness: Of the head.
        positions: How many there can be; the last two shares are the closest.
    """
    return _shift(errors, coldness) > MARGIN_OF_A_COUNT / (positions + 1)


def spoils_best(errors: Sequence[OneHotError], largest: float) -> bool:
    """Whether the best key may be taken for another.

    Args:
        errors: Of the keys and of the queries.
        largest: The largest logit of the head.
    """
    return largest * sum(error.total for error in errors) > MOST_OFF


def _shift(errors: Sequence[OneHotError], coldness: float) -> float:
    """By which part the weights of two positions that should be alike may differ."""
    wrong = 2.0 * coldness * sum(error.total for error in errors)
    return expm1(min(wrong, LARGEST_EXPONENT))


def _neighbours(inputs: FloatArray) -> Iterator[Float32Array]:
    """The inputs in float32, with the first column some units in the last place off."""
    single = inputs.astype(np.float32)
    for units in range(-NEIGHBOURS, NEIGHBOURS + 1):
        moved = single.copy()
        moved[:, 0] += units * np.spacing(single[:, 0])
        yield moved


def _written(block: Mlp, inputs: Float32Array) -> Iterator[Float32Array]:
    """What the neurons write in float32, added up forwards and backwards."""
    w_in, b_in, w_out = (x.astype(np.float32) for x in (block.w_in, block.b_in, block.w_out))
    hidden = np.maximum(inputs @ w_in + b_in, np.float32(0))
    yield hidden @ w_out
    yield hidden[:, ::-1] @ w_out[::-1]

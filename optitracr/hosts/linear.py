"""Linear maps between a host's stream and the values of variables: given, or fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from optitracr import arguments
from optitracr.craft.spaces import FloatArray
from optitracr.hosts.guest import Codes

if TYPE_CHECKING:
    from jaxtyping import Float, Int

RIDGE = 1e-6
"""Part of the mean energy of a direction that is added to each, so that one without any is not
divided by: far below what tells values apart."""

FITTED = "fitted"
"""Asks for a map that is fitted on texts."""


def fitted_reading(
    streams: Float[FloatArray, "samples width"], codes: Int[Codes, " samples"], count: int
) -> Float[FloatArray, "width_and_one values"]:
    """The linear map whose largest output is the value, by least squares on one-hots.

    Args:
        streams: What the stream holds.
        codes: The value's place.
        count: Number of values.
    """
    held = np.hstack([streams, np.ones((len(streams), 1))])
    wanted = np.eye(count)[codes]
    energy = held.T @ held
    ridge = RIDGE * np.trace(energy) / len(energy)
    return np.asarray(np.linalg.solve(energy + ridge * np.eye(len(energy)), held.T @ wanted))


def given_reading(
    name: str, given: Any, width: int, count: int
) -> Float[FloatArray, "width_and_one values"]:
    """A map as the user gives it, with a last row for constants if it has none.

    Raises:
        InputError: If it has another shape.
    """
    found = _numbers(given)
    if found.shape == (width, count):
        found = np.vstack([found, np.zeros((1, count))])
    if found.shape != (width + 1, count):
        arguments.refuse(
            name, given, f'"{FITTED}", or an array of shape [{width}, {count}] or one row more'
        )
    return found


def read_values(
    streams: Float[FloatArray, "*samples width"], reading: Float[FloatArray, "width_and_one values"]
) -> Int[Codes, "*samples"]:
    """The value whose output is the largest."""
    return np.asarray((streams @ reading[:-1] + reading[-1]).argmax(axis=-1))


def fitted_writing(
    added: Float[FloatArray, "samples width"], codes: Int[Codes, " samples"], count: int
) -> Float[FloatArray, "values width"]:
    """What is added for each value: the mean of what was; of a value that never is, of all."""
    found = np.tile(added.mean(axis=0), (count, 1))
    for code in np.unique(codes):
        found[code] = added[codes == code].mean(axis=0)
    return found


def given_writing(name: str, given: Any, values: tuple[Any, ...], width: int) -> FloatArray:
    """What is added for each value, as the user gives it: a dict of vectors; others add nothing.

    Raises:
        InputError: If it is none.
    """
    wanted = f'"{FITTED}", or a dict of values and a vector of {width} numbers for each'
    if not isinstance(given, dict):
        arguments.refuse(name, given, wanted)
    found = np.zeros((len(values), width))
    for value, vector in given.items():
        row = _numbers(vector)
        if value not in values or row.shape != (width,):
            arguments.refuse(name, {value: vector}, f"{wanted}; its values are {values}")
        found[values.index(value)] = row
    return found


def _numbers(given: Any) -> FloatArray:
    """An array of finite numbers; an empty one if it is none."""
    try:
        found = np.asarray(given, dtype=np.float64)
    except Exception:
        return np.zeros(0)
    return found if np.isfinite(found).all() else np.zeros(0)

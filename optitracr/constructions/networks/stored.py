"""The file of networks, read when the first table is looked up."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from optitracr.constructions.networks.points import Points
from optitracr.constructions.tasks import Task
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Float

FILE = Path(__file__).with_name("networks.json")

Shape = tuple[tuple[int, ...], int, int]
"""What tells most tables apart at no cost: what they read, their points, their codes."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The neurons of a canonical table; what they write follows from the table.

    Attributes:
        key: That of the table.
        shape: The same, rougher.
        w_in: For each leaf in canonical order what each class adds to each neuron, or what a
            raw number is multiplied by, shape [classes or 1, neurons].
        b_in: Shape [neurons].
        least: So many neurons every network of the class has.
        weights: The class of networks in words; empty for real weights, where the bound is that of
            any network.
    """

    key: str
    shape: Shape
    w_in: tuple[Float[FloatArray, "_ neurons"], ...]
    b_in: Float[FloatArray, " neurons"]
    least: int
    weights: str

    @property
    def neurons(self) -> int:
        """How many there are."""
        return int(self.b_in.size)


def may_be_known(task: Task) -> bool:
    """Whether a table may have a network with fewer neurons than entries; at little cost."""
    leaves = task.leaves
    sizes = [
        -leaf.size if leaf.numerical else size + leaf.may_be_none
        for leaf, size in zip(leaves, task.table.shape, strict=True)
    ]
    by_codes = fewest_by_sizes().get(tuple(sorted(sizes)))
    if by_codes is None:
        return False
    fewest = min(by_codes.values())
    if task.possible is None:
        present = np.bincount(task.table.ravel(), minlength=len(task.rows)) > 0
        if any(leaf.may_be_none and not leaf.numerical for leaf in leaves):
            present[task.zero] = True
        codes = int(np.count_nonzero(present))
        if codes not in by_codes:
            return False
        fewest = by_codes[codes]
    if any(leaf.numerical for leaf in leaves):
        return True
    return min(task.boxes) > fewest


def shape_of(points: Points) -> Shape:
    """The rough shape of a table: sizes of what it reads, raw numbers below zero."""
    sizes = [-size if side else size for side, size in zip(points.sides, points.sizes, strict=True)]
    return tuple(sorted(sizes)), len(points.places), len(points.rows)


@cache
def stored() -> dict[str, tuple[Stored, ...]]:
    """The networks of each key, the fewest neurons first."""
    found: dict[str, list[Stored]] = {}
    for one in _read(json.loads(FILE.read_text())):
        found.setdefault(one.key, []).append(one)
    return {key: tuple(sorted(own, key=lambda one: one.neurons)) for key, own in found.items()}


@cache
def fewest_by_sizes() -> dict[tuple[int, ...], dict[int, int]]:
    """For the sizes of what tables read, and each number of codes, the fewest neurons stored."""
    found: dict[tuple[int, ...], dict[int, int]] = {}
    for own in stored().values():
        for one in own:
            sizes, _, codes = one.shape
            by_codes = found.setdefault(sizes, {})
            by_codes[codes] = min(by_codes.get(codes, one.neurons), one.neurons)
    return found


@cache
def shapes() -> frozenset[Shape]:
    """The rough shapes of tables that have networks."""
    return frozenset(one.shape for own in stored().values() for one in own)


def _read(data: Iterable[dict[str, Any]]) -> Iterable[Stored]:
    for one in data:
        sizes, points, codes = one["shape"]
        yield Stored(
            key=one["key"],
            shape=(tuple(sizes), points, codes),
            w_in=tuple(np.array(own, dtype=np.float64) for own in one["w_in"]),
            b_in=np.array(one["b_in"], dtype=np.float64),
            least=one["least"],
            weights=one["weights"],
        )


def written(networks: Iterable[Stored]) -> str:
    """The text of the file, a line for each network."""
    lines = [
        json.dumps(
            {
                "key": one.key,
                "shape": one.shape,
                "least": one.least,
                "weights": one.weights,
                "w_in": [_numbers(own) for own in one.w_in],
                "b_in": _numbers(one.b_in),
            }
        )
        for one in networks
    ]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def _numbers(array: FloatArray) -> Any:
    """Whole numbers as such, the others in full."""
    return json.loads(json.dumps(array.tolist()), parse_float=_number)


def _number(text: str) -> float | int:
    number = float(text)
    return int(number) if number.is_integer() else number

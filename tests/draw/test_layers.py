"""The layered drawing: ranks, order, and no overlaps."""

from __future__ import annotations

import random
from itertools import combinations, pairwise

import pytest

from optitracr.draw.layers import layered


def crossings(drawing: object) -> int:
    """Pairs of edge pieces between the same ranks that cross."""
    pieces = [
        (a, b)
        for route in drawing.routes.values()  # type: ignore[attr-defined]
        for a, b in pairwise(route)
    ]
    return sum(
        (a.height - c.height) * (b.height - d.height) < -1e-9
        for (a, b), (c, d) in combinations(pieces, 2)
        if a.rank == c.rank
    )


def test_ranks_are_longest_paths() -> None:
    reads = {"a": (), "b": (), "c": ("a",), "d": ("c", "b"), "e": ("a", "d")}
    drawing = layered(list(reads), reads)
    assert {n: p.rank for n, p in drawing.places.items()} == {
        "a": 0,
        "b": 0,
        "c": 1,
        "d": 2,
        "e": 3,
    }
    assert drawing.ranks == 4
    assert [place.rank for place in drawing.routes["a", "e"]] == [0, 1, 2, 3]


def test_a_crossing_that_can_be_avoided_is() -> None:
    reads = {"a": (), "b": (), "c": (), "x": ("c",), "y": ("b",), "z": ("a",)}
    assert crossings(layered(list(reads), reads)) == 0


@pytest.mark.parametrize("seed", range(10))
def test_boxes_of_a_rank_never_overlap(seed: int) -> None:
    generator = random.Random(seed)
    nodes = [f"n{i}" for i in range(40)]
    reads = {
        node: tuple(generator.sample(nodes[:i], min(i, generator.randint(0, 3))))
        for i, node in enumerate(nodes)
    }
    drawing = layered(nodes, reads)
    for first, second in combinations(drawing.places.values(), 2):
        assert first.rank != second.rank or abs(first.height - second.height) >= 1 - 1e-9
    assert all(-1e-9 <= place.height <= drawing.rows for place in drawing.places.values())
    assert layered(nodes, reads) == drawing

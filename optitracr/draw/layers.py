"""A layered drawing of an acyclic graph (Sugiyama, Tagawa, Toda 1981).

Ranks are longest paths; within a rank, barycentres of the neighbours decide the order. An
edge over several ranks passes them at points of its own, shared by all edges of one source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SWEEPS = 8
"""Sweeps to and fro, in which order and heights settle; further ones hardly change a drawing."""

POINT = 0.3
"""Room of a passing edge, as a share of a node's: lines need no label, and stay apart."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node, or an edge that passes a rank, is.

    Attributes:
        rank: From 0, inputs first.
        height: Across the ranks, in rows of one node each.
    """

    rank: int
    height: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """Places of all nodes, and the way of each edge.

    Attributes:
        places: Place of each node.
        routes: For each edge (source, reader) the places that it passes, both ends included.
        ranks: Number of ranks.
        rows: Total height, in rows of one node each.
    """

    places: Mapping[str, Place]
    routes: Mapping[tuple[str, str], tuple[Place, ...]]
    ranks: int
    rows: float


Item = tuple[str, int]
"""A node (at its own rank) or its edge passing a later rank."""


def layered(nodes: Sequence[str], reads: Mapping[str, Sequence[str]]) -> Drawing:
    """Places the nodes of an acyclic graph.

    Args:
        nodes: In topological order.
        reads: What each node reads.
    """
    rank: dict[str, int] = {}
    for node in nodes:
        rank[node] = 1 + max((rank[source] for source in reads[node]), default=-1)
    last = dict(rank)
    for node in nodes:
        for source in reads[node]:
            last[source] = max(last[source], rank[node] - 1)
    count = 1 + max(rank.values())
    levels: list[list[Item]] = [
        [(node, r) for node in nodes if rank[node] <= r <= last[node]] for r in range(count)
    ]
    neighbours = _neighbours(nodes, reads, rank, last)
    _order(levels, neighbours)
    heights = _heights(levels, neighbours, rank)
    lowest = min(heights.values())
    size = max(height + _room(item, rank) / 2 for item, height in heights.items())
    places = {item: Place(item[1], height - lowest) for item, height in heights.items()}
    routes = {
        (source, node): (
            *(places[source, r] for r in range(rank[source], rank[node])),
            places[node, rank[node]],
        )
        for node in nodes
        for source in dict.fromkeys(reads[node])
    }
    return Drawing({n: places[n, rank[n]] for n in nodes}, routes, count, size - lowest + 0.5)


def _neighbours(
    nodes: Sequence[str],
    reads: Mapping[str, Sequence[str]],
    rank: Mapping[str, int],
    last: Mapping[str, int],
) -> tuple[dict[Item, list[Item]], dict[Item, list[Item]]]:
    """Neighbours in the rank before, and in the rank after."""
    before: dict[Item, list[Item]] = {}
    after: dict[Item, list[Item]] = {}
    pairs = [((n, r - 1), (n, r)) for n in nodes for r in range(rank[n] + 1, last[n] + 1)]
    pairs += [
        ((source, rank[node] - 1), (node, rank[node]))
        for node in nodes
        for source in dict.fromkeys(reads[node])
    ]
    for first, second in pairs:
        before.setdefault(second, []).append(first)
        after.setdefault(first, []).append(second)
    return before, after


def _order(
    levels: list[list[Item]], neighbours: tuple[dict[Item, list[Item]], dict[Item, list[Item]]]
) -> None:
    """Sorts each level by the mean place of its neighbours, to and fro."""
    place = {item: float(i) for level in levels for i, item in enumerate(level)}
    for sweep in range(SWEEPS):
        known = neighbours[sweep % 2]
        for level in levels if sweep % 2 == 0 else reversed(levels):
            wanted = {item: _mean(known.get(item, [item]), place) for item in level}
            level.sort(key=wanted.__getitem__)
            place |= {item: float(i) for i, item in enumerate(level)}


def _mean(items: Sequence[Item], of: Mapping[Item, float]) -> float:
    return sum(of[item] for item in items) / len(items)


def _room(item: Item, rank: Mapping[str, int]) -> float:
    return 1.0 if rank[item[0]] == item[1] else POINT


def _heights(
    levels: Sequence[Sequence[Item]],
    neighbours: tuple[dict[Item, list[Item]], dict[Item, list[Item]]],
    rank: Mapping[str, int],
) -> dict[Item, float]:
    """Heights near those of the neighbours, in order and without overlap."""
    heights: dict[Item, float] = {}
    for level in levels:
        _settle(level, [0.0] * len(level), heights, rank)
    for sweep in range(SWEEPS):
        known = neighbours[sweep % 2]
        for level in levels if sweep % 2 == 0 else reversed(levels):
            wanted = [_mean(known.get(item, [item]), heights) for item in level]
            _settle(level, wanted, heights, rank)
    return heights


def _settle(
    level: Sequence[Item],
    wanted: Sequence[float],
    heights: dict[Item, float],
    rank: Mapping[str, int],
) -> None:
    """Puts a level's items, in order and apart, as near as can be to where they should be.

    Nearest in least squares: isotonic regression by pooling adjacent violators (Ayer et al.
    1955) of the heights less what the items before take up.
    """
    offsets, taken = [], 0.0
    for i, item in enumerate(level):
        taken += (_room(item, rank) + _room(level[i - 1], rank)) / 2 if i else 0.0
        offsets.append(taken)
    pools: list[tuple[float, int]] = []
    for wish, offset in zip(wanted, offsets, strict=True):
        mean, count = wish - offset, 1
        while pools and pools[-1][0] > mean:
            other, others = pools.pop()
            mean, count = (mean * count + other * others) / (count + others), count + others
        pools.append((mean, count))
    settled = [mean for mean, count in pools for _ in range(count)]
    heights |= {
        item: height + offset for item, height, offset in zip(level, settled, offsets, strict=True)
    }

"""The RASP paper's example programs as it writes them, composite selectors included.

Weiss, Goldberg, Yahav 2021, Thinking Like Transformers; layers are those of its analyser.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.rasp import Comparison, indices, tokens
from tests.in_numpy import in_numpy

__all__ = ["in_numpy"]

SAME = rasp.Select(tokens, tokens, Comparison.EQ)
EARLIER = rasp.Select(indices, indices, Comparison.LT)


def hist() -> rasp.SOp:
    return rasp.SelectorWidth(SAME)


def reverse() -> rasp.SOp:
    opposite = rasp.length - indices - 1
    return rasp.Aggregate(rasp.Select(indices, opposite, Comparison.EQ), tokens)


def stable_order(key: rasp.SOp) -> rasp.Selector:
    smaller = rasp.Select(key, key, Comparison.LT)
    return smaller | (rasp.Select(key, key, Comparison.EQ) & EARLIER)


def sort() -> rasp.SOp:
    target = rasp.SelectorWidth(stable_order(tokens))
    return rasp.Aggregate(rasp.Select(target, indices, Comparison.EQ), tokens)


def double_hist() -> rasp.SOp:
    """How many distinct tokens occur as often as this one."""
    count = rasp.SelectorWidth(SAME)
    first = rasp.SelectorWidth(SAME & EARLIER) == 0
    at_first = rasp.SequenceMap(lambda n, f: n if f else -1, count, first)
    return rasp.SelectorWidth(rasp.Select(at_first, count, Comparison.EQ))


def most_frequent() -> rasp.SOp:
    """The distinct tokens by frequency, most frequent first, then by position."""
    count = rasp.SelectorWidth(SAME)
    again = rasp.SelectorWidth(SAME & EARLIER) > 0
    rank = rasp.SequenceMap(lambda n, r: 99 if r else -n, count, again)
    target = rasp.SelectorWidth(stable_order(rank))
    shown = rasp.SequenceMap(lambda t, r: "-" if r else t, tokens, again)
    return rasp.Aggregate(rasp.Select(target, indices, Comparison.EQ), shown)


def most_frequent_of(xs: list[str]) -> list[str]:
    counts = Counter(xs)
    order = sorted(dict.fromkeys(xs), key=lambda x: (-counts[x], xs.index(x)))
    return order + ["-"] * (len(xs) - len(order))


def double_hist_of(xs: list[str]) -> list[int]:
    counts = Counter(xs)
    return [sum(n == counts[x] for n in counts.values()) for x in xs]


CASES: dict[str, tuple[Callable[[], rasp.SOp], Callable[[list[str]], list[Any]] | None, int]] = {
    "hist": (hist, lambda xs: [xs.count(x) for x in xs], 1),
    "reverse": (reverse, lambda xs: xs[::-1], 2),
    "sort": (sort, sorted, 2),
    "double-hist": (double_hist, double_hist_of, 2),
    "most-frequent": (most_frequent, most_frequent_of, 3),
}


@pytest.mark.sweep
@pytest.mark.parametrize("name", list(CASES))
def test_as_the_paper_writes_them(name: str) -> None:
    make, expected, layers = CASES[name]
    model = compile_rasp_to_model(make(), {"a", "b", "c"}, 5)
    assert model.size.layers <= layers
    assert model.allocation.status.value == "OPTIMAL"
    report = model.verify()
    assert report.exhaustive_length == 5
    if expected is not None:
        for xs in (list("abcab"), list("ccbac"), list("b"), list("cba")):
            decoded = model.apply([model.setting.bos, *xs]).decoded[1:]
            assert decoded == expected(xs)

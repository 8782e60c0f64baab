"""A query that asks for one place in an order of all positions selects one key at most."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from optitracr import rasp
from optitracr.graph.build import build_graph
from optitracr.graph.inputs import Inputs
from optitracr.graph.placing import selects_by_place
from optitracr.graph.program import Aggregate
from optitracr.graph.tabling import tabled_program
from optitracr.rasp import Comparison, Select, SelectorWidth, SequenceMap, indices, tokens

VOCABULARY = (0, 1, 2)
LENGTH = 3
SEQUENCES = [list(x) for n in range(1, LENGTH + 1) for x in product(VOCABULARY, repeat=n)]

KEYS: dict[str, Callable[[Any, Any], Any]] = {
    "apart": lambda x, i: x + i / LENGTH,
    "descending": lambda x, i: -(3 * x + i),
    "texts": lambda x, i: f"{x}{i}",
    "position alone": lambda x, i: 7 - 2 * i,
    "alike": lambda x, i: x + i,
    "tokens alone": lambda x, i: x,
    "none": lambda x, i: x + i / LENGTH if x else None,
    "coarse": lambda x, i: 2 * x + (i > 0),
}
APART = {"apart", "descending", "texts", "position alone"}
ORDERS = {
    "less": Comparison.LT,
    "more or itself": Comparison.GEQ,
    "other": Comparison.NEQ,
    "all": Comparison.TRUE,
}
ROWS = {"less", "more or itself"}
ASKED: dict[str, tuple[rasp.SOp, rasp.Predicate]] = {
    "position": (indices, Comparison.EQ),
    "token": (tokens, lambda key, query: key == query + 1),
    "first": (tokens, lambda key, query: key == 0),
    "less": (indices, Comparison.LT),
}
ONES = {"position", "token", "first"}


def taken(key: str, order: str, asked: str) -> tuple[rasp.Selector, rasp.SOp]:
    keys = SequenceMap(KEYS[key], tokens, indices).named("key")
    # One function more between the index and what is compared.
    keys = rasp.Map(lambda x: (x,), keys) if key == "texts" else keys
    place = SelectorWidth(Select(keys, keys, ORDERS[order])).named("place")
    queries, predicate = ASKED[asked]
    selector = Select(place, queries, predicate)
    return selector, rasp.Aggregate(selector, tokens)


def known(program: rasp.SOp, causal: bool = False) -> bool:
    inputs = Inputs(VOCABULARY, LENGTH, causal)
    tabled = tabled_program(build_graph(program), inputs)
    nodes = tabled.by_label()
    aggregates = [x.operation for x in nodes.values() if isinstance(x.operation, Aggregate)]
    return all(selects_by_place(x.selector, nodes, inputs) for x in aggregates)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("order", ORDERS)
def test_it_is_known_just_where_keys_are_distinct_and_in_a_row(key: str, order: str) -> None:
    for asked in ASKED:
        selector, program = taken(key, order, asked)
        expected = key in APART and order in ROWS and asked in ONES
        assert known(program) == expected, asked
        if expected:
            assert all(sum(row) <= 1 for x in SEQUENCES for row in selector(x)), asked


def test_a_causal_query_does_not_see_the_whole_row() -> None:
    assert not known(taken("apart", "less", "position")[1], causal=True)

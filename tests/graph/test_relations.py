"""Selectors as relations: factors that all have to hold, none larger than it must be."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest

from optitracr.errors import LimitError
from optitracr.graph.program import CompoundSelector, Pairs, Selector, TabledSelector
from optitracr.graph.relations import Relation, relation_of

SIZES = {"t": 3, "u": 2, "i": 4}


def pair(keys: str, queries: str, rng: np.random.Generator, density: float = 0.5) -> TabledSelector:
    holds = rng.random((SIZES[keys], SIZES[queries])) < density
    return TabledSelector(keys, queries, "pair", pairs=Pairs(holds))


def combined(operator: str, *operands: Selector) -> CompoundSelector:
    return CompoundSelector(operator, operands, operator)


def holds(selector: Selector, key: dict[str, int], query: dict[str, int]) -> bool:
    """Whether a selector selects, as its parts say; -1 stands for None."""
    if isinstance(selector, TabledSelector):
        row, column = key[selector.keys], query[selector.queries]
        return row >= 0 and column >= 0 and bool(selector.pairs.holds[row, column])
    assert isinstance(selector, CompoundSelector)
    parts = [holds(part, key, query) for part in selector.operands]
    return {"and": all(parts), "or": any(parts), "not": not parts[0]}[selector.operator]


def says(relation: Relation, key: dict[str, int], query: dict[str, int]) -> bool:
    return all(
        factor.table[(*(key[x] for x in factor.keys), *(query[x] for x in factor.queries))]
        for factor in relation.factors
    )


def random_selector(rng: np.random.Generator, depth: int) -> Selector:
    if depth == 0 or rng.random() < 0.2:
        keys, queries = (str(rng.choice(list(SIZES))) for _ in range(2))
        return pair(keys, queries, rng)
    operator = str(rng.choice(["and", "or", "not"]))
    count = 1 if operator == "not" else 2
    return combined(operator, *(random_selector(rng, depth - 1) for _ in range(count)))


@pytest.mark.parametrize("seed", range(30))
def test_a_relation_says_what_its_selector_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    selector = random_selector(rng, 4)
    relation = relation_of(selector)
    for _ in range(200):
        key, query = ({x: int(rng.integers(-1, n)) for x, n in SIZES.items()} for _ in range(2))
        assert says(relation, key, query) == holds(selector, key, query)
    assert relation.table().shape == tuple(
        SIZES[x] + 1 for x in (*relation.keys, *relation.queries)
    )


def test_conjunctions_are_not_multiplied_out() -> None:
    rng = np.random.default_rng(0)
    first, second, third = (pair(x, x, rng) for x in SIZES)
    relation = relation_of(combined("and", combined("and", first, second), third))
    assert [factor.table.size for factor in relation.factors] == [16, 9, 25]
    assert [part.keys for part in relation.parts()] == [("t",), ("u",), ("i",)]


def test_the_negation_of_a_disjunction_is_a_conjunction() -> None:
    rng = np.random.default_rng(1)
    either = combined("or", pair("t", "t", rng), combined("not", pair("i", "i", rng)))
    relation = relation_of(combined("not", either))
    assert [(x.keys, x.queries) for x in relation.factors] == [(("t",), ("t",)), (("i",), ("i",))]


def test_conditions_on_the_same_key_and_query_are_one() -> None:
    rng = np.random.default_rng(2)
    one, other, third = (pair("t", "i", rng) for _ in range(3))
    either = combined("or", one, combined("not", other))
    [factor] = relation_of(combined("and", either, third)).factors
    assert factor.table.shape == (4, 5)


def test_only_a_disjunction_takes_a_table_of_all_that_it_reads() -> None:
    rng = np.random.default_rng(3)
    either = combined("or", pair("t", "t", rng), pair("u", "t", rng))
    relation = relation_of(combined("and", either, pair("i", "i", rng)))
    assert [(x.keys, x.queries) for x in relation.factors] == [
        (("t", "u"), ("t",)),
        (("i",), ("i",)),
    ]


def test_where_a_variable_is_none_a_pair_selects_nothing() -> None:
    rng = np.random.default_rng(4)
    pairs = [pair("t", "t", rng, 1.0), combined("not", pair("t", "u", rng))]
    relation = relation_of(combined("and", *pairs))
    assert relation.at_none((0, "t")).is_empty()
    assert not relation.at_none((1, "u")).is_empty()


def test_a_disjunction_that_is_too_large_is_refused_by_what_it_would_take() -> None:
    def alike(label: str) -> Selector:
        return TabledSelector(label, label, label, pairs=Pairs(np.eye(120, dtype=bool)))

    either = reduce(lambda x, y: combined("or", x, y), (alike("tokens"), alike("indices")))
    with pytest.raises(
        LimitError, match=r"'tokens', 'indices'.*214,358,881 pairs.*limit of 1,000,000"
    ):
        relation_of(either)
    assert len(relation_of(combined("not", either)).factors) == 2

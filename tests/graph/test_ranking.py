"""Of positions that are alike, the one of a given rank is one at most."""

from __future__ import annotations

from itertools import product

import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.graph.build import build_graph
from optitracr.graph.inputs import Inputs
from optitracr.graph.program import Aggregate, Width
from optitracr.graph.tabling import tabled_program
from optitracr.rasp import Comparison, Select, SelectorWidth, indices, tokens

VOCABULARY = (0, 1, 2)
SAME = Select(tokens, tokens, Comparison.EQ)
NEAR = Select(tokens, tokens, lambda k, q: abs(k - q) <= 1)
HALF = rasp.Map(lambda t: t // 2, tokens)
IS_0 = Select(tokens, rasp.Full(0), Comparison.EQ)
ALIKE = {
    "same": SAME,
    "other": Select(tokens, tokens, Comparison.NEQ),
    "near": NEAR,
    "half": Select(HALF, HALF, Comparison.EQ),
    "token of half": Select(tokens, HALF, Comparison.EQ),
    "first": IS_0,
}
ORDERS = {
    "before": Select(indices, indices, Comparison.LT),
    "so far": Select(indices, indices, Comparison.LEQ),
    "after": Select(indices, indices, Comparison.GT),
    "near": Select(indices, indices, lambda k, q: abs(k - q) <= 1),
}
ASKED = {"same": Comparison.EQ, "one less": lambda k, q: k == q - 1, "less": Comparison.LT}


def by_rank(alike: str, order: str, outer: str, asked: str) -> rasp.Selector:
    rank = SelectorWidth(ALIKE[alike] & ORDERS[order])
    return ALIKE[outer] & Select(rank, rank, ASKED[asked])


MARKED = {
    "tokens": (tokens, lambda t: t == 1),
    "map": (rasp.Map(lambda t: t == 1, tokens), bool),
    "two of three": (tokens, lambda t: t != 0),
    "changes": (
        rasp.SequenceMap(
            lambda p, t: p != t,
            rasp.Aggregate(Select(indices, indices, lambda k, q: k == q - 1), tokens, default=0),
            tokens,
        ),
        bool,
    ),
}
NUMBERED = {
    "marked": lambda m, n: n if m else None,
    "code": lambda m, n: 7 * n if m else -1,
    "all": lambda m, n: n,
    "others": lambda m, n: None if m else n,
    "halves": lambda m, n: n // 2 if m else None,
}
NEWEST = {"number": Comparison.EQ, "code": lambda k, q: k == 7 * q, "less": Comparison.LT}


def by_number(counted: str, marked: str, order: str, numbered: str, newest: str) -> rasp.Selector:
    """Selects by the number that a marked position has among those that are counted."""
    sop, test = MARKED[counted]
    number = SelectorWidth(Select(sop, sop, lambda k, q: test(k)) & ORDERS[order])
    sop, told = MARKED[marked]
    own = rasp.SequenceMap(lambda x, n: NUMBERED[numbered](told(x), n), sop, number)
    return Select(own, number, NEWEST[newest])


def known(selector: rasp.Selector, causal: bool = False) -> bool:
    """Whether it is known that a selector selects one key at most."""
    program = build_graph(SelectorWidth(selector))
    tabled = tabled_program(program, Inputs(VOCABULARY, 4, causal))
    operation = tabled.node(tabled.output).operation
    assert isinstance(operation, Aggregate | Width)
    return operation.selector.at_most_one


@pytest.mark.parametrize("alike", ALIKE)
def test_where_it_is_known_no_query_selects_two(alike: str) -> None:
    sequences = [list(x) for n in (2, 3, 4) for x in product(VOCABULARY, repeat=n)]
    for order, outer, asked in product(ORDERS, ALIKE, ASKED):
        selector = by_rank(alike, order, outer, asked)
        if known(selector):
            assert all(sum(row) <= 1 for x in sequences for row in selector(x)), (order, outer)


@pytest.mark.parametrize(
    ("alike", "order", "outer", "asked"),
    [
        ("same", "before", "same", "same"),
        ("same", "so far", "same", "one less"),
        ("same", "after", "same", "one less"),
        ("half", "before", "half", "same"),
        ("same", "so far", "token of half", "same"),
        ("first", "before", "first", "same"),
    ],
)
def test_ranks_of_alike_positions_are_known(alike: str, order: str, outer: str, asked: str) -> None:
    assert known(by_rank(alike, order, outer, asked))


@pytest.mark.parametrize(
    ("alike", "order", "outer", "asked"),
    [
        ("same", "before", "half", "same"),
        ("near", "before", "near", "same"),
        ("same", "near", "same", "same"),
        ("same", "before", "same", "less"),
        ("other", "before", "same", "same"),
    ],
)
def test_other_counts_say_nothing(alike: str, order: str, outer: str, asked: str) -> None:
    assert not known(by_rank(alike, order, outer, asked))


@pytest.mark.parametrize("marked", MARKED)
def test_where_a_number_is_known_to_be_one_no_query_selects_two(marked: str) -> None:
    sequences = [list(x) for n in (2, 3, 4) for x in product(VOCABULARY, repeat=n)]
    found = 0
    for counted, order, numbered, newest in product(MARKED, ORDERS, NUMBERED, NEWEST):
        selector = by_number(counted, marked, order, numbered, newest)
        if known(selector):
            found += 1
            assert all(sum(row) <= 1 for x in sequences for row in selector(x)), (order, numbered)
    assert found


@pytest.mark.parametrize("marked", MARKED)
@pytest.mark.parametrize(("numbered", "newest"), [("marked", "number"), ("code", "code")])
def test_of_marked_positions_the_number_is_known_to_be_one(
    marked: str, numbered: str, newest: str
) -> None:
    for order in ("before", "so far", "after"):
        assert known(by_number(marked, marked, order, numbered, newest))


def test_positions_are_alike_by_what_their_marks_are_made_of() -> None:
    assert known(by_number("map", "tokens", "so far", "marked", "number"))


@pytest.mark.parametrize(
    ("counted", "marked", "numbered", "newest"),
    [
        ("tokens", "tokens", "all", "number"),
        ("tokens", "tokens", "others", "number"),
        ("tokens", "tokens", "halves", "number"),
        ("tokens", "tokens", "marked", "less"),
        ("tokens", "two of three", "marked", "number"),
        ("tokens", "changes", "marked", "number"),
    ],
)
def test_other_numbers_say_nothing(counted: str, marked: str, numbered: str, newest: str) -> None:
    assert not known(by_number(counted, marked, "so far", numbered, newest))


def test_two_orders_are_none() -> None:
    """Nothing is both before and after, so that all counts are 0."""
    rank = SelectorWidth(ORDERS["before"] & ORDERS["after"])
    assert not known(Select(rank, rank, Comparison.EQ))


LESS = Select(tokens, tokens, Comparison.LT)
MORE = Select(tokens, tokens, Comparison.GT)
BEFORE, SO_FAR, AFTER = ORDERS["before"], ORDERS["so far"], ORDERS["after"]
ROWS = {
    "ascending": LESS | (SAME & BEFORE),
    "descending": MORE | (SAME & BEFORE),
    "descending, the last first": MORE | (SAME & AFTER),
    "itself too": LESS | (SAME & SO_FAR),
    "by what is not before": ~(MORE | (SAME & ~BEFORE)),
    "ties": LESS | BEFORE,
    "not all": LESS | (NEAR & BEFORE),
    "tokens alone": LESS,
    "some themselves": LESS | (SAME & BEFORE) | (IS_0 & SAME),
    "circles": (NEAR & BEFORE) | (~NEAR & LESS),
}
IN_A_ROW = (
    "ascending",
    "descending",
    "descending, the last first",
    "itself too",
    "by what is not before",
)


@pytest.mark.parametrize("row", ROWS)
def test_places_in_a_row_are_known_to_differ(row: str) -> None:
    place = SelectorWidth(ROWS[row])
    selector = Select(place, indices, Comparison.EQ)
    assert known(selector) == (row in IN_A_ROW)
    assert not known(Select(place, indices, Comparison.LT))
    assert not known(selector, causal=True)
    if row in IN_A_ROW:
        sequences = [list(x) for n in (2, 3, 4) for x in product(VOCABULARY, repeat=n)]
        assert all(sum(map(int, r)) <= 1 for x in sequences for r in selector(x))


@pytest.mark.parametrize(
    ("parts", "differs"),
    [
        ((LESS, SAME & BEFORE), True),
        ((SAME & SO_FAR, MORE), True),
        ((LESS, BEFORE), False),
        ((LESS, SAME & BEFORE, BEFORE), False),
        ((LESS, SAME), False),
    ],
)
def test_a_place_may_be_counted_in_parts(parts: tuple[rasp.Selector, ...], differs: bool) -> None:
    counts = [SelectorWidth(part) for part in parts]
    place = counts[0] + counts[1] if len(counts) == 2 else counts[0] + counts[1] + counts[2]
    assert known(Select(place, indices, Comparison.EQ)) == differs


def test_a_function_of_parts_has_to_tell_places_apart() -> None:
    less, equal = SelectorWidth(LESS), SelectorWidth(SAME & BEFORE)
    named = rasp.SequenceMap(lambda x, y: f"place {x + y}", less, equal)
    assert known(Select(named, indices, lambda k, q: k == f"place {q}"))
    both = rasp.SequenceMap(lambda x, y: (x + y) // 2, less, equal)
    assert not known(Select(both, indices, Comparison.EQ))


def test_places_are_known_to_differ_within_a_class() -> None:
    """Of positions of the same kind of token, by token and then by position."""
    kind = Select(HALF, HALF, Comparison.EQ)
    place = SelectorWidth(kind & (LESS | (SAME & BEFORE)))
    assert known(kind & Select(place, place, lambda k, q: k == q - 1))
    assert not known(Select(place, place, lambda k, q: k == q - 1))


def test_later_positions_are_not_counted_in_the_causal_reading() -> None:
    selector = by_rank("same", "after", "same", "same")
    assert known(selector)
    assert not known(selector, causal=True)


def test_what_is_read_by_rank_is_a_copy() -> None:
    """Without it, positions of the last token like this would be means of any of them."""
    rank = SelectorWidth(SAME & ORDERS["before"])
    last = rasp.Aggregate(SAME & Select(rank, rank, lambda k, q: k == q - 1), indices)
    model = compile_rasp_to_model(last, set(range(20)), 24, check=False)
    assert model.size.width < 100
    assert model.apply(["compiler_bos", 3, 4, 3, 3]).decoded[1:] == [None, None, 0, 2]


def test_the_last_marked_position_is_one_at_any_length() -> None:
    """Without it, at this length these are means of any positions, too many to list."""
    changes = MARKED["changes"][0]
    number = SelectorWidth(Select(changes, changes, lambda k, q: k) & ORDERS["so far"])
    own = rasp.SequenceMap(lambda m, n: n if m else None, changes, number)
    start = rasp.Aggregate(Select(own, number, Comparison.EQ), indices)
    run = rasp.SequenceMap(lambda i, s: i - s + 1, indices, start)
    tabled = tabled_program(build_graph(run), Inputs(VOCABULARY, 64), joint=True)
    assert len(tabled.node(tabled.output).value_set.values) <= 127
    assert run([1, 1, 2, 2, 2, 1]) == [1, 2, 1, 2, 3, 1]

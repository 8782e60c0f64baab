"""What can be reached: answers that hold, by exhaustion where inputs are few."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from typing import Any

import pytest

from optitracr import library, rasp
from optitracr.errors import EvaluationError
from optitracr.graph.build import build_graph
from optitracr.graph.inference import inferred
from optitracr.graph.inputs import Inputs
from optitracr.graph.reach import selecting
from optitracr.graph.reach.answer import Answer, Ground, Reach
from optitracr.graph.reach.facts import Facts
from optitracr.graph.reach.occurring import occur_apart, occur_together
from optitracr.graph.reach.selecting import averages, selects_none
from optitracr.graph.rewrites.averages import may_average
from optitracr.rasp import Comparison, Select, indices, tokens
from tests.inputs import sequences

EQUAL = Select(tokens, tokens, Comparison.EQ)
LETTERS = tuple(string.ascii_lowercase)


def facts_of(program: rasp.SOp, vocab: tuple[Any, ...], length: int, causal: bool) -> Facts:
    inputs = Inputs(vocab, length, causal)
    graph = build_graph(program)
    return Facts.of(graph, inferred(graph, inputs), inputs)


def of_output(
    ask: Callable[[Facts, str], Answer],
    program: rasp.SOp,
    vocab: tuple[Any, ...],
    length: int,
    causal: bool = False,
) -> Answer:
    facts = facts_of(program, vocab, length, causal)
    return ask(facts, build_graph(program).output)


def order(before: Callable[[Any, Any], bool]) -> rasp.SOp:
    """How many positions come before each in an order over (token, index)."""
    place = rasp.SequenceMap(lambda t, i: (t, i), tokens, indices)
    return rasp.SelectorWidth(Select(place, place, before))


def at(place: rasp.SOp) -> rasp.SOp:
    return rasp.Aggregate(Select(place, indices, Comparison.EQ), tokens)


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """What tables tell of orders is asked of the search."""
    monkeypatch.setattr(selecting, "selects_by_place", lambda *_: False)


@pytest.mark.parametrize("causal", [False, True])
def test_what_a_program_promises_is_never_broken(causal: bool) -> None:
    plus = Select(tokens, rasp.Full("+"), Comparison.EQ)

    def position(counted: rasp.Selector) -> rasp.SOp:
        count = rasp.SelectorWidth(counted)
        return rasp.Aggregate(Select(tokens, count, lambda t, n: t == "+"), indices)

    promised = of_output(averages, position(rasp.at_most_one(plus)), ("a", "+"), 40, causal)
    assert promised == Answer(Reach.NEVER, Ground.ANY_LENGTH)
    assert of_output(averages, position(plus), ("a", "+"), 40, causal).reach is Reach.REACHED


@pytest.mark.usefixtures("searched")
def test_programs_of_the_library_average_at_no_length() -> None:
    """`sort`, `argmax`, `induction` and their like: thirteen that tables alone do not tell."""
    asked = 0
    for entry in library.programs():
        facts = facts_of(entry.make(), entry.vocab, entry.max_seq_len, entry.causal)
        graph = build_graph(entry.make())
        for node in graph.nodes:
            if not may_average(node, facts.nodes):
                continue
            answer = averages(facts, node.label)
            if answer.ground is Ground.TABLES:
                continue
            asked += 1
            assert answer == Answer(Reach.NEVER, Ground.ANY_LENGTH), (entry.name, node.label)
    assert asked >= 13


@pytest.mark.parametrize(
    ("program", "length", "reach"),
    [
        (at(order(lambda k, q: k < q)), 30, Reach.NEVER),
        (at(order(lambda k, q: k > q)), 30, Reach.NEVER),
        (at(order(lambda k, q: k <= q) - 1), 30, Reach.NEVER),
        (at(order(lambda k, q: (k[0], -k[1]) < (q[0], -q[1]))), 12, Reach.NEVER),
        (at(order(lambda k, q: k[0] < q[0])), 12, Reach.NEVER),
        (at(order(lambda k, q: k[1] < q[1])), 12, Reach.NEVER),
        (at(order(lambda k, q: k[0] == q[0])), 5, Reach.REACHED),
        (at(order(lambda k, q: (k[0] + k[1]) % 3 < q[0] % 3)), 5, Reach.REACHED),
    ],
)
@pytest.mark.usefixtures("searched")
def test_ranks_in_an_order(program: rasp.SOp, length: int, reach: Reach) -> None:
    answer = of_output(averages, program, (1, 2, 3), length)
    assert answer.reach is reach
    assert (answer.ground is Ground.ANY_LENGTH) is (reach is Reach.NEVER)


def test_tables_tell_of_ranks_what_a_search_would() -> None:
    program = at(order(lambda k, q: k < q))
    assert of_output(averages, program, (1, 2, 3), 30) == Answer(Reach.NEVER, Ground.TABLES)
    causal = of_output(averages, program, (1, 2, 3), 5, causal=True)
    assert causal.ground is not Ground.TABLES


@pytest.mark.usefixtures("searched")
def test_ranks_of_a_thousand_keys() -> None:
    """`sort` for 4 tokens and 256 positions."""
    program = library.make_sort(tokens, tokens, max_seq_len=256, min_key=1)
    assert of_output(averages, program, (1, 2, 3, 4), 256).ground is Ground.ANY_LENGTH


@pytest.mark.usefixtures("searched")
def test_ranks_among_earlier_positions_are_no_ranks() -> None:
    """In the causal reading several positions can have nothing before them."""
    first = Select(order(lambda k, q: k < q), rasp.Full(0), Comparison.EQ)
    program = rasp.Aggregate(first, tokens)
    assert of_output(averages, program, (1, 2, 3), 5).ground is Ground.ANY_LENGTH
    assert of_output(averages, program, (1, 2, 3), 5, causal=True).reach is Reach.REACHED


@pytest.mark.parametrize("letter", ["c", "x"])
def test_an_input_that_only_a_search_finds(letter: str) -> None:
    selector = Select(tokens, tokens, lambda k, q: k == letter and q == "q")
    answer = of_output(averages, rasp.Aggregate(selector, indices), LETTERS, 6)
    assert answer.reach is Reach.REACHED
    assert answer.tokens.count(letter) >= 2
    assert "q" in answer.tokens


def test_one_pair_of_letters_is_no_pair_of_numbers() -> None:
    selector = Select(tokens, tokens, lambda k, q: k == "c" and q == "q")
    same = rasp.Map(lambda t: 7 if t == "c" else 1, tokens)
    assert of_output(averages, rasp.Aggregate(selector, same), LETTERS, 6).never


@pytest.mark.parametrize(
    ("selector", "never"),
    [
        (Select(rasp.Map({"a": 0, "b": 1}.get, tokens), indices, Comparison.LEQ), True),
        (Select(tokens, tokens, lambda k, q: k in "ab"), True),
        (EQUAL, False),
        (Select(indices, indices, Comparison.EQ), False),
        (~Select(tokens, tokens, lambda k, q: k == "c"), True),
        (
            Select(tokens, tokens, Comparison.EQ) & Select(tokens, tokens, lambda k, q: q < "c"),
            True,
        ),
    ],
)
def test_none_that_is_never_selected(selector: rasp.Selector, never: bool) -> None:
    operand = rasp.Map({"a": 0, "b": 1}.get, tokens)
    answer = of_output(selects_none, rasp.Aggregate(selector, operand), ("a", "b", "c"), 6)
    assert answer.never is never


PREDICATES: tuple[Callable[[Any, Any], bool], ...] = (
    lambda k, q: k < q,
    lambda k, q: k == q,
    lambda k, q: k >= q,
    lambda k, q: (k + q) % 3 == 1,
    lambda k, q: k == 2 and q == 1,
    lambda k, q: k != q,
)


def random_sop(rng: random.Random, depth: int) -> rasp.SOp:
    if depth == 0:
        return rng.choice([tokens, indices, rasp.Map(lambda x: x if x != 1 else None, tokens)])
    kind = rng.randrange(4)
    if kind == 0:
        return rasp.SelectorWidth(random_selector(rng, depth - 1))
    if kind == 1:
        pair = (random_sop(rng, depth - 1), random_sop(rng, depth - 1))
        return rasp.SequenceMap(lambda x, y: int(x + 2 * y) % 4, *pair)
    if kind == 2:
        return rasp.Map(lambda x: None if x == 2 else int(x) % 3, random_sop(rng, depth - 1))
    operand = random_sop(rng, depth - 1)
    return rasp.Aggregate(random_selector(rng, depth - 1), operand, rng.choice([None, 0, 1]))


def random_selector(rng: random.Random, depth: int) -> rasp.Selector:
    chance = rng.random()
    if chance < 0.15:
        return ~random_selector(rng, depth)
    if chance < 0.3:
        return random_selector(rng, depth) & random_selector(rng, depth)
    if chance < 0.4:
        return random_selector(rng, depth) | random_selector(rng, depth)
    keys = random_sop(rng, max(depth - 1, 0))
    queries = keys if rng.random() < 0.4 else random_sop(rng, max(depth - 1, 0))
    return Select(keys, queries, rng.choice(PREDICATES))


def taken(sop: rasp.Aggregate, xs: list[Any], causal: bool) -> list[list[Any]] | None:
    """What each query selects; None if the program is undefined."""
    try:
        known = rasp.evaluate_all([sop], xs, causal=causal)
    except EvaluationError:
        return None
    values = known[sop.sop]
    return [
        [value for value, chosen in zip(values, row, strict=True) if chosen]
        for row in known[sop.selector]
    ]


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(60))
def test_answers_agree_with_all_inputs(seed: int) -> None:
    """Never means on no input; and an input that is given reaches it."""
    rng = random.Random(seed)
    causal = bool(seed % 2)
    program = rasp.Aggregate(random_selector(rng, 2), random_sop(rng, 1), rng.choice([None, 0]))
    several = none = False
    for xs in sequences((0, 1, 2), 4):
        rows = taken(program, list(xs), causal)
        for row in rows or []:
            several |= len(set(row)) > 1
            none |= None in row
    for ask, reached in ((averages, several), (selects_none, none)):
        answer = of_output(ask, program, (0, 1, 2), 4, causal)
        if answer.reach is not Reach.OPEN:
            assert (answer.reach is Reach.REACHED) is reached
        if answer.tokens:
            rows = taken(program, list(answer.tokens), causal) or []
            assert any(len(set(row)) > 1 if ask is averages else None in row for row in rows)


LENGTH = rasp.length
LAST = LENGTH - 1
FIRST = rasp.Aggregate(Select(indices, rasp.Full(0), Comparison.EQ), tokens)
BEFORE = rasp.SelectorWidth(Select(indices, indices, Comparison.LT))
ITSELF = rasp.Aggregate(Select(indices, indices, Comparison.EQ), tokens)
TOGETHER: tuple[tuple[rasp.SOp, rasp.SOp, Callable[[Any, Any], bool], bool], ...] = (
    (indices, LENGTH, lambda x, y: x >= y, False),
    (indices, LAST, lambda x, y: x == y, True),
    (tokens, rasp.Map(lambda x: x % 2, tokens), lambda x, y: x % 2 != y, False),
    (rasp.SelectorWidth(EQUAL), LENGTH, lambda x, y: x > y, False),
    (rasp.SelectorWidth(EQUAL), LENGTH, lambda x, y: x < y, True),
    (rasp.SelectorWidth(EQUAL), indices, lambda x, y: x == 0, False),
    (order(lambda k, q: k < q), indices, lambda x, y: x < y, True),
    (
        rasp.SelectorWidth(Select(indices, indices, Comparison.LT)),
        indices,
        lambda x, y: x != y,
        False,
    ),
    (FIRST, tokens, lambda x, y: x != y, True),
    (
        rasp.Aggregate(Select(indices, indices, Comparison.EQ), tokens),
        tokens,
        lambda x, y: x != y,
        False,
    ),
)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("first", "second", "asked", "possible"), TOGETHER)
def test_values_at_one_position(
    first: rasp.SOp,
    second: rasp.SOp,
    asked: Callable[[Any, Any], bool],
    possible: bool,
    causal: bool,
) -> None:
    pair = rasp.SequenceMap(lambda x, y: 0, first, second)
    graph = build_graph(pair)
    facts = facts_of(pair, (1, 2, 3), 5, causal)
    labels = graph.node(graph.output).operation.operands
    places = [
        (i, j)
        for i, x in enumerate(facts.nodes[labels[0]].value_set.values)
        for j, y in enumerate(facts.nodes[labels[1]].value_set.values)
        if asked(x, y)
    ]
    answer = occur_together(facts, labels, places).answer
    assert answer.never is not possible


@pytest.mark.parametrize(
    ("keys", "queries", "asked", "possible"),
    [
        (indices, LENGTH, lambda k, q: k >= q, False),
        (indices, indices, lambda k, q: k == q, True),
        (tokens, FIRST, lambda k, q: k != q, True),
        (FIRST, FIRST, lambda k, q: k != q, False),
        (rasp.SelectorWidth(EQUAL), LENGTH, lambda k, q: k > q, False),
    ],
)
def test_values_at_a_key_and_a_query(
    keys: rasp.SOp, queries: rasp.SOp, asked: Callable[[Any, Any], bool], possible: bool
) -> None:
    width = rasp.SelectorWidth(Select(keys, queries, lambda k, q: True))
    graph = build_graph(width)
    facts = facts_of(width, (1, 2, 3), 5, False)
    selector = graph.node(graph.output).operation.selector
    places = [
        (i, j)
        for i, k in enumerate(facts.nodes[selector.keys].value_set.values)
        for j, q in enumerate(facts.nodes[selector.queries].value_set.values)
        if asked(k, q)
    ]
    answer = occur_apart(facts, (selector.keys, selector.queries), places).answer
    assert answer.never is not possible

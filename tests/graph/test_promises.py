"""What follows from promises about inputs: how many keys are selected, and what goes together."""

from __future__ import annotations

import random
from typing import Any

import pytest

from optitracr import compile_rasp_to_model, domain, rasp
from optitracr.domain.binding import bound
from optitracr.errors import UnsupportedError
from optitracr.graph.build import build_graph
from optitracr.graph.inference import inferred
from optitracr.graph.inputs import Inputs
from optitracr.graph.reach.answer import Answer, Ground, Reach
from optitracr.graph.reach.facts import Facts
from optitracr.graph.reach.occurring import occur_apart, occur_together
from optitracr.graph.reach.selecting import averages
from optitracr.graph.selecting import always_selects, promised_bounds, selects_at_most_one
from optitracr.graph.tabled import TabledProgram
from optitracr.rasp import Comparison, Select, indices, tokens
from tests.domain.meaning import LONGEST, SEQUENCES, VOCABULARY, holds, random_domain

ONE_PLUS = domain.exactly_one("+")
KIND = rasp.Map({"+": "sign", "0": "digit", "1": "digit"}.get, tokens).named("kind")


def tabled(
    program: rasp.SOp, promise: domain.Domain, length: int = LONGEST, causal: bool = False
) -> tuple[TabledProgram, Facts]:
    language = bound(promise, VOCABULARY, length)
    inputs = Inputs(VOCABULARY, length, causal, language)
    graph = build_graph(program)
    found = inferred(graph, inputs)
    return found, Facts.of(graph, found, inputs)


def is_plus(keys: rasp.SOp = tokens, sign: Any = "+") -> rasp.Selector:
    return Select(keys, rasp.Full(sign), Comparison.EQ)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("keys", "sign"), [(tokens, "+"), (KIND, "sign")])
def test_where_a_token_stands_that_stands_once(keys: rasp.SOp, sign: str, causal: bool) -> None:
    where = rasp.Aggregate(is_plus(keys, sign), indices)
    program, facts = tabled(where, ONE_PLUS, 40, causal)
    output = program.node(program.output)
    selector = output.operation.selector  # type: ignore[union-attr]
    assert selects_at_most_one(selector, facts.nodes)
    # A causal query before the token does not see it.
    assert always_selects(selector, facts.nodes) is not causal
    assert promised_bounds(selector, facts.nodes, 40) == (0 if causal else 1, 1)
    assert output.value_set.values == tuple(range(40))
    assert output.value_set.may_be_none is causal
    assert averages(facts, program.output) == Answer(Reach.NEVER, Ground.TABLES)


def test_widths_lie_between_what_is_promised() -> None:
    digits = Select(KIND, rasp.Full("digit"), Comparison.EQ)
    maybe = rasp.Map(lambda t: "digit" if t == "0" else None, tokens)
    few = domain.matches(r"(ab|\+)*\d{2}(ab|\+)*\d?")
    for selector, counts in (
        (digits, (2, 3)),
        (is_plus() | digits, (2, 3, 4)),
        # What is None is not selected.
        (~digits, (0, 1)),
        (Select(tokens, tokens, Comparison.EQ) & digits, (0, 1, 2, 3)),
        (digits & is_plus(), (0, 1)),
        (Select(KIND, maybe, Comparison.EQ), (0, 1, 2, 3)),
    ):
        program, _ = tabled(rasp.SelectorWidth(selector), few & domain.at_most_one("+"))
        assert program.node(program.output).value_set.values == counts


def test_numbers_that_are_copied_are_no_means() -> None:
    where = rasp.numerical(rasp.Aggregate(is_plus(), rasp.numerical(indices), default=0))
    program, _ = tabled(where, ONE_PLUS, 30)
    assert program.node(program.output).value_set.values == tuple(float(i) for i in range(30))


def test_what_the_solver_is_told_of_tokens() -> None:
    """At any length, in worlds of a few positions; and beyond that length by length."""
    made = rasp.SequenceMap(lambda t, i: (t, i), tokens, indices)
    program, facts = tabled(made, domain.matches(r"[01]\+.*"), 30)
    label, places = program.output, program.node(program.output).value_set.values
    impossible = [(i,) for i, (t, at) in enumerate(places) if at < 2 and (t == "+") != (at == 1)]
    found = occur_together(facts, (label,), impossible)
    assert found.answer == Answer(Reach.NEVER, Ground.ANY_LENGTH)
    possible = occur_together(facts, (label,), [(places.index(("ab", 7)),)])
    assert possible.answer.reach is Reach.REACHED
    assert holds(domain.matches(r"[01]\+.*"), list(possible.answer.tokens))


def test_what_the_solver_is_told_of_two_tokens() -> None:
    made = rasp.SequenceMap(lambda t, i: (t, i), tokens, indices)
    program, facts = tabled(made, domain.at_most_one("+"), 12)
    label, places = program.output, program.node(program.output).value_set.values
    twice = [
        (i, j)
        for i, (a, p) in enumerate(places)
        for j, (b, q) in enumerate(places)
        if a == b == "+" and p != q
    ]
    found = occur_apart(facts, (label, label), twice)
    assert found.answer == Answer(Reach.NEVER, Ground.ANY_LENGTH)


def test_what_is_the_same_at_every_position() -> None:
    """Positions that are counted from a sign differ, wherever it stands, at any length."""
    place = rasp.SequenceMap(lambda i, p: i - p, indices, rasp.Aggregate(is_plus(), indices))
    number = rasp.Map(lambda t: len(t), tokens)
    mirrored = rasp.Aggregate(Select(place, place, lambda k, q: k == -q), number)
    program, facts = tabled(mirrored, ONE_PLUS, 40)
    assert averages(facts, program.output) == Answer(Reach.NEVER, Ground.ANY_LENGTH)
    # A causal query before the sign sees none.
    start = rasp.Aggregate(is_plus(), indices, default=0)
    place = rasp.SequenceMap(lambda i, p: i - p, indices, start)
    mirrored = rasp.Aggregate(Select(place, place, Comparison.EQ), number)
    program, facts = tabled(mirrored, ONE_PLUS, 6, causal=True)
    assert averages(facts, program.output).reach is Reach.REACHED


def test_lengths_are_those_of_the_domain() -> None:
    program, facts = tabled(rasp.length, domain.lengths([2, 4]), 8)
    values = program.node(program.output).value_set.values
    assert values == (2, 3, 4)
    assert occur_together(facts, (program.output,), [(1,)]).answer.never


def test_inputs_outside_confirm_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a predicate is asked, what the solver finds may not be in the domain."""
    monkeypatch.setattr("optitracr.domain.binding.MAX_ASKED", 10)
    twice = rasp.Aggregate(is_plus(), indices)
    _, facts = tabled(twice, domain.where(lambda t: t.count("+") < 2))
    assert averages(facts, build_graph(twice).output).reach is Reach.OPEN
    assert averages(
        tabled(twice, domain.at_least_one("+"))[1], build_graph(twice).output
    ) == Answer(Reach.REACHED, Ground.INPUT, ("+", "+"))


def random_program(rng: random.Random) -> rasp.SOp:
    """A function of two counts, copies or means by selectors over tokens."""
    maybe = rasp.Map({"+": 1, "0": 2}.get, tokens).named("maybe")

    def selector() -> rasp.Selector:
        keys = rng.choice([tokens, KIND, maybe])
        queries = rng.choice([rasp.Full("+"), rasp.Full("digit"), rasp.Full(1), tokens, KIND])
        found: rasp.Selector = Select(keys, queries, rng.choice([Comparison.EQ, Comparison.NEQ]))
        match rng.randrange(6):
            case 0:
                return found & Select(indices, indices, Comparison.LT)
            case 1:
                return found | Select(indices, indices, Comparison.EQ)
            case 2:
                return ~found
            case _:
                return found

    def part() -> rasp.SOp:
        match rng.randrange(4):
            case 0:
                return rasp.SelectorWidth(selector())
            case 1:
                return rasp.Aggregate(selector(), indices, default=None)
            case 2:
                chosen = rng.choice(VOCABULARY)
                flag = rasp.numerical(rasp.Map(lambda t: int(t == chosen), tokens))
                return rasp.numerical(rasp.Aggregate(selector(), flag, default=0))
            case _:
                return rasp.Aggregate(selector(), tokens, default=None)

    return rasp.SequenceMap(lambda x, y: (x, y), part(), part()).named("pair")


def test_part_of_a_union_may_select_nothing_where_the_whole_always_does() -> None:
    kind = rasp.Map(lambda t: "d" if t in "01" else t, tokens)
    union = Select(tokens, kind, Comparison.NEQ) | Select(indices, indices, Comparison.EQ)
    promise = domain.listed([["ab", "0"], ["+"], ["+", "0"]])
    model = compile_rasp_to_model(
        rasp.SelectorWidth(union), set(VOCABULARY), LONGEST, domain=promise
    )
    assert model.verify().inputs == 3


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(12))
def test_random_programs_are_right_on_random_domains(seed: int) -> None:
    rng = random.Random(seed)
    promise, program = random_domain(rng, 1), random_program(rng)
    if seed % 2:
        promise = ONE_PLUS & domain.matches(rng.choice([".*", r"[01]+\+.*", r"(ab|0)*\+1?"]))
    inside = [found for found in SEQUENCES if holds(promise, found)]
    if not inside:
        return
    try:
        model = compile_rasp_to_model(
            program, set(VOCABULARY), LONGEST, causal=seed % 3 == 0, domain=promise, time_limit=1
        )
    except UnsupportedError:
        return
    report = model.verify()
    assert report.inputs + report.undefined == len(inside)

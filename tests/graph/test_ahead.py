"""Whether a selector would look ahead: answers that hold, on every input of random programs."""

from __future__ import annotations

import string
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "experiments"))

from occurring_programs import GENERATORS

from optitracr import library, rasp
from optitracr.errors import OptitracrError
from optitracr.graph.build import build_graph
from optitracr.graph.inputs import Inputs
from optitracr.graph.program import Aggregate, Width
from optitracr.graph.reach.ahead import ahead_by_tables, looks_ahead
from optitracr.graph.reach.answer import Answer, Ground, Reach
from optitracr.graph.reach.facts import Facts
from optitracr.graph.tabling import tabled_program
from optitracr.inputs import check_inputs
from optitracr.rasp import Comparison, Select, indices, tokens
from optitracr.rasp.batch import evaluate_batch

EQUAL = Select(tokens, tokens, Comparison.EQ)
SO_FAR = Select(indices, indices, Comparison.LEQ)
PLACED = rasp.SequenceMap(lambda x, i: (x, i), tokens, indices)
BEFORE = Select(PLACED, PLACED, lambda k, q: k[0] == q[0] and k[1] < q[1])
MEAN_BEFORE = rasp.Aggregate(BEFORE, indices, default=0)
COUNT_SO_FAR = rasp.SelectorWidth(EQUAL & SO_FAR)

NEVER = {
    "so far": SO_FAR,
    "so far, among others": EQUAL & SO_FAR,
    "none before": ~Select(indices, indices, Comparison.GT),
    "one of two orders": Select(indices, indices, Comparison.LT) | SO_FAR,
    "neither": ~(EQUAL | Select(indices, indices, Comparison.GT)),
    "shifted": Select(indices, indices - 1, Comparison.EQ),
    "beside the token": BEFORE,
    "a mean of earlier ones": Select(indices, MEAN_BEFORE, Comparison.EQ),
    "a count so far": Select(indices, COUNT_SO_FAR - 1, Comparison.EQ),
}

MAY = {
    "equal": EQUAL,
    "later": Select(indices, indices, Comparison.GEQ),
    "so far, or any": EQUAL | SO_FAR,
    "not so far": ~SO_FAR,
    "the next": Select(indices, indices + 1, Comparison.EQ),
    "after the mean": Select(indices, MEAN_BEFORE, Comparison.GT),
    "a count so far": Select(indices, COUNT_SO_FAR, Comparison.EQ),
}


def facts_of(program: rasp.SOp, inputs: Inputs, joint: bool = True) -> Facts:
    graph = build_graph(program)
    return Facts.of(graph, tabled_program(graph, inputs, joint), inputs)


def of_selector(selector: rasp.Selector) -> tuple[list[str], Facts]:
    facts = facts_of(rasp.SelectorWidth(selector).named("asked"), Inputs(("a", "b"), 5, True))
    return ahead_by_tables(facts), facts


@pytest.mark.parametrize("name", NEVER)
def test_tables_tell_that_nothing_later_is_selected(name: str) -> None:
    left, facts = of_selector(NEVER[name])
    assert left == []
    asked = list(facts.nodes)[-1]
    assert looks_ahead(facts, asked) == Answer(Reach.NEVER, Ground.TABLES)


@pytest.mark.parametrize("name", MAY)
def test_what_looks_ahead_is_shown_by_an_input(name: str) -> None:
    [asked], facts = of_selector(MAY[name])
    answer = looks_ahead(facts, asked)
    assert answer.reach is Reach.REACHED
    known = rasp.evaluate_all([facts.program], list(answer.tokens))[facts.program.selector]
    assert np.triu(np.array(known, dtype=bool), 1).any()


@pytest.mark.parametrize("name", ["carries", "distance_to_last", "run_index"])
def test_counts_so_far_address_nothing_later_at_any_length(name: str) -> None:
    """A number that only rises is reached by no later one of the same."""
    entry = library.get(name)
    facts = facts_of(entry.make(), Inputs(tuple(sorted(entry.vocab)), 40, True))
    for label in ahead_by_tables(facts):
        assert looks_ahead(facts, label) == Answer(Reach.NEVER, Ground.ANY_LENGTH)


def test_a_selector_of_too_many_indices_is_left_to_the_solver(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("optitracr.graph.reach.by_index.MAX_WORK", 24)
    [asked], facts = of_selector(SO_FAR)
    assert looks_ahead(facts, asked) == Answer(Reach.NEVER, Ground.ANY_LENGTH)


def test_numbers_that_no_float_holds_are_not_compared() -> None:
    large = rasp.Map(lambda i: 10**400 + i, indices)
    taken = rasp.Aggregate(Select(indices, indices, Comparison.EQ), large)
    place = rasp.Map(lambda n: n - 10**400, taken)
    facts = facts_of(
        rasp.Aggregate(Select(indices, place, Comparison.EQ), tokens), Inputs(("a", "b"), 4, True)
    )
    assert len(ahead_by_tables(facts)) == 1


def test_a_letter_later_is_found_among_many() -> None:
    letters = tuple(string.ascii_lowercase)
    after = Select(tokens, tokens, lambda k, q: k == "x" and q == "q")
    facts = facts_of(rasp.SelectorWidth(after), Inputs(letters, 6, True))
    answer = looks_ahead(facts, ahead_by_tables(facts)[0])
    assert answer.reach is Reach.REACHED
    assert answer.tokens.index("q") < len(answer.tokens) - 1 - answer.tokens[::-1].index("x")


@pytest.mark.sweep
@pytest.mark.parametrize("generator", GENERATORS)
@pytest.mark.parametrize("joint", [True, False])
def test_never_means_on_no_input(generator: str, joint: bool) -> None:
    """Whatever is proven of the selectors so far; and with all of them, the readings are equal."""
    same = 0
    for seed in range(30):
        asked = GENERATORS[generator](seed)
        try:
            facts = facts_of(asked.program, replace(asked.inputs, causal=True), joint)
        except OptitracrError:
            continue
        proven, every = proven_so_far(facts)
        assert later(facts, proven) == [], seed
        if every:
            same += 1
            assert equal_readings(facts), seed
    assert same or generator == "promised"


def proven_so_far(facts: Facts) -> tuple[list[str], bool]:
    """The author's variables before the first of which it is not proven, and whether all are."""
    left, proven = ahead_by_tables(facts), list[str]()
    for label, node in facts.nodes.items():
        if isinstance(node.operation, Aggregate | Width):
            if label in left and not looks_ahead(facts, label).never:
                return proven, False
            if label in facts.expressions:
                proven.append(label)
    return proven, True


def later(facts: Facts, proven: list[str]) -> list[str]:
    """Those of some variables that select a later key on some input, in the full reading."""
    inputs = facts.inputs
    every = check_inputs(len(inputs.vocabulary), inputs.max_seq_len, 2000, 500, 0, inputs.domain)
    selectors = [facts.expressions[label].selector for label in proven]
    full, causal = (
        evaluate_batch(
            [facts.program, *selectors], inputs.vocabulary, every.codes, every.lengths, reading
        )
        for reading in (False, True)
    )
    defined = ~(full.undefined | causal.undefined)
    ahead = np.tri(inputs.max_seq_len, k=-1, dtype=bool)
    return [
        label
        for label, selector in zip(proven, selectors, strict=True)
        if (full.selected(selector)[defined] & ahead).any()
    ]


def equal_readings(facts: Facts) -> bool:
    inputs = facts.inputs
    every = check_inputs(len(inputs.vocabulary), inputs.max_seq_len, 2000, 500, 0, inputs.domain)
    found = []
    undefined = np.zeros(len(every.codes), dtype=bool)
    for reading in (False, True):
        known = evaluate_batch(
            [facts.program], inputs.vocabulary, every.codes, every.lengths, reading
        )
        values = known.values(facts.program)
        found.append([[values[code] for code in row] for row in known.codes(facts.program)])
        undefined |= known.undefined
    return all(
        full[:length] == causal[:length]
        for full, causal, length, out in zip(*found, every.lengths, undefined, strict=True)
        if not out
    )

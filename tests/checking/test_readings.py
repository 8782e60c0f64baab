"""Causal readings that differ are found where all inputs are tried, and nothing is guessed."""

from __future__ import annotations

import string
import warnings
from itertools import product

import pytest

from optitracr import domain, rasp
from optitracr.checking import readings
from optitracr.checking.readings import warn_of_causal_reading
from optitracr.domain.binding import bound
from optitracr.errors import CausalReadingWarning
from optitracr.graph.build import build_graph
from optitracr.graph.tabling import tabled_program
from optitracr.rasp import Comparison, Select, indices, tokens
from optitracr.setting import Setting

EVERYWHERE = Select(indices, indices, Comparison.TRUE)


def next_is(word: str) -> rasp.SOp:
    """Whether a word begins here: one input in thousands shows that it looks ahead."""
    found: rasp.SOp = tokens == word[0]
    for step, letter in enumerate(word[1:], 1):
        there = Select(indices, indices + step, Comparison.EQ)
        later = rasp.Aggregate(there, rasp.Map(lambda x, letter=letter: x == letter, tokens), False)
        found = found & later
    return found


def warned(program: rasp.SOp, setting: Setting) -> str:
    """What is warned of; nothing where nothing is."""
    graph = build_graph(program)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_causal_reading(graph, tabled_program(graph, setting.inputs), setting)
    assert len(caught) <= 1
    assert all(one.category is CausalReadingWarning for one in caught)
    return str(caught[0].message) if caught else ""


def setting(vocabulary: str, length: int, promise: domain.Domain | None = None) -> Setting:
    tokens = tuple(vocabulary)
    language = None if promise is None else bound(promise, tokens, length)
    return Setting(tokens, length, "BOS", "PAD", True, language)


def test_one_input_among_all_is_found_where_they_are_few() -> None:
    said = warned(next_is("cabca"), setting("abc", 5))
    assert "differs from the full one: at position 0 of ['c', 'a', 'b', 'c', 'a']" in said
    assert "it is False, not True" in said


def test_a_promise_that_leaves_such_an_input_out_leaves_the_warning_out() -> None:
    program = next_is("cabca")
    assert warned(program, setting("abc", 5, domain.at_most_one("c"))) == ""
    assert warned(program, setting("abc", 5, domain.at_least_one("c"))) != ""


def test_where_inputs_are_too_many_nothing_is_said_to_be_equal() -> None:
    """Both look at all positions, and give the same on any input: nothing here proves it."""
    alike = rasp.Aggregate(EVERYWHERE, rasp.Map(lambda x: 3, tokens)).named("alike")
    said = warned(alike, setting(string.ascii_lowercase, 20))
    assert "it is not known whether that differs" in said
    assert "the selector of 'alike" in said
    assert "may select later keys" in said
    assert "rasp.Comparison.LEQ" in said
    assert warned(alike, setting("ab", 5)) == ""


def test_the_remedy_is_one() -> None:
    so_far = Select(indices, indices, Comparison.LEQ)
    alike = rasp.Aggregate(EVERYWHERE & so_far, rasp.Map(lambda x: 3, tokens))
    assert warned(alike, setting(string.ascii_lowercase, 20)) == ""


def test_what_a_solver_finds_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """One pair of letters that none of the inputs shows that are tried first."""
    monkeypatch.setattr(readings, "EVERY", 0)
    monkeypatch.setattr(readings, "MOST_CELLS", 0)
    letters = string.ascii_lowercase
    after = Select(tokens, tokens, lambda k, q: k == "m" and q == "q")
    count = rasp.SelectorWidth(after)
    said = warned(count, setting(letters, 4))
    assert "it is 0, not 1" in said
    assert "['q'" in said


def test_no_input_is_tried_where_tables_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "check_inputs", None)
    before = Select(indices, indices, Comparison.LT) & Select(tokens, tokens, Comparison.EQ)
    assert warned(rasp.SelectorWidth(before), setting("abc", 5)) == ""


def test_many_selectors_are_not_all_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "EVERY", 0)
    monkeypatch.setattr(readings, "MOST_ASKED", 0)
    counted = rasp.SelectorWidth(
        Select(tokens, tokens, Comparison.EQ) & Select(indices, indices, Comparison.LEQ)
    )
    numbered = rasp.SequenceMap(lambda x, n: (x, n), tokens, counted)
    first = rasp.Aggregate(Select(numbered, numbered, Comparison.EQ), indices).named("itself")
    assert "the selector of 'itself" in warned(first, setting("abc", 5))
    monkeypatch.setattr(readings, "MOST_ASKED", 1)
    assert warned(first, setting("abc", 5)) == ""


@pytest.mark.parametrize("word", ["".join(word) for word in product("ab", repeat=3)])
def test_all_inputs_are_all(word: str) -> None:
    assert str(list(word)) in warned(next_is(word), setting("ab", 3))

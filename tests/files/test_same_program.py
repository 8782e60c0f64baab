"""A stored program is the compiled one, or it is left out and it is said why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import optitracr
from optitracr import compile_rasp_to_model, library, rasp
from optitracr.files import program_data
from optitracr.files.program_data import program_from_data
from optitracr.files.program_writing import program_to_data, rebuilt_exactly
from optitracr.model.transformer import Transformer
from optitracr.rasp import Comparison, Select, indices, tokens

EARLIER = Select(indices, indices, Comparison.LT)
SAME = Select(tokens, tokens, Comparison.EQ)


def omitted(model: Transformer, path: Path) -> str:
    model.save(path / "model")
    return optitracr.load(path / "model").program_omitted


def test_a_function_that_has_become_one_of_chance_is_not_stored(tmp_path: Path) -> None:
    calls: list[int] = []

    def odd(index: int) -> Any:
        calls.append(index)
        return (index + (len(calls) if changed else 0)) % 2

    changed = False
    model = compile_rasp_to_model(rasp.Map(odd, indices), {"a"}, 3)
    assert omitted(model, tmp_path) == ""
    changed = True
    assert "must be pure" in omitted(model, tmp_path)


def test_a_predicate_of_chance_is_not_stored_either(tmp_path: Path) -> None:
    calls: list[int] = []

    def before(key: int, query: int) -> bool:
        calls.append(key)
        return bool(len(calls) % 2) if changed else key < query

    changed = False
    model = compile_rasp_to_model(rasp.SelectorWidth(Select(indices, indices, before)), {"a"}, 3)
    changed = True
    assert "predicate of selector" in omitted(model, tmp_path)


def test_a_function_that_changed_since_it_was_compiled_is_not_stored(tmp_path: Path) -> None:
    """It is a pure one before and after, and gives no value that it did not give before."""
    least = 1
    more = rasp.Map(lambda n: n > least, rasp.SelectorWidth(SAME)).named("more")
    model = compile_rasp_to_model(more, {"a", "b"}, 3)
    least = 2
    assert "the function of 'more" in omitted(model, tmp_path)
    assert "something else than when it was compiled" in omitted(model, tmp_path)
    least = 1
    assert omitted(model, tmp_path) == ""


def test_a_predicate_that_changed_is_not_stored(tmp_path: Path) -> None:
    step = 1
    at = Select(indices, indices, lambda k, q: k == q - step)
    model = compile_rasp_to_model(rasp.Aggregate(at, tokens), {"a", "b"}, 3)
    step = 2
    assert "gives something else than when it was compiled" in omitted(model, tmp_path)


def test_what_a_function_gives_where_no_input_leads_is_nothing_to_the_program(
    tmp_path: Path,
) -> None:
    """A number of equal tokens is at most the length, so that no input leads to the rest."""
    changed = False
    count = rasp.SelectorWidth(SAME)
    both = rasp.SequenceMap(
        lambda n, m: -1 if n <= m else -2 if changed else 1 // 0, count, rasp.length
    )
    model = compile_rasp_to_model(rasp.Map(lambda x: x + 1, both), {"a", "b"}, 3)
    changed = True
    assert omitted(model, tmp_path) == ""


def test_a_model_that_was_read_is_written_again(tmp_path: Path) -> None:
    program = rasp.SequenceMap(lambda n, m: n + m, rasp.SelectorWidth(SAME), indices)
    compile_rasp_to_model(program, {"a", "b"}, 3).save(tmp_path / "first")
    again = optitracr.load(tmp_path / "first")
    assert omitted(again, tmp_path) == ""


def test_a_function_of_what_is_not_listed_is_not_stored(tmp_path: Path) -> None:
    counted = rasp.SelectorWidth(SAME).named("counted")
    model = compile_rasp_to_model(rasp.Map(lambda n: n > 1, counted), {"a", "b"}, 3)
    assert model.reference is not None
    values = {
        label: own
        for label, own in model.reference.values.items()
        if not label.startswith("counted")
    }
    assert len(values) < len(model.reference.values)
    less = replace(model, reference=replace(model.reference, values=values))
    assert "the values of 'counted" in omitted(less, tmp_path)


def test_numbers_that_no_function_reads_need_no_list(tmp_path: Path) -> None:
    """A sum of means has more values than are listed, and its factors are all that is stored."""
    mean = rasp.numerical(rasp.Aggregate(SAME, rasp.numerical(indices), default=0))
    share = rasp.numerical(rasp.Aggregate(EARLIER, rasp.numerical(tokens == "a"), default=0))
    total = rasp.numerical(rasp.LinearSequenceMap(mean, share, 2, 3))
    model = compile_rasp_to_model(total, {"a", "b"}, 12, check="sample")
    assert model.reference is not None
    assert set(model.reference.values) < {node.label for node in model.reference.graph.nodes}
    assert omitted(model, tmp_path) == ""


BUILT = {
    "and": lambda entry, of, stored: rasp.SelectorOr(*of),
    "not": lambda entry, of, stored: of[0],
    "linear": lambda entry, of, stored: rasp.LinearSequenceMap(*of, *entry.constants[::-1]),
    "aggregate": lambda entry, of, stored: rasp.Aggregate(*of),
    "select": lambda entry, of, stored: rasp.Select(*of, Comparison.LEQ),
    "sequence_map": lambda entry, of, stored: rasp.SequenceMap(lambda x, y: x, *of),
    "selector_width": lambda entry, of, stored: rasp.SelectorWidth(rasp.SelectorAnd(*of, *of)),
}


@pytest.mark.parametrize("kind", BUILT)
def test_a_program_that_is_made_again_in_another_way_is_not_the_same(
    kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each of these agrees with the program in all else."""
    count = rasp.SelectorWidth(rasp.SelectorNot(SAME & EARLIER))
    mean = rasp.Aggregate(EARLIER, rasp.numerical(indices), default=1)
    line = rasp.LinearSequenceMap(rasp.numerical(count), rasp.numerical(mean), 1, 2)
    program = rasp.SequenceMap(lambda x, y: x == y, rasp.Map(lambda x: x > 2, line), tokens == "a")
    model = compile_rasp_to_model(program, {"a", "b"}, 3)
    assert omitted(model, tmp_path) == ""
    monkeypatch.setitem(program_data.BUILDERS, kind, BUILT[kind])
    assert omitted(model, tmp_path) == "it cannot be made again of its tables"


@pytest.mark.sweep
@pytest.mark.parametrize("name", library.names())
def test_every_program_of_the_library_is_made_again(name: str) -> None:
    entry = library.get(name)
    model = compile_rasp_to_model(
        entry.make(), entry.vocab, entry.max_seq_len, causal=entry.causal, optimize=0, check=False
    )
    assert model.reference is not None
    stored = program_to_data(model.reference, model.setting)
    again = program_from_data(stored)
    assert rebuilt_exactly(stored, again, model.setting)
    constants = [place for place, entry in enumerate(stored.expressions) if entry.results]
    for place in constants[:1]:
        first = stored.expressions[place]
        other = replace(first, results=(*first.results[:-1], "another"))
        changed = replace(stored, expressions=_with(stored.expressions, place, other))
        assert not rebuilt_exactly(changed, again, model.setting)


def _with(parts: tuple[Any, ...], place: int, part: Any) -> tuple[Any, ...]:
    return (*parts[:place], part, *parts[place + 1 :])

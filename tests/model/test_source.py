"""A program as text: every s-op in a line, and what its author wrote, where Python finds it."""

from __future__ import annotations

import functools
import operator
from pathlib import Path
from typing import Any

import pytest

import optitracr
from optitracr import compile_rasp_to_model, library, rasp
from optitracr.graph.build import build_graph
from optitracr.model.source import SELECTOR_LIMIT, TEXT_LIMIT, ProgramSource, source_of
from optitracr.rasp import Comparison, Select, indices, tokens


def source(program: rasp.SOp) -> ProgramSource:
    return source_of(build_graph(program))


def near(key: int, query: int) -> bool:
    """Whether two positions touch."""
    return abs(key - query) == 1


class Shift:
    """Adds a number; an object of it is a function."""

    def __init__(self, by: int) -> None:
        self.by = by

    def __call__(self, value: int) -> int:
        return value + self.by


def test_every_kind_of_line() -> None:
    ones = rasp.numerical(tokens == "a").named("ones")
    mean = rasp.numerical(rasp.Aggregate(Select(indices, indices, near), ones, default=0))
    later = rasp.SelectorNot(Select(indices, indices, Comparison.LT))
    both = rasp.SelectorAnd(Select(tokens, tokens, Comparison.EQ), later)
    width = rasp.SelectorWidth(both).named("width")
    total = rasp.numerical(rasp.LinearSequenceMap(mean, rasp.numerical(width + 0), 1, -2))
    shown = [str(line).partition("  #")[0] for line in source(total.named("total")).lines]
    assert shown == [
        "indices = indices  [categorical]",
        "tokens = tokens  [categorical]",
        "ones_2 = map(eq(_, 'a'), tokens)  [numerical]",
        "aggregate_5 = aggregate(select(indices, indices, near), ones_2, default=0)  [numerical]",
        "width_7 = selector_width(and(select(tokens, tokens, ==), not(select(indices, indices, "
        "<))))  [categorical]",
        "map_8 = map(add(_, 0), width_7)  [numerical]",
        "total_12 = map(1 * _ + -2 * _, aggregate_5, map_8)  [numerical]",
    ]


def test_what_the_author_wrote() -> None:
    step = rasp.Map(lambda token: ord(token) - 97, tokens).named("step")
    shifted = rasp.Map(Shift(2), step, simplify=False).named("shifted")
    part = rasp.Map(functools.partial(pow, 2), shifted, simplify=False).named("part")
    chosen = rasp.Aggregate(Select(indices, indices, near), part).named("chosen")
    again = rasp.Aggregate(Select(indices, indices, near), shifted).named("again")
    program = rasp.SequenceMap(operator.add, chosen, again).named("sum")
    found = source(program)
    assert all(line.written.startswith("test_source.py:") for line in found.lines[2:])
    texts = {function.labels: function for function in found.functions}
    assert [len(labels) for labels in texts] == [1, 1, 2]
    (of_lambda,) = (f for f in found.functions if f.labels[0].startswith("step"))
    assert of_lambda.text == (
        'step = rasp.Map(lambda token: ord(token) - 97, tokens).named("step")'
    )
    (of_near,) = (f for f in found.functions if len(f.labels) == 2)
    assert of_near.text.startswith("def near(key: int, query: int) -> bool:")
    assert of_near.text.endswith("return abs(key - query) == 1")
    (of_shift,) = (f for f in found.functions if f.labels[0].startswith("shifted"))
    assert "return value + self.by" in of_shift.text
    assert of_near.text in str(found)
    assert str(Path(__file__).parent) not in repr(found)


def test_what_python_cannot_find() -> None:
    made: dict[str, Any] = {}
    exec("def added(x): return x + 1\nshort = lambda x: x * 2", made)
    program = rasp.Map(made["short"], rasp.Map(made["added"], indices))
    found = source(program)
    assert found.functions == ()
    assert found.lines[-1].function == "added then <lambda>"


def test_composed_maps_keep_each_function() -> None:
    program = rasp.Map(Shift(1), rasp.Map(lambda x: x * 3, indices))
    found = source(program)
    assert len(found.functions) == 2
    assert found.lines[-1].function.endswith(".<lambda> then Shift")


def test_long_texts_and_long_selectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "\n".join(f"    x += {i} - {i}" for i in range(TEXT_LIMIT // 10))
    (tmp_path / "written_long.py").write_text(f"def long(x):\n{lines}\n    return x\n")
    monkeypatch.syspath_prepend(tmp_path)
    import written_long  # type: ignore[import-not-found]

    selector = Select(indices, indices, Comparison.EQ)
    for _ in range(60):
        selector = rasp.SelectorOr(selector, selector)
    program = rasp.SelectorWidth(selector) + rasp.Map(written_long.long, indices)
    found = source(program)
    assert found.functions == ()
    assert max(len(line.selector) for line in found.lines) <= SELECTOR_LIMIT + 1


def test_the_same_text_in_every_run() -> None:
    """What differs from run to run, such as an address in memory, is not written."""
    thing = object()
    program = rasp.Map(lambda x: x, tokens == thing)
    constant = rasp.SequenceMap(lambda x, y: y, program, rasp.Full(frozenset("ab")))
    assert "0x" not in str(source(constant))
    assert "frozenset({" not in "\n".join(map(str, source(constant).lines))


@pytest.mark.parametrize("name", library.names())
def test_the_library(name: str) -> None:
    entry = library.get(name)
    graph = build_graph(entry.make())
    found = source_of(graph)
    assert [line.label for line in found.lines] == [node.label for node in graph.nodes]
    known = set()
    for line in found.lines:
        assert known.issuperset(line.operands)
        assert "\n" not in str(line)
        assert "/" not in line.written
        known.add(line.label)
    for function in found.functions:
        assert known.issuperset(function.labels)
        compile_text(function.text)


def compile_text(text: str) -> None:
    """Raises if the text is no Python, wherever it was cut from."""
    body = "\n".join(f"    {line}" for line in text.splitlines())
    compile(f"def around():\n{body}", "text", "exec")


def test_saved_and_loaded(tmp_path: Path) -> None:
    program = rasp.SelectorWidth(Select(indices, indices, near))
    model = compile_rasp_to_model(program, {"a"}, 3, check=False)
    model.save(tmp_path / "model")
    again = optitracr.load(tmp_path / "model")
    assert again.source == model.source
    assert again.source.functions[0].text.startswith("def near")
    assert str(again.source) == str(model.source)


def test_what_the_language_defines_was_written_nowhere() -> None:
    lines = source_of(build_graph(rasp.length)).lines
    assert [line.label for line in lines] == ["tokens", "length"]
    assert all(line.written == "" for line in lines)

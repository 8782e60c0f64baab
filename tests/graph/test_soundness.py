"""What is inferred of a program holds all that occurs, on every input of random programs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "experiments"))

from occurring_programs import GENERATORS, Asked
from occurring_values import occurred, unsound

from optitracr import rasp
from optitracr.errors import OptitracrError
from optitracr.graph.build import build_graph
from optitracr.graph.inputs import Inputs
from optitracr.graph.program import Aggregate, Pairs, TabledSelector, Width
from optitracr.graph.tabled import Definition, TabledNode, TabledProgram
from optitracr.graph.tabling import tabled_program
from optitracr.rasp import Comparison, Select, indices, tokens

BLOCK = 25
BLOCKS = [
    *((generator, 0, True) for generator in GENERATORS),
    *((generator, 0, False) for generator in GENERATORS),
    *(("old", block, True) for block in range(1, 3)),
    *(("rare", block, True) for block in range(1, 3)),
    *(("promising", block, True) for block in range(1, 3)),
    *(("promised", block, True) for block in range(1, 3)),
    *(("library", block, True) for block in range(1, 4)),
]


@pytest.mark.sweep
@pytest.mark.parametrize(("generator", "block", "joint"), BLOCKS)
def test_all_that_occurs_is_inferred(generator: str, block: int, joint: bool) -> None:
    compared = 0
    for seed in range(BLOCK * block, BLOCK * (block + 1)):
        try:
            found = occurred(GENERATORS[generator](seed), joint)
        except OptitracrError:
            continue
        compared += bool(found.valid.any())
        assert unsound(found) == [], seed
    assert compared > (0.8 if generator == "promising" else 0.9) * BLOCK


def test_added_variables_are_looked_at_too() -> None:
    same = Select(tokens, tokens, Comparison.EQ)
    mean = rasp.Aggregate(same, rasp.Map(lambda i: i % 2, indices))
    found = occurred(Asked("mean", mean, Inputs(("a", "b"), 4)))
    added = set(found.codes) - set(found.values)
    assert [name.split(".")[1] for name in added] == ["average"]
    assert unsound(found) == []


# -- each lie is found ---------------------------------------------------------------

FIRST = Select(indices, indices, lambda key, query: key == 0)
SAME = Select(tokens, tokens, Comparison.EQ)
COUNT = rasp.SelectorWidth(SAME).named("count")
BOTH = rasp.SequenceMap(lambda count, place: (count, place), COUNT, indices).named("both")
BEFORE = Select(indices, indices, lambda key, query: key == query - 1)
COPY = rasp.Aggregate(BEFORE, BOTH).named("copy")
ASKED = Asked("lies", COPY, Inputs(("a", "b"), 3))


def test_without_a_lie_nothing_is_found() -> None:
    assert unsound(occurred(ASKED, tabled=_told("copy", lambda node: node))) == []


def _told(label: str, change: Callable[[TabledNode], TabledNode]) -> TabledProgram:
    """The program with something else said of a variable, whose label has a number behind it."""
    told = tabled_program(build_graph(ASKED.program), ASKED.inputs)
    return told.with_nodes(
        change(node) if node.label.startswith(label) else node for node in told.nodes
    )


def _without_the_last_value(node: TabledNode) -> TabledNode:
    return replace(node, value_set=replace(node.value_set, values=node.value_set.values[:-1]))


def _never_none(node: TabledNode) -> TabledNode:
    return replace(node, value_set=replace(node.value_set, may_be_none=False))


def _another_table(node: TabledNode) -> TabledNode:
    assert node.table is not None
    return replace(node, value_set=replace(node.value_set, table=np.roll(node.table, 1)))


def _another_definition(node: TabledNode) -> TabledNode:
    table = np.zeros((2,), dtype=np.int32)
    return replace(node, definitions=(Definition(("tokens",), table),))


def _selects(node: TabledNode, holds: Callable[[np.ndarray], np.ndarray]) -> TabledNode:
    operation = node.operation
    assert isinstance(operation, Width | Aggregate)
    selector = operation.selector
    assert isinstance(selector, TabledSelector)
    changed = replace(selector, pairs=Pairs(holds(selector.pairs.holds)))
    return replace(node, operation=replace(operation, selector=changed))


@pytest.mark.parametrize(
    ("label", "change", "words"),
    [
        ("count", _without_the_last_value, "is 3, which its set lacks"),
        ("copy", _never_none, "is None, which its set lacks"),
        ("both", _another_table, "not as tabled"),
        ("count", _another_definition, "not as tabled"),
        ("count", lambda node: _selects(node, np.logical_not), "selects other positions"),
        ("copy", lambda node: _selects(node, np.zeros_like), "selects other positions"),
    ],
)
def test_a_lie_is_found(label: str, change: Callable[[TabledNode], TabledNode], words: str) -> None:
    found = unsound(occurred(ASKED, tabled=_told(label, change)))
    assert any(words in one for one in found), found


@pytest.mark.parametrize(
    ("name", "lie", "words"),
    [
        ("selects_at_most_one", lambda selector, known: True, "one at most"),
        ("always_selects", lambda selector, known: True, "one always"),
        ("Occurring.together", lambda self, labels, place: False, "which is said not to occur"),
        ("JointValues.rows", lambda self, labels: np.zeros((0, len(labels))), "no joint row"),
        ("Occurring.apart", lambda self, key, query, place: False, "at a key"),
    ],
)
def test_a_relation_that_is_a_lie_is_found(
    name: str, lie: Callable[..., object], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = occurred(ASKED)
    monkeypatch.setattr(f"occurring_values.{name}", lie)
    assert any(words in one for one in unsound(found))

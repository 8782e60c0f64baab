"""Levels, stages and families are data: no code asks for one by its number or its name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from optitracr.candidates.families import Family
from optitracr.stages import Stage
from tests.imports import PRODUCT, ROOT, modules

FAMILIES = {family.value for family in Family}
LEVELS, STAGES = {0, 1, 2}, {stage.value for stage in Stage}
ASKED: dict[str, set[object]] = {
    "level": {*LEVELS},
    "optimize": {*LEVELS},
    "stage": {*STAGES},
    "made": {*STAGES},
}
"""What a variable of each name must not be compared with."""


def comparisons(tree: ast.AST) -> Iterator[tuple[str, object]]:
    """What is compared with a number or text: the last name of it, and that constant."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = (node.left, *node.comparators)
            asked = {_last_name(side) for side in sides}
            constants = [c.value for side in sides for c in _constants(side)]
            yield from ((name, constant) for name in asked for constant in constants)
        elif isinstance(node, ast.Match):
            cases = [c.value for case in node.cases for c in _constants(case.pattern)]
            yield from ((_last_name(node.subject), constant) for constant in cases)


def _constants(node: ast.AST) -> Iterator[ast.Constant]:
    return (found for found in ast.walk(node) if isinstance(found, ast.Constant))


def _last_name(node: ast.AST) -> str:
    """`level` of `self.options.level`."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def faults(source: str) -> list[tuple[str, object]]:
    return [
        (name, constant)
        for name, constant in comparisons(ast.parse(source))
        if constant in FAMILIES or (name in ASKED and constant in ASKED[name])
    ]


SOURCES = [path for name, path in modules().items() if name.split(".")[0] in PRODUCT]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_is_asked_for_by_name(path: Path) -> None:
    assert faults(path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "if options.level == 2: pass",
        "small = level in (0, 1)",
        "if family == 'views': pass",
        "match made.stage:\n    case 'value sets': pass",
    ],
)
def test_what_is_asked_for_by_name_is_found(source: str) -> None:
    assert faults(source)


def test_what_is_asked_of_data_is_fine() -> None:
    assert not faults("if recipe.level == chosen.level: pass")

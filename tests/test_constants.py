"""A limit, a size or a tolerance says beside it what it is and why it has its value."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.imports import PRODUCT, ROOT, modules


def is_number(node: ast.expr | None) -> bool:
    """Whether an expression is made of numbers alone."""
    match node:
        case ast.Constant(value=value):
            return isinstance(value, int | float) and not isinstance(value, bool)
        case ast.UnaryOp(operand=operand):
            return is_number(operand)
        case ast.BinOp(left=left, right=right):
            return is_number(left) and is_number(right)
        case ast.Tuple(elts=parts) | ast.Dict(values=parts):
            return bool(parts) and all(map(is_number, parts))
        case _:
            return False


def is_text(node: ast.stmt | None) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def bare_constants(path: Path) -> Iterator[str]:
    """Constants of a module that are numbers, with no docstring behind them."""
    body = ast.parse(path.read_text()).body
    for statement, following in zip(body, [*body[1:], None], strict=True):
        if not isinstance(statement, ast.Assign | ast.AnnAssign):
            continue
        if is_number(statement.value) and not is_text(following):
            yield f"{path.relative_to(ROOT)}:{statement.lineno}: {ast.unparse(statement)}"


PATHS = [path for name, path in modules().items() if name.split(".")[0] in PRODUCT]


@pytest.mark.parametrize("path", PATHS, ids=lambda p: str(p.relative_to(ROOT)))
def test_constants_say_why(path: Path) -> None:
    assert list(bare_constants(path)) == []

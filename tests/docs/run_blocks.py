"""Runs the Python blocks of a page, one after the other, and checks what they print.

`python run_blocks.py PAGE`: where a comment follows `print(...)`, it has to print just that.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Any

FENCE = re.compile(r"^```python\n(.*?)^```", re.M | re.S)
COMMENT = re.compile(r"\)  # (.*)$")


def source(text: str) -> str:
    """The blocks in their places, so that line numbers are those of the page."""
    lines = [""] * text.count("\n")
    for block in FENCE.finditer(text):
        first = text[: block.start(1)].count("\n")
        for place, line in enumerate(block.group(1).splitlines()):
            lines[first + place] = line
    return "\n".join(lines) + "\n"


def expected(code: str) -> dict[int, str]:
    """For the first line of each `print` that a comment follows, that comment."""
    lines = code.splitlines()
    found = {}
    for node in ast.walk(ast.parse(code)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "print"
        ):
            comment = COMMENT.search(lines[(node.end_lineno or node.lineno) - 1])
            if comment:
                found[node.lineno] = comment.group(1)
    return found


def run(page: Path) -> list[str]:
    """What is wrong with a page: every line that prints something else than it says."""
    code = source(page.read_text())
    printed: dict[int, str] = {}

    def show(*values: Any) -> None:
        printed[sys._getframe(1).f_lineno] = " ".join(map(str, values))

    exec(compile(code, str(page), "exec"), {"__name__": "__page__", "print": show})
    return [
        f"{page}:{number}: prints {printed.get(number)!r}"
        for number, text in expected(code).items()
        if printed.get(number) != text
    ]


if __name__ == "__main__":
    found = run(Path(sys.argv[1]))
    print("\n".join(found))
    sys.exit(bool(found))

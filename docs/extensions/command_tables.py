"""The directive `command`: usage and options of a command, read off the command line's parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from optitracr.cli.main import build_parser


def subparsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command."""
    for action in build_parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    raise AssertionError("the command line has no commands")


class Command(SphinxDirective):
    """What a command is for, and a table of its arguments.

    The argument names the command; an unknown one is an error of the build.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The nodes of the summary and of the table."""
        name = self.arguments[0]
        known = subparsers()
        if name not in known:
            raise self.error(f"no command {name!r}; the commands are {', '.join(known)}")
        parser = known[name]
        rows = [(_shown(action), _meaning(action)) for action in _arguments(parser)]
        return [_table(("argument", "meaning"), rows)]


def _arguments(parser: argparse.ArgumentParser) -> Iterable[argparse.Action]:
    return (a for a in parser._actions if not isinstance(a, argparse._HelpAction))


def _shown(action: argparse.Action) -> str:
    value = str(action.metavar or action.dest.upper())
    if not action.option_strings:
        return {"*": f"[{value} …]", "+": f"{value} …"}.get(str(action.nargs), value)
    names = ", ".join(action.option_strings)
    return names if action.nargs == 0 else f"{names} {value}"


def _meaning(action: argparse.Action) -> str:
    parts = [action.help or FURTHER.get(action.dest, "")]
    if action.choices is not None:
        parts.append(f"one of {', '.join(str(choice) for choice in action.choices)}")
    if action.option_strings and action.nargs != 0 and action.default not in (None, ""):
        parts.append(f"default {action.default}")
    return "; ".join(part for part in parts if part)


FURTHER = {
    "programs": "a library program, or file.py:name",
    "check": "what is done with a model before it is used",
    "optimize": "level of optimisation",
    "objective": "what to minimise, first things first",
    "seed": "of the solver and of sampled inputs",
    "max_inputs": "inputs to verify on",
    "limit_layers": "hard limit on layers",
    "limit_width": "hard limit on the width",
    "limit_heads": "hard limit on heads per layer",
    "limit_head_size": "hard limit on columns per head",
    "limit_neurons": "hard limit on neurons per layer",
}
"""Words for arguments of which the parser says nothing."""


def _table(heading: tuple[str, str], rows: Iterable[tuple[str, str]]) -> nodes.table:
    group = nodes.tgroup("", nodes.colspec(colwidth=35), nodes.colspec(colwidth=65), cols=2)
    group += nodes.thead("", _row(*(nodes.paragraph("", text) for text in heading)))
    body = nodes.tbody()
    for name, meaning in rows:
        body += _row(nodes.paragraph("", "", nodes.literal("", name)), nodes.paragraph("", meaning))
    group += body
    return nodes.table("", group)


def _row(*cells: nodes.Node) -> nodes.row:
    return nodes.row("", *(nodes.entry("", cell) for cell in cells))


def setup(app: Any) -> dict[str, bool]:
    """Registers the directive."""
    app.add_directive("command", Command)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

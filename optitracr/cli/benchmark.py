"""The command benchmark: makes a suite of models, runs methods on them, and scores these."""

from __future__ import annotations

import argparse
from typing import Any

from optitracr.benchmark.results import FIGURES, score_suite
from optitracr.benchmark.running import run_suite
from optitracr.benchmark.suite import make_suite
from optitracr.cli.output import Output, tell

EXIT_OK = 0
"""Exit code: what was asked for was done."""


def work(arguments: argparse.Namespace, output: Output) -> int:
    """Does what the action says."""
    return _ACTIONS[arguments.action](arguments, output)


def _make(arguments: argparse.Namespace, output: Output) -> int:
    made = make_suite(arguments.folder, arguments.models, arguments.seed, workers=arguments.workers)
    found = {"models": made.counts.rows, "compiled": made.compiled}
    if arguments.json:
        output.json(found)
    else:
        output.line(f"{arguments.folder}: {made.counts.rows:,} models, {made.compiled:,} made now")
    return EXIT_OK


def _run(arguments: argparse.Namespace, output: Output) -> int:
    names = [name for name in arguments.methods.split(",") if name]
    added = run_suite(arguments.folder, names, arguments.seed, watch=tell)
    if arguments.json:
        output.json({"added": added})
    else:
        output.line(f"{arguments.folder}: {added:,} scores added")
    return EXIT_OK


def _score(arguments: argparse.Namespace, output: Output) -> int:
    found = score_suite(arguments.folder)
    if arguments.json:
        output.json(found)
        return EXIT_OK
    from rich.table import Table

    table = Table(title="means over models, with 95 % intervals")
    table.add_column("method")
    for name in (*FIGURES, "models", "without an area"):
        table.add_column(name, justify="right")
    for method, figures in found["methods"].items():
        cells = [_cell(figures[name], *figures["intervals"][name]) for name in FIGURES]
        table.add_row(method, *cells, str(figures["models"]), str(figures["undefined"]))
    output.table(table, WIDTH)
    return EXIT_OK


WIDTH = 160
"""Characters of the table in a file: figures with their intervals, each on one line."""


def _cell(value: Any, low: Any, high: Any) -> str:
    return "" if value is None else f"{value:.2f} ({low:.2f} to {high:.2f})"


_ACTIONS = {"make": _make, "run": _run, "score": _score}

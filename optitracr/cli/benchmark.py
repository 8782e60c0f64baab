"""The command benchmark: makes a suite of models, runs methods on it, scores and shows these."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from typing import Any

from optitracr.benchmark.gallery import save_gallery
from optitracr.benchmark.judging import judge
from optitracr.benchmark.results import FIGURES, VARIABLE_FIGURES, in_groups, score_suite
from optitracr.benchmark.running import run_suite
from optitracr.benchmark.score_page import score_page
from optitracr.benchmark.suite import make_suite
from optitracr.benchmark.tables import to_csv
from optitracr.cli.executors import executor_at
from optitracr.cli.output import Output, tell
from optitracr.cli.progress import shown_progress
from optitracr.corpus.making import MOST_WORKERS
from optitracr.errors import InputError
from optitracr.writing import write_file

EXIT_OK = 0
"""Exit code: what was asked for was done."""


def work(arguments: argparse.Namespace, output: Output) -> int:
    """Does what the action says."""
    return _ACTIONS[arguments.action](arguments, output)


def _make(arguments: argparse.Namespace, output: Output) -> int:
    tiers = [name for name in arguments.tiers.split(",") if name]
    with executor_at(arguments.scheduler) as executor, shown_progress() as watch:
        made = make_suite(
            arguments.folder,
            arguments.models,
            arguments.seed,
            tiers=tiers,
            private=arguments.private,
            private_seed=arguments.private_seed,
            idle=arguments.idle,
            executor=executor,
            workers=arguments.workers,
            watch=watch,
        )
    found = {
        "models": made.models,
        "compiled": made.compiled,
        "tiers": made.tiers,
        "splits": made.splits,
        "nothing": made.nothing,
        "missing": made.missing,
    }
    if arguments.json:
        output.json(found)
        return EXIT_OK
    output.line(f"{arguments.folder}: {made.models:,} models, {made.compiled:,} compiled now")
    for counts in (made.tiers, made.splits):
        output.line(", ".join(f"{count:,} {name}" for name, count in counts.items()))
    if made.nothing:
        output.line(f"{made.nothing:,} left out, since no input changes any edge")
    if made.missing:
        tell(f"{made.missing:,} models fewer than were asked for; the rest are equal or do not fit")
    return EXIT_OK


def _run(arguments: argparse.Namespace, output: Output) -> int:
    names = [name for name in arguments.methods.split(",") if name]
    workers = arguments.workers or min(os.cpu_count() or 1, MOST_WORKERS)
    with executor_at(arguments.scheduler) as executor, shown_progress() as watch:
        added = run_suite(
            arguments.folder,
            names,
            arguments.seed,
            watch=watch,
            executor=executor,
            workers=workers,
        )
    if arguments.json:
        output.json({"added": added})
    else:
        output.line(f"{arguments.folder}: {added:,} scores added")
    return EXIT_OK


def _score(arguments: argparse.Namespace, output: Output) -> int:
    found = score_suite(arguments.folder, arguments.seed)
    if arguments.csv is not None:
        write_file(arguments.csv, to_csv(found).encode())
    if arguments.page is not None:
        write_file(arguments.page, score_page(arguments.folder.resolve().name, found).encode())
    if arguments.json:
        output.json(found)
        return EXIT_OK
    _print("all models", found["methods"], output)
    for group, value, methods in in_groups(found["methods"]):
        _print(f"{group} {value}", methods, output)
    return EXIT_OK


def _judge(arguments: argparse.Namespace, output: Output) -> int:
    if arguments.submission is None or arguments.name is None:
        raise InputError("judge takes what is judged, and its name: --submission FILE --name NAME")
    judge(arguments.folder, arguments.submission, arguments.name)
    methods = score_suite(arguments.folder, arguments.seed)["methods"]
    found = methods[arguments.name]
    if arguments.json:
        output.json({"methods": {arguments.name: found}})
    else:
        _print("models held back", {arguments.name: found}, output)
    return EXIT_OK


def _print(title: str, methods: Mapping[str, Any], output: Output) -> None:
    """A table of the methods that score edges, and one of those that look for variables."""
    from rich.table import Table

    for names in (FIGURES, VARIABLE_FIGURES):
        own = {method: figures for method, figures in methods.items() if names[0] in figures}
        if not own:
            continue
        table = Table(title=f"{title}: means with 95 % intervals")
        table.add_column("method")
        for name in (*names, "models", "without a figure"):
            table.add_column(name, justify="right")
        for method, figures in own.items():
            cells = [_cell(figures[name], *figures["intervals"][name]) for name in names]
            table.add_row(method, *cells, str(figures["models"]), str(figures["undefined"]))
        output.table(table, WIDTH)


WIDTH = 180
"""Characters of the table in a file: figures with their intervals, each on one line."""


def _cell(value: Any, low: Any, high: Any) -> str:
    return "" if value is None else f"{value:.2f} ({low:.2f}–{high:.2f})"


def _page(arguments: argparse.Namespace, output: Output) -> int:
    path = arguments.page or arguments.folder / PAGE
    shown = save_gallery(arguments.folder, path)
    if arguments.json:
        output.json({"page": str(path), "models": shown})
    else:
        output.line(f"{path}: {shown:,} models")
    return EXIT_OK


PAGE = "index.html"
"""The page of a suite, in its folder."""

_ACTIONS = {"make": _make, "run": _run, "score": _score, "judge": _judge, "page": _page}

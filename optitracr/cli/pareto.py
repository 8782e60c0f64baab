"""The command pareto: the sizes that a program's models can trade for one another."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import Any

from optitracr.cli.programs import Named, resolve
from optitracr.errors import FileError, InputError
from optitracr.export.extras import require
from solvers import Sizes

COLUMNS = ("layers", "width", "neurons", "heads", "head_size", "parameters", "status")
FIGURES = (".png", ".svg", ".pdf")


def print_front(arguments: argparse.Namespace) -> int:
    """Prints each point as a row; with -o as CSV, with --figure as a picture."""
    if arguments.figure and arguments.figure.suffix.lower() not in FIGURES:
        raise InputError(
            f"{arguments.figure} ends in none of {', '.join(FIGURES)}; name such a file"
        )
    if arguments.figure:
        # A package that is missing is better missed before the search than after it.
        require("matplotlib", "matplotlib", "plot")
    named = resolve(arguments.programs[0], arguments)
    rows: list[dict[str, Any]] = []
    try:
        for row in _rows(named, arguments):
            rows.append(row)
            print(", ".join(f"{row[name]} {name}" for name in COLUMNS[:3]), file=sys.stderr)
    except KeyboardInterrupt:
        print(f"interrupted; {len(rows)} points are kept", file=sys.stderr)
        _show(named, rows, arguments)
        raise
    _show(named, rows, arguments)
    return 0


def _rows(named: Named, arguments: argparse.Namespace) -> Any:
    from optitracr.front import pareto_front

    for point in pareto_front(
        named.program,
        named.vocab,
        named.max_seq_len,
        named.causal,
        optimize=arguments.optimize,
        max_layers=arguments.max_layers,
        time_limit=arguments.time_limit,
        seed=arguments.seed,
        without=arguments.without,
    ):
        sizes = {name: getattr(point.sizes, name) for name in COLUMNS[:5]}
        yield {**sizes, "parameters": point.parameters, "status": point.status.value}


def _show(named: Named, rows: list[dict[str, Any]], arguments: argparse.Namespace) -> None:
    title = f"{named.name} at level {arguments.optimize}: sizes that nothing beats"
    if arguments.output:
        _write(arguments.output, rows)
    if arguments.figure and rows:
        from optitracr.draw.front import draw_front
        from optitracr.draw.style import save

        points = [Sizes(**{name: row[name] for name in COLUMNS[:5]}) for row in rows]
        save(draw_front(title, points), arguments.figure)
    if arguments.json:
        print(json.dumps({"program": named.name, "level": arguments.optimize, "front": rows}))
        return
    _print(title, rows)


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    try:
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror}; name another file") from None


def _print(title: str, rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    for name in COLUMNS:
        table.add_column(name.replace("_", " "), justify="right")
    for row in rows:
        table.add_row(*(f"{v:,}" if isinstance(v, int) else v for v in row.values()))
    console = Console()
    console = console if console.is_terminal else Console(width=120)
    console.print(table)

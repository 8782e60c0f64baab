"""The command pareto: the sizes that a program's models can trade for one another."""

from __future__ import annotations

import argparse
import csv
import io
from pathlib import Path
from typing import Any

from optitracr.candidates.families import families_without
from optitracr.cli.files import check_figure, check_output
from optitracr.cli.output import Output, tell
from optitracr.cli.programs import Named, resolve
from optitracr.errors import InfeasibleError
from optitracr.writing import write_file
from solvers import Sizes

COLUMNS = ("layers", "width", "neurons", "heads", "head_size", "parameters", "status")


def print_front(arguments: argparse.Namespace, output: Output) -> int:
    """Prints each point as a row; with -o as CSV, with --figure as a picture."""
    families_without(arguments.without)
    check_figure(arguments.figure)
    check_output(arguments.output, arguments.figure)
    named = resolve(arguments.programs[0], arguments)
    rows: list[dict[str, Any]] = []
    try:
        for row in _rows(named, arguments):
            rows.append(row)
            tell(", ".join(f"{row[name]} {name}" for name in COLUMNS[:3]))
    except KeyboardInterrupt:
        tell(f"interrupted; {len(rows)} points are kept")
        _show(named, rows, arguments, output)
        raise
    if not rows:
        raise InfeasibleError(
            f"no model of {named.name} was found; raise --max-layers or --time-limit"
        )
    _show(named, rows, arguments, output)
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
        domain=named.domain,
    ):
        sizes = {name: getattr(point.sizes, name) for name in COLUMNS[:5]}
        yield {**sizes, "parameters": point.parameters, "status": point.status.value}


def _show(
    named: Named, rows: list[dict[str, Any]], arguments: argparse.Namespace, output: Output
) -> None:
    title = f"{named.name} at level {arguments.optimize}: sizes that nothing beats"
    if arguments.output:
        _write(arguments.output, rows)
    if arguments.figure and rows:
        from optitracr.draw.front import draw_front
        from optitracr.draw.style import save

        points = [Sizes(**{name: row[name] for name in COLUMNS[:5]}) for row in rows]
        save(draw_front(title, points), arguments.figure)
    if arguments.json:
        output.json({"program": named.name, "level": arguments.optimize, "front": rows})
        return
    _print(title, rows, output)


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    write_file(path, written.getvalue().encode())


def _print(title: str, rows: list[dict[str, Any]], output: Output) -> None:
    from rich.table import Table

    table = Table(title=title)
    for name in COLUMNS:
        table.add_column(name.replace("_", " "), justify="right")
    for row in rows:
        table.add_row(*(f"{v:,}" if isinstance(v, int) else v for v in row.values()))
    output.table(table)

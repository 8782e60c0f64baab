"""What `compare --bounds` says: lower bounds beside the sizes of the smallest model."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from optitracr.bounds.bound import SIZES, Premise
from optitracr.bounds.program import lower_bounds
from optitracr.cli.commands import options
from optitracr.cli.output import Output
from optitracr.cli.programs import Named


def bounds_of(named: Named, arguments: argparse.Namespace) -> dict[str, Any]:
    """The bounds of a program, and the length up to which every input was looked at."""
    given = options(arguments)
    del given["check"], given["architecture"]
    found = lower_bounds(
        named.program,
        named.vocab,
        named.max_seq_len,
        named.causal,
        domain=named.domain,
        **given,
    )
    return {
        "bounds": found.as_dicts(),
        "bounds_every_input_to": found.exhausted,
        "tables": [asdict(table) for table in found.tables],
    }


def print_bounds(rows: Sequence[Mapping[str, Any]], output: Output) -> None:
    """A row for each program and size: ours, and a bound for each class of models."""
    from rich.table import Table

    table = Table(title="Lower bounds (of models of each kind)")
    table.add_column("program")
    table.add_column("size")
    for heading in ("ours", *Premise):
        table.add_column(heading, justify="right")
    for row in rows:
        if "bounds" in row:
            _add(table, row["program"], row["bounds"])
    output.table(table)
    _print_tables(rows, output)
    for premise in Premise:
        output.line(f"{premise}: {premise.words}")


def _print_tables(rows: Sequence[Mapping[str, Any]], output: Output) -> None:
    """The tables of each model, with the neurons that each takes at least."""
    from rich.table import Table

    table = Table(title="Neurons of each table")
    for heading in ("program", "variable", "computed from"):
        table.add_column(heading)
    for heading in ("ours", "at least", "with small weights"):
        table.add_column(heading, justify="right")
    for row in rows:
        shown = row["program"]
        for entry in row.get("tables", ()):
            within = f"{entry['within']:,}" if entry["weights"] else "–"
            neurons = f"{entry['neurons']:,}", f"{entry['least']:,}", within
            table.add_row(shown, entry["variable"], ", ".join(entry["reads"]), *neurons)
            shown = ""
    if table.row_count:
        output.table(table)


def _add(table: Any, program: str, bounds: Sequence[Mapping[str, Any]]) -> None:
    """The rows of one program."""
    shown = program
    for size in SIZES:
        of_size = [bound for bound in bounds if bound["size"] == size]
        if of_size:
            least = (_largest(of_size, premise) for premise in Premise)
            table.add_row(shown, size.replace("_", " "), f"{of_size[0]['ours']:,}", *least)
            shown = ""


def _largest(bounds: Sequence[Mapping[str, Any]], premise: Premise) -> str:
    """The largest bound that holds in some models."""
    found = max((b["least"] for b in bounds if b["premise"] in premise.wider), default=None)
    return "–" if found is None else f"{found:,}"

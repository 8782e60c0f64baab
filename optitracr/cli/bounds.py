"""What `compare --bounds` says: lower bounds beside the sizes of the smallest model."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from optitracr.bounds.bound import SIZES, Premise
from optitracr.bounds.program import lower_bounds
from optitracr.cli.commands import options
from optitracr.cli.output import Output
from optitracr.cli.programs import Named


def bounds_of(named: Named, arguments: argparse.Namespace) -> dict[str, Any]:
    """The bounds of a program, and the length up to which every input was looked at."""
    given = options(arguments)
    del given["check"]
    found = lower_bounds(
        named.program,
        named.vocab,
        named.max_seq_len,
        named.causal,
        domain=named.domain,
        **given,
    )
    return {"bounds": found.as_dicts(), "bounds_every_input_to": found.exhausted}


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
    for premise in Premise:
        output.line(f"{premise}: {premise.words}")


def _add(table: Any, program: str, bounds: Sequence[Mapping[str, Any]]) -> None:
    """The rows of one program."""
    shown = program
    for size in SIZES:
        found = {b["premise"]: b for b in bounds if b["size"] == size}
        if not found:
            continue
        ours = next(iter(found.values()))["ours"]
        least = (f"{found[p]['least']:,}" if p in found else "–" for p in Premise)
        table.add_row(shown, size.replace("_", " "), f"{ours:,}", *least)
        shown = ""

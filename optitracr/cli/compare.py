"""The command compare: sizes of each program at every level."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from optitracr.cli.commands import chosen, compile_named, describe
from optitracr.cli.output import Output, tell
from optitracr.cli.programs import Named
from optitracr.compiled import CompiledModel
from optitracr.levels import ALLOCATED_LEVELS, LEVELS


def compare_programs(arguments: argparse.Namespace, output: Output) -> int:
    """Prints a table of sizes, the share saved against level 0, and what is proven."""
    from rich.console import Console

    errors = Console(stderr=True)
    rows: list[dict[str, Any]] = []
    programs = chosen(arguments)
    steps: Iterable[Named] = programs
    if errors.is_terminal:
        from rich.progress import track

        steps = track(programs, "compiling", console=errors)
    for named in steps:
        if not errors.is_terminal and len(programs) > 1:
            tell(f"compiling {named.name}")
        rows += compare_one(named, arguments)
    if arguments.json:
        output.json(rows, indent=1)
    else:
        _print_table(rows, arguments.verify, output)
        if arguments.explain:
            _explain(rows, output)
        if arguments.bounds:
            from optitracr.cli.bounds import print_bounds

            print_bounds(rows, output)
    return 0


def compare_one(named: Named, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """One row a level: sizes, percentage saved against level 0, proof; the last has the bounds."""
    rows = []
    baseline: CompiledModel | None = None
    for level in LEVELS:
        model = compile_named(named, level, arguments)
        baseline = baseline or model
        row = describe(named, model)
        row["savings_counts"] = model.savings.counts()
        row["saved_percent"] = {
            name: saved(getattr(baseline.size, name), getattr(model.size, name))
            for name in ("layers", "width", "neurons", "parameters")
        }
        if arguments.verify:
            row["verified"] = str(model.verify(arguments.max_inputs, arguments.seed))
        rows.append(row)
    if arguments.bounds:
        from optitracr.cli.bounds import bounds_of

        rows[-1] |= bounds_of(named, arguments)
    return rows


def saved(before: int, after: int) -> float:
    """Percentage by which a size fell."""
    return 0.0 if before == 0 else 100.0 * (before - after) / before


def _print_table(rows: list[dict[str, Any]], verified: bool, output: Output) -> None:
    from rich.table import Table

    table = Table(title="Sizes by level (percentages: saved against level 0)")
    table.add_column("program")
    for heading in ("level", "layers", "width", "heads", "head size", "neurons", "parameters"):
        table.add_column(heading, justify="right")
    table.add_column("allocation")
    table.add_column("proof")
    table.add_column("variables saved on")
    stock = next((row["stock"]["class"] for row in rows if row["stock"]), None)
    if stock is not None:
        table.add_column(f"as {stock}")
    if verified:
        table.add_column("verified")
    for row in rows:
        published = [_published(row["stock"]["size"])] if stock is not None else []
        found = [row["verified"].split(" (")[0]] if verified else []
        table.add_row(*_cells(row), *published, *found)
    output.table(table, width=220)


def _cells(row: dict[str, Any]) -> list[str]:
    size, percent = row["size"], row["saved_percent"]

    def cell(name: str) -> str:
        less = percent.get(name, 0.0)
        return f"{size[name]:,}" + (f" (-{less:.0f} %)" if less > 0 else "")

    names = ("layers", "width", "heads", "head_size", "neurons", "parameters")
    size_proof = row["status"] if row["level"] in ALLOCATED_LEVELS else "heuristic"
    program = row["program"] if row["level"] == LEVELS[0] else ""
    kinds = ", ".join(f"{count} {kind}" for kind, count in row["savings_counts"].items())
    proof = row["proof"]
    known = proof["status"] + (f" on {proof['inputs']:,}" if proof["open"] else "")
    return [program, str(row["level"]), *(cell(name) for name in names), size_proof, known, kinds]


def _published(size: dict[str, Any]) -> str:
    """The sizes of a published transformer, in the order of the columns."""
    heads = f"{size['heads']}·{size['head_size']}"
    return (
        f"{size['layers']} / {size['width']} / {heads} / {size['neurons']} / {size['parameters']:,}"
    )


def _explain(rows: list[dict[str, Any]], output: Output) -> None:
    """One table a program: what level 2 made of each variable."""
    from rich.table import Table

    for row in rows:
        if row["level"] != LEVELS[-1]:
            continue
        table = Table(title=f"{row['program']}: what level {row['level']} saves")
        for heading in ("variable", "is", "how"):
            table.add_column(heading)
        for saving in row["savings"]:
            table.add_row(saving["variable"], saving["kind"], saving["detail"])
        output.table(table)

"""Allocation methods side by side, on the allocation problem of every library program.

The longest-path heuristic, the greedy list scheduler, CP-SAT and the MILP place the same
components (level 1 unless --level says otherwise). Shows for each the sizes, whether they
are proven optimal, the proven bounds, the gap and the time. A method that fails on a program
gives a row that says so, and the exit code is then 1. Rows are in the CSV file as soon as
they are known, so Ctrl-C loses none.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence

from library_problems import library_problem
from reporting import (
    CsvRows,
    Row,
    add_common_options,
    chosen_programs,
    exit_code,
    failure,
    guarded,
    load_solvers,
    print_table,
    sweep,
)

import solvers
from optitracr import library
from optitracr.errors import UnsupportedError
from optitracr.levels import ALLOCATED_LEVELS
from optitracr.options import OBJECTIVES, parse_objective
from solvers import Allocation, Problem

DEFAULT_METHODS = ("longest_path", "greedy", "cp_sat", "milp")
SIZES = ("layers", "width", "heads", "head_size", "neurons", "parameters")
BOUNDS = tuple(f"{name}_bound" for name in OBJECTIVES)
COLUMNS = ("program", "method", *SIZES, "status", "proven", *BOUNDS, "gap", "seconds", "error")
UNSUPPORTED = "UNSUPPORTED"
ERROR = "ERROR"


def compare_methods(
    entry: library.Program, arguments: argparse.Namespace, objective: tuple[str, ...]
) -> Iterator[Row]:
    """A row for each method; a single one if the program has no such problem."""
    try:
        problem = library_problem(entry, arguments.level)
    except UnsupportedError as error:
        yield {"program": entry.name, "status": UNSUPPORTED, "error": failure(entry.name, error)}
        return
    for method in arguments.methods:
        try:
            allocation = solvers.solve(
                problem,
                method,
                objective,
                time_limit=arguments.time_limit,
                seed=arguments.seed,
            )
        except Exception as error:
            message = failure(f"{entry.name}, {method}", error)
            yield {"program": entry.name, "method": method, "status": ERROR, "error": message}
        else:
            yield {"program": entry.name, "method": method, **_measured(problem, allocation)}


def _measured(problem: Problem, allocation: Allocation) -> Row:
    status = allocation.status
    row: Row = {
        "status": status.value,
        "proven": status is solvers.Status.OPTIMAL,
        "gap": round(allocation.gap, 6),
        "seconds": round(allocation.seconds, 4),
        "error": "" if allocation.plan else allocation.message,
    }
    for name, bound in zip(allocation.objective, allocation.bound, strict=False):
        row[f"{name}_bound"] = bound
    if allocation.plan is not None:
        sizes = allocation.plan.sizes
        for name in SIZES:
            row[name] = sizes.measure("depth" if name == "layers" else name, problem.constants)
    return row


def _print_rows(rows: list[Row]) -> None:
    def cell(row: Row, name: str) -> str:
        value = row.get(name, "")
        return f"{value:,}" if isinstance(value, int) else str(value)

    shown = ("method", *SIZES, "status", "gap", "seconds")
    cells = [[row["program"], *(cell(row, name) for name in shown)] for row in rows]
    print_table("Allocations by method", ("program", *shown), cells)


def _print_totals(rows: list[Row], chosen: Sequence[str]) -> None:
    """Totals over the programs for which every method that made any plan has one."""
    methods = [m for m in chosen if any(r.get("method") == m and "width" in r for r in rows)]
    if not methods:
        return
    found = {
        m: {r["program"]: r for r in rows if r.get("method") == m and "width" in r} for m in methods
    }
    common = [name for name in found[methods[0]] if all(name in found[m] for m in methods)]
    cells = []
    for method in methods:
        part = [found[method][name] for name in common]
        cells.append(
            [
                method,
                *(f"{sum(r[name] for r in part):,}" for name in ("layers", "width", "neurons")),
                str(sum(r["proven"] for r in part)),
                f"{sum(r['seconds'] for r in part):.2f}",
                f"{max((r['seconds'] for r in part), default=0.0):.2f}",
            ]
        )
    columns = ("method", "layers", "width", "neurons", "proven", "seconds", "slowest")
    print_table(f"Totals over the {len(common)} programs that all of these place", columns, cells)


def _draw(rows: list[Row], methods: Sequence[str], arguments: argparse.Namespace) -> None:
    from figures import Panel, dot_plot

    from optitracr.draw.style import save

    placed = [row for row in rows if "width" in row]
    widest: dict[str, int] = {}
    for row in placed:
        widest[row["program"]] = max(widest.get(row["program"], 0), row["width"])
    programs = sorted(widest, key=lambda name: -widest[name])

    def panel(title: str, column: str, log: bool = False) -> Panel:
        values = {
            m: {
                r["program"]: max(r[column], 1e-4) if log else r[column]
                for r in placed
                if r["method"] == m
            }
            for m in methods
        }
        return Panel(title, values, log)

    panels = [
        panel("layers", "layers"),
        panel("width", "width"),
        panel("neurons per layer", "neurons"),
        panel("seconds", "seconds", log=True),
    ]
    title = f"Allocations of the level-{arguments.level} components"
    save(dot_plot(title, programs, methods, panels), arguments.figure)


def _run(arguments: argparse.Namespace) -> int:
    programs = chosen_programs(arguments.programs)
    objective = parse_objective(arguments.objective)
    load_solvers()
    with CsvRows(arguments.output, COLUMNS) as table:
        interrupted = sweep(
            programs,
            lambda entry: compare_methods(entry, arguments, objective),
            table,
            "allocating",
        )
    _print_rows(table.rows)
    _print_totals(table.rows, arguments.methods)
    if arguments.figure:
        _draw(table.rows, arguments.methods, arguments)
    failed = any(row["status"] == ERROR for row in table.rows)
    return exit_code(interrupted, failed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--programs", nargs="+", metavar="NAME", help="library names; all by default"
    )
    parser.add_argument(
        "--methods",
        nargs="+",
        choices=solvers.METHODS,
        default=list(DEFAULT_METHODS),
        metavar="METHOD",
        help=f"of {', '.join(solvers.METHODS)}; by default {', '.join(DEFAULT_METHODS)}",
    )
    parser.add_argument("--level", type=int, choices=ALLOCATED_LEVELS, default=1)
    parser.add_argument("--seed", type=int, default=0, help="of the search (%(default)s)")
    add_common_options(parser, time_limit=20.0)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Compares the methods; 1 if one failed, 130 after Ctrl-C."""
    arguments = _parser().parse_args(argv)
    return guarded(lambda: _run(arguments))


if __name__ == "__main__":
    sys.exit(main())

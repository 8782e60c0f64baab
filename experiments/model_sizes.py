"""Sizes of the library's models at every level: table, totals and figure.

Compiles each program at each level with the compiler's own check, and with --verify compares
every model with the interpreter exhaustively. A program that fails at a level gives a row
that says so; the exit code is 1 unless the only failures are programs that the level does
not support. Rows are in the CSV file as soon as they are known, so Ctrl-C loses none.
--markdown writes the tables into files; in one that has the lines `<!-- sizes: ... -->` and
`<!-- /sizes -->`, or `totals` in their place, only what stands between them is replaced.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

from reporting import (
    CsvRows,
    Row,
    add_common_options,
    chosen_programs,
    count,
    exit_code,
    failure,
    guarded,
    load_solvers,
    print_table,
    sweep,
    write_sections,
)
from size_tables import (
    SIZES,
    by_program,
    compiled_everywhere,
    detail_cells,
    detail_columns,
    markdown,
    summary_cells,
    summary_columns,
    totals,
)

from optitracr import compile_rasp_to_model, library
from optitracr.errors import UnsupportedError
from optitracr.levels import ALLOCATED_LEVELS, LEVELS
from optitracr.options import parse_objective

COLUMNS = (
    "program",
    "level",
    *SIZES,
    "status",
    "solver",
    "gap",
    "solver_seconds",
    "seconds",
    "verified_inputs",
    "error",
)
UNSUPPORTED, ERROR = "UNSUPPORTED", "ERROR"


def measure(entry: library.Program, arguments: argparse.Namespace) -> Iterator[Row]:
    """A row for each level."""
    for level in arguments.levels:
        row: Row = {"program": entry.name, "level": level}
        try:
            row |= _compiled(entry, level, arguments)
        except UnsupportedError as error:
            message = failure(f"{entry.name}, level {level}", error)
            row |= {"status": UNSUPPORTED, "error": message}
        except Exception as error:
            message = failure(f"{entry.name}, level {level}", error)
            row |= {"status": ERROR, "error": message}
        yield row


def _compiled(entry: library.Program, level: int, arguments: argparse.Namespace) -> Row:
    start = time.perf_counter()
    model = compile_rasp_to_model(
        entry.make(),
        entry.vocab,
        entry.max_seq_len,
        causal=entry.causal,
        optimize=level,
        objective=arguments.objective,
        time_limit=arguments.time_limit,
        seed=arguments.seed,
    )
    took = time.perf_counter() - start
    allocation = model.allocation
    row: Row = {name: getattr(model.size, name) for name in SIZES}
    row |= {
        "status": allocation.status.value,
        "solver": allocation.solver,
        "gap": round(allocation.gap, 6),
        "solver_seconds": round(allocation.seconds, 3),
        "seconds": round(took, 3),
    }
    if arguments.verify:
        row["verified_inputs"] = model.verify(arguments.max_inputs, arguments.seed).inputs
    return row


def _report(rows: list[Row], levels: Sequence[int], arguments: argparse.Namespace) -> None:
    print_table("Sizes by level", detail_columns(levels), detail_cells(rows, levels))
    common = len(compiled_everywhere(by_program(rows), levels))
    title = f"Totals over the {common} programs that compile at every level"
    print_table(title, summary_columns(levels), summary_cells(rows, levels))
    _print_worse(rows, levels)
    if arguments.markdown:
        everything = markdown(rows, levels)
        texts = {"totals": totals(rows, levels), "sizes": everything}
        for path in arguments.markdown:
            write_sections(path, texts, everything)
    if arguments.figure:
        from size_figure import draw_sizes

        from optitracr.draw.style import save

        save(draw_sizes(rows, levels), arguments.figure)


def _print_worse(rows: list[Row], levels: Sequence[int]) -> None:
    """What a level makes worse than a lower one, and what it does not prove."""
    for name, sizes in by_program(rows).items():
        for lower, level in combinations([level for level in levels if level in sizes], 2):
            for what in _worse(sizes[lower], sizes[level]):
                before, after = sizes[lower][what], sizes[level][what]
                print(f"{name}: {what} {after} at level {level}, {before} at level {lower}")
        for level, row in sizes.items():
            if level in ALLOCATED_LEVELS and row["status"] != "OPTIMAL":
                print(f"{name}: level {level} is {row['status']}, gap {row['gap']:.3f}")


def _worse(before: Row, after: Row) -> Iterator[str]:
    """More layers, or more width without fewer layers; more width than level 0 in any case."""
    if after["layers"] > before["layers"]:
        yield "layers"
    fewer_layers = after["layers"] < before["layers"] and before["level"] in ALLOCATED_LEVELS
    if after["width"] > before["width"] and not fewer_layers:
        yield "width"


def _run(arguments: argparse.Namespace) -> int:
    programs = chosen_programs(arguments.programs)
    parse_objective(arguments.objective)
    levels = sorted(set(arguments.levels))
    arguments.levels = levels
    load_solvers()
    with CsvRows(arguments.output, COLUMNS) as table:
        interrupted = sweep(programs, lambda entry: measure(entry, arguments), table, "compiling")
    _report(table.rows, levels, arguments)
    failed = any(row["status"] == ERROR for row in table.rows)
    return exit_code(interrupted, failed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--programs", nargs="+", metavar="NAME", help="library names; all by default"
    )
    parser.add_argument(
        "--levels", nargs="+", type=int, choices=LEVELS, default=list(LEVELS), metavar="LEVEL"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the solver (%(default)s)")
    parser.add_argument("--verify", action="store_true", help="verify every model too")
    parser.add_argument(
        "--max-inputs",
        type=count,
        default=100_000,
        metavar="N",
        help="for --verify: every input up to so many, samples beyond (%(default)s)",
    )
    add_common_options(parser)
    parser.add_argument(
        "--markdown", type=Path, nargs="+", metavar="FILE", help="write the tables here"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Measures the sizes; 1 if a compilation failed, 130 after Ctrl-C."""
    arguments = _parser().parse_args(argv)
    return guarded(lambda: _run(arguments))


if __name__ == "__main__":
    sys.exit(main())

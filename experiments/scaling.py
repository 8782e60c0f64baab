"""How compilation grows with the program: random programs of many s-ops, levels 0 and 2.

Programs come from `optitracr.library.random_programs`, by seed and size. Each row gives the
sizes, what the solver proved and how long it all took; the compile-time check against the
interpreter is part of it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence

from reporting import (
    CsvRows,
    Row,
    add_output_options,
    count,
    exit_code,
    failure,
    guarded,
    load_solvers,
    print_table,
)

from optitracr import compile_rasp_to_model
from optitracr.errors import OptitracrError
from optitracr.levels import LEVELS
from optitracr.library.random_programs import random_program

COLUMNS = (
    "sops",
    "seed",
    "level",
    "layers",
    "width",
    "neurons",
    "parameters",
    "status",
    "gap",
    "solver_seconds",
    "processor_seconds",
    "seconds",
)


def measure(size: int, seed: int, arguments: argparse.Namespace) -> Iterator[Row]:
    """One row a level."""
    made = random_program(seed, size)
    for level in arguments.levels:
        start, spent = time.perf_counter(), time.process_time()
        row: Row = {"sops": made.size, "seed": seed, "level": level}
        try:
            model = compile_rasp_to_model(
                made.program,
                made.vocab,
                made.max_seq_len,
                optimize=level,
                time_limit=arguments.time_limit or None,
            )
        except OptitracrError as error:
            failure(f"{made.size} s-ops, seed {seed}, level {level}", error)
            yield {**row, "status": type(error).__name__, **_times(start, spent)}
            continue
        allocation = model.allocation
        row |= {name: getattr(model.size, name) for name in COLUMNS[3:7]}
        yield {
            **row,
            "status": allocation.status.value if level else "heuristic",
            "gap": round(allocation.gap, 3),
            "solver_seconds": round(allocation.seconds, 2),
            **_times(start, spent),
        }


def _times(start: float, spent: float) -> Row:
    """Seconds since then: of all processors, and on the clock."""
    return {
        "processor_seconds": round(time.process_time() - spent, 2),
        "seconds": round(time.perf_counter() - start, 2),
    }


def _run(arguments: argparse.Namespace) -> int:
    load_solvers()
    interrupted = False
    with CsvRows(arguments.output, COLUMNS) as table:
        try:
            for size in arguments.sizes:
                for seed in range(arguments.seeds):
                    print(f"{size} s-ops, seed {seed}", file=sys.stderr)
                    for row in measure(size, seed, arguments):
                        table.add(row)
        except KeyboardInterrupt:
            print(f"interrupted; {len(table.rows)} rows are kept", file=sys.stderr)
            interrupted = True
    cells = [[str(row.get(name, "")) for name in COLUMNS] for row in table.rows]
    print_table("Random programs", COLUMNS, cells)
    if arguments.figure and table.rows:
        _draw(table.rows, arguments)
    return exit_code(interrupted)


def _draw(rows: Sequence[Row], arguments: argparse.Namespace) -> None:
    from optitracr.draw.style import COLOURS, MARKERS, pyplot, save

    plt = pyplot()
    figure, axes = plt.subplots(1, 3, figsize=(9.0, 3.0), layout="constrained")
    for axis, name in zip(axes, ("layers", "parameters", "processor_seconds"), strict=True):
        for order, level in enumerate((0, 2)):
            points = [(r["sops"], r[name]) for r in rows if r["level"] == level and name in r]
            axis.plot(
                [x for x, _ in points],
                [y for _, y in points],
                linestyle="none",
                marker=MARKERS[order],
                color=COLOURS[order],
                label=f"level {level}",
            )
        axis.set(xscale="log", yscale="log", xlabel="s-ops", title=name.replace("_", " "))
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(color="#E2E2E2", lw=0.6)
    axes[0].legend(frameon=False)
    save(figure, arguments.figure)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--sizes", nargs="+", type=count, default=[100, 300, 1000, 3000], metavar="N"
    )
    parser.add_argument("--levels", nargs="+", type=int, choices=LEVELS, default=[0, 2])
    parser.add_argument("--seeds", type=count, default=3, metavar="N", help="of each size")
    add_output_options(parser, time_limit=0.0)
    parser.epilog = "A time limit of 0 leaves it to the solver how long a program is worth."
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Compiles the programs; 130 after Ctrl-C."""
    arguments = _parser().parse_args(argv)
    return guarded(lambda: _run(arguments))


if __name__ == "__main__":
    sys.exit(main())

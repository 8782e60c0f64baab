"""What depth, width and neurons a program can trade for one another.

A point of the front is a transformer that no other one beats in layers, residual width and
neurons per layer at once. For each number of layers from the smallest feasible one up, the
narrowest allocation comes first, then the narrowest with fewer neurons than the last, until
no allocation of that depth has fewer. A further layer is tried as long as the last one
gave a narrower stream or fewer neurons, up to --max-layers. Points are proven unless the table
says otherwise, and in the CSV file as soon as they are found, so Ctrl-C loses none; points of
a deeper model that a shallower one equals are left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from library_problems import ALLOCATED_LEVELS, library_problem
from reporting import (
    EXIT_ERROR,
    EXIT_INTERRUPTED,
    EXIT_OK,
    CsvRows,
    Row,
    add_output_options,
    count,
    guarded,
    print_table,
    stop_if_interrupted,
)

import solvers
from optitracr import library
from solvers import Allocation, Limits, Problem, Status

COLUMNS = (
    "program",
    "level",
    "layers",
    "width",
    "neurons",
    "heads",
    "head_size",
    "parameters",
    "status",
    "seconds",
)
MEASURES = ("layers", "width", "neurons")
EXTRA_LAYERS = 4


@dataclass(frozen=True, slots=True)
class Search:
    """One problem, solved under many limits.

    Attributes:
        problem: The problem without limits.
        time_limit: Seconds of a solve.
        seed: Of a solve.
    """

    problem: Problem
    time_limit: float
    seed: int

    def solve(self, limits: Limits, *objective: str) -> Allocation | None:
        """The best allocation within limits; None if none was found, said on stderr."""
        allocation = solvers.solve(
            replace(self.problem, limits=limits),
            objective=objective,
            time_limit=self.time_limit,
            seed=self.seed,
        )
        stop_if_interrupted(allocation)
        if allocation.plan is None:
            message = f"{allocation.status.value} under {limits}: {allocation.message}"
            print(message, file=sys.stderr)
            return None
        return allocation


def front_of_depth(search: Search, layers: int) -> Iterator[Allocation]:
    """From the narrowest allocation within a number of layers to the one of fewest neurons."""
    last = search.solve(Limits(layers=layers), "neurons", "width", "depth")
    if last is None or last.plan is None:
        return
    neurons: int | None = None
    while neurons is None or neurons >= last.plan.neurons:
        limits = Limits(layers=layers, neurons=neurons)
        found = search.solve(limits, "width", "neurons", "depth")
        if found is None or found.plan is None:
            return
        yield found
        neurons = found.plan.neurons - 1


def front(search: Search, max_layers: int | None) -> Iterator[Allocation]:
    """Points by number of layers; the last depth tried is the first that improves nothing."""
    shallowest = search.solve(Limits(), "depth", "width", "neurons")
    if shallowest is None or shallowest.plan is None:
        return
    first = shallowest.plan.layers
    found: list[Allocation] = []
    for layers in range(first, (first + EXTRA_LAYERS if max_layers is None else max_layers) + 1):
        before = _least(found)
        for point in front_of_depth(search, layers):
            if not any(_beats(other, point) for other in found):
                found.append(point)
                yield point
        if before is not None and _least(found) == before:
            return


def _least(points: Sequence[Allocation]) -> tuple[int, int] | None:
    plans = [point.plan for point in points if point.plan is not None]
    if not plans:
        return None
    return min(plan.width for plan in plans), min(plan.neurons for plan in plans)


def _beats(one: Allocation, other: Allocation) -> bool:
    """Whether one is nowhere larger."""
    assert one.plan is not None
    assert other.plan is not None
    a, b = one.plan.sizes, other.plan.sizes
    return all(getattr(a, name) <= getattr(b, name) for name in MEASURES)


def _row(name: str, level: int, problem: Problem, point: Allocation) -> Row:
    assert point.plan is not None
    sizes = point.plan.sizes
    return {
        "program": name,
        "level": level,
        **{size: getattr(sizes, size) for size in (*MEASURES, "heads", "head_size")},
        "parameters": sizes.parameters(problem.constants),
        "status": point.status.value,
        "seconds": round(point.seconds, 3),
    }


def _draw(rows: list[Row], arguments: argparse.Namespace) -> None:
    from figures import COLOURS, MARKERS, pyplot, save

    plt = pyplot()
    figure, axis = plt.subplots(figsize=(6.0, 4.2), layout="constrained")
    for order, layers in enumerate(dict.fromkeys(row["layers"] for row in rows)):
        points = sorted((r["width"], r["neurons"]) for r in rows if r["layers"] == layers)
        axis.plot(
            *zip(*points, strict=True),
            drawstyle="steps-post",
            marker=MARKERS[order % len(MARKERS)],
            color=(*COLOURS[1:], COLOURS[0])[order % len(COLOURS)],
            label=f"{layers} layers",
        )
    axis.set(xlabel="width", ylabel="neurons per layer")
    axis.set_title(f"{arguments.program} at level {arguments.level}: sizes that nothing beats")
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.yaxis.get_major_locator().set_params(integer=True)
    axis.grid(color="#E2E2E2", lw=0.6)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False)
    save(figure, arguments.figure)


def _collect(search: Search, table: CsvRows, arguments: argparse.Namespace) -> bool:
    """Adds every point; whether Ctrl-C ended it early."""
    from rich.console import Console
    from rich.status import Status as Spinner

    errors = Console(stderr=True)
    spinner = Spinner("allocating", console=errors) if errors.is_terminal else None
    if spinner:
        spinner.start()
    try:
        for point in front(search, arguments.max_layers):
            row = _row(arguments.program, arguments.level, search.problem, point)
            table.add(row)
            line = ", ".join(f"{row[name]} {name}" for name in MEASURES)
            errors.print(f"found {line} ({row['status']})", highlight=False)
    except KeyboardInterrupt:
        print(f"interrupted; {len(table.rows)} points are kept", file=sys.stderr)
        return True
    finally:
        if spinner:
            spinner.stop()
    return False


def _run(arguments: argparse.Namespace) -> int:
    entry = library.get(arguments.program)
    arguments.program = entry.name
    search = Search(library_problem(entry, arguments.level), arguments.time_limit, arguments.seed)
    with CsvRows(arguments.output, COLUMNS) as table:
        interrupted = _collect(search, table, arguments)
    rows = table.rows
    shown = COLUMNS[2:]
    cells = [
        [f"{row[name]:,}" if name != "status" else row[name] for name in shown] for row in rows
    ]
    print_table(f"{entry.name} at level {arguments.level}", shown, cells)
    unproven = sum(row["status"] != Status.OPTIMAL.value for row in rows)
    if unproven:
        print(f"{unproven} of {len(rows)} points are not proven; raise --time-limit")
    if arguments.figure and rows:
        _draw(rows, arguments)
    return EXIT_INTERRUPTED if interrupted else EXIT_OK if rows else EXIT_ERROR


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="a library name")
    parser.add_argument("--level", type=int, choices=ALLOCATED_LEVELS, default=1)
    parser.add_argument(
        "--max-layers",
        type=count,
        metavar="N",
        help=f"deepest model tried; by default {EXTRA_LAYERS} more than the shallowest",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the solver (%(default)s)")
    add_output_options(parser, time_limit=20.0)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Finds the front; 1 if there is no point, 130 after Ctrl-C."""
    arguments = _parser().parse_args(argv)
    return guarded(lambda: _run(arguments))


if __name__ == "__main__":
    sys.exit(main())

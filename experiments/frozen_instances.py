"""The frozen set of allocation problems, solved again and compared with the best known.

Shows for each instance its size, what was found and proven, the gaps and the time, and whether
plan and bound are better, equal or worse than the best known. The best known plans pass the
validator first. With --update what is better is stored. The exit code is 1 if a bound passes
the value of a known plan: then one of them is wrong.
"""

from __future__ import annotations

import argparse
import fnmatch
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from frozen_set import FOLDER, Instance, contradicts, found_best, load, merged, names, save
from reporting import (
    EXIT_ERROR,
    EXIT_INTERRUPTED,
    EXIT_OK,
    CsvRows,
    Row,
    guarded,
    load_solvers,
    print_table,
    seconds,
)

from solvers import Allocation, ProblemError, solve

COLUMNS = (
    "instance",
    "alternatives",
    "objective",
    "status",
    "value",
    "bound",
    "gaps",
    "seconds",
    "best",
    "plan",
    "bound_is",
)
CONTRADICTION = "CONTRADICTION"


def versions() -> str:
    """What solves, in one line."""
    return f"ortools {version('ortools')}, Python {platform.python_version()}"


def measure(instance: Instance, time_limit: float | None) -> tuple[Row, Allocation]:
    """Solves an instance, and compares with the best known."""
    start = time.perf_counter()
    found = solve(instance.problem, "cp_sat", instance.objective, time_limit=time_limit)
    row: Row = {
        "instance": instance.name,
        "alternatives": len(instance.problem.alternatives),
        "objective": ",".join(instance.objective),
        "status": found.status.value,
        "value": numbers(found.value),
        "bound": numbers(found.bound),
        "gaps": gaps(found.value, found.bound),
        "seconds": round(time.perf_counter() - start, 1),
        "best": "" if instance.best is None else numbers(instance.best.value),
        **compared(instance, found),
    }
    return row, found


def numbers(values: Sequence[int]) -> str:
    """Values with spaces between them."""
    return " ".join(map(str, values))


def gaps(value: Sequence[int], bound: Sequence[int]) -> str:
    """Relative distance of value and bound of each objective."""
    pairs = zip(value, bound, strict=True)
    return " ".join(f"{(high - low) / max(high, 1):.2f}" for high, low in pairs)


def compared(instance: Instance, found: Allocation) -> Row:
    """Whether plan and bound are better, equal or worse than the best known."""
    best = instance.best
    if best is None or not found.value:
        return {"plan": "first" if found.value else "none", "bound_is": ""}
    wrong = contradicts(found.bound, found.value, best.value)
    wrong = wrong or contradicts(best.bound, best.value, found.value)
    word = {-1: "better", 0: "equal", 1: "worse"}
    plan = word[(found.value > best.value) - (found.value < best.value)]
    if wrong:
        return {"plan": plan, "bound_is": CONTRADICTION}
    return {"plan": plan, "bound_is": word[_order(best.bound, found.bound)]}


def _order(best: tuple[int, ...], found: tuple[int, ...]) -> int:
    """-1 if the bound found is higher, 1 if it is lower."""
    return (best > found) - (best < found)


def _run(arguments: argparse.Namespace) -> int:
    load_solvers()
    print(f"with {versions()}", file=sys.stderr)
    chosen = _chosen(arguments)
    interrupted = False
    with CsvRows(arguments.output, COLUMNS) as table:
        try:
            for place, name in enumerate(chosen, 1):
                print(f"solving {name} ({place} of {len(chosen)})", file=sys.stderr)
                instance = load(name, arguments.folder)
                row, found = measure(instance, arguments.time_limit)
                table.add(row)
                if arguments.update and row["bound_is"] != CONTRADICTION:
                    _update(instance, found, arguments.folder)
        except KeyboardInterrupt:
            print(f"interrupted; {len(table.rows)} rows are kept", file=sys.stderr)
            interrupted = True
    cells = [[str(row.get(name, "")) for name in COLUMNS] for row in table.rows]
    print_table(f"Frozen instances, {versions()}", COLUMNS, cells)
    wrong = any(row["bound_is"] == CONTRADICTION for row in table.rows)
    return EXIT_ERROR if wrong else EXIT_INTERRUPTED if interrupted else EXIT_OK


def _chosen(arguments: argparse.Namespace) -> list[str]:
    """The instances that were asked for, the smallest first."""
    every = names(arguments.folder)
    patterns = arguments.instances
    chosen = [n for n in every if not patterns or any(fnmatch.fnmatch(n, p) for p in patterns)]
    if not chosen:
        raise ProblemError(f"no frozen instance is called {' or '.join(patterns)}")
    return chosen


def _update(instance: Instance, found: Allocation, folder: Path) -> None:
    """Stores what is better than the best known."""
    new = found_best(found, versions())
    if new is None:
        return
    best = merged(instance.best, new)
    if best is not instance.best:
        save(replace(instance, best=best), folder)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--instances", nargs="+", metavar="NAME", default=[], help="names or patterns; all if none"
    )
    parser.add_argument(
        "--time-limit",
        type=seconds,
        metavar="SECONDS",
        help="deterministic seconds for each; by default as much as pays",
    )
    parser.add_argument("--update", action="store_true", help="store better plans and bounds")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the instances are")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write CSV here")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Solves the instances; 1 if a bound passes a known plan, 130 after Ctrl-C."""
    arguments = _parser().parse_args(argv)
    return guarded(lambda: _run(arguments))


if __name__ == "__main__":
    sys.exit(main())

"""Where the time goes when a program compiles at level 0, stage by stage.

Prints for each program the milliseconds of every stage in a warm process, and the median
over the programs. Times are of this machine in this run; the shares are what to look at.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from reporting import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    CsvRows,
    Row,
    chosen_programs,
    count,
    guarded,
    sweep,
)

from optitracr import library
from optitracr.allocation.allocate import Search, allocate
from optitracr.allocation.problem import build_problem
from optitracr.assembly.plan import assemble_plan
from optitracr.candidates.standard import standard_components
from optitracr.checking.verification import check_model
from optitracr.graph.averages import expand_averages
from optitracr.graph.build import build_graph
from optitracr.graph.reach.facts import Inputs
from optitracr.library.program import BHATTAMISHRA, LINDNER, WEISS
from optitracr.model.build import build_model
from optitracr.model.reference import Reference
from optitracr.setting import check_setting

STAGES = ("graph", "values", "components", "problem", "allocation", "assembly", "model", "check")


def reference_names() -> list[str]:
    """The programs of the RASP paper, of Tracr and of its shuffle-dyck examples."""
    papers = {WEISS, LINDNER, BHATTAMISHRA}
    return [entry.name for entry in library.programs() if entry.source in papers]


def time_stages(entry: library.Program) -> dict[str, float]:
    """Milliseconds of each stage of one compilation at level 0."""
    program = entry.make()
    took: dict[str, float] = {}

    def timed(stage: str, call: Callable[..., Any], *arguments: Any) -> Any:
        start = time.perf_counter()
        result = call(*arguments)
        took[stage] = 1000 * (time.perf_counter() - start)
        return result

    setting = check_setting(
        entry.vocab, entry.max_seq_len, "compiler_bos", "compiler_pad", entry.causal
    )
    graph = timed("graph", build_graph, program)
    inputs = Inputs(setting.vocabulary, setting.max_seq_len, setting.causal)
    graph, values = timed("values", expand_averages, graph, inputs)
    components = timed("components", standard_components, graph, values, setting)
    problem = timed("problem", build_problem, entry.name, components, setting, None, True)
    allocation = timed("allocation", allocate, problem, 0, Search())
    assembly = timed("assembly", assemble_plan, components, problem, allocation, setting, True)
    model = timed(
        "model", build_model, 0, Reference(program, graph, {}, {}), graph, assembly, setting
    )
    timed("check", check_model, model)
    return took


def main(argv: Sequence[str] | None = None) -> int:
    """Runs every program several times and prints the median of each stage."""
    arguments = _parser().parse_args(argv)
    return guarded(lambda: _run(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--programs", nargs="+", metavar="NAME", help="library names; those of the papers"
    )
    parser.add_argument(
        "--repeat", type=count, default=5, metavar="N", help="runs of each (%(default)s)"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write CSV here")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    programs = chosen_programs(arguments.programs or reference_names())
    with CsvRows(arguments.output, ("program", *STAGES, "total")) as table:
        interrupted = sweep(
            programs, lambda entry: [_medians(entry, arguments.repeat)], table, "timing"
        )
    if table.rows:
        _print(table.rows)
    return EXIT_INTERRUPTED if interrupted else EXIT_OK


def _medians(entry: library.Program, repeat: int) -> Row:
    time_stages(entry)
    runs = [time_stages(entry) for _ in range(repeat)]
    medians = {stage: statistics.median(run[stage] for run in runs) for stage in STAGES}
    return {"program": entry.name, **medians, "total": sum(medians.values())}


def _print(rows: list[Row]) -> None:
    columns = (*STAGES, "total")
    print(f"{'program':<20}" + "".join(f"{column:>12}" for column in columns) + "   [ms]")
    for row in rows:
        print(f"{row['program']:<20}" + "".join(f"{row[c]:>12.2f}" for c in columns))
    medians = [statistics.median(row[c] for row in rows) for c in columns]
    print(f"{'median':<20}" + "".join(f"{m:>12.2f}" for m in medians))


if __name__ == "__main__":
    sys.exit(main())

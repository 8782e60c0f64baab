"""Where the time goes when a reference program compiles at level 0, stage by stage.

Prints for each program the milliseconds of every stage in a warm process, and the median
over the programs. Times are of this machine in this run; the shares are what to look at.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from optitracr import library
from optitracr.allocation.allocate import Search, allocate
from optitracr.allocation.problem import build_problem
from optitracr.assembly.plan import assemble_plan
from optitracr.candidates.setting import check_setting
from optitracr.candidates.standard import standard_components
from optitracr.graph.build import build_graph
from optitracr.graph.values import infer_values
from optitracr.model.build import build_model
from optitracr.model.verification import check_model

STAGES = ("graph", "values", "components", "problem", "allocation", "assembly", "model", "check")


def reference_names() -> list[str]:
    """The programs of Tracr's reference sizes."""
    return [entry.name for entry in library.programs() if "reference" in entry.tags]


def time_stages(name: str) -> dict[str, float]:
    """Milliseconds of each stage of one compilation at level 0."""
    entry = library.get(name)
    program = entry.make()
    took: dict[str, float] = {}

    def timed(stage: str, call: Callable[..., Any], *arguments: Any) -> Any:
        start = time.perf_counter()
        result = call(*arguments)
        took[stage] = 1000 * (time.perf_counter() - start)
        return result

    setting = check_setting(entry.vocab, entry.max_seq_len, "compiler_bos", "compiler_pad", False)
    graph = timed("graph", build_graph, program)
    values = timed("values", infer_values, graph, setting.vocabulary, setting.max_seq_len)
    components = timed("components", standard_components, graph, values, setting)
    problem = timed("problem", build_problem, name, components, setting, None, True)
    allocation = timed("allocation", allocate, problem, 0, Search())
    plan = allocation.plan
    assembly = timed("assembly", assemble_plan, components, problem, plan, setting, True)
    model = timed(
        "model", build_model, 0, program, graph, components, assembly, allocation, setting
    )
    timed("check", check_model, model)
    return took


def main() -> int:
    """Runs every program several times and prints the median of each stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", nargs="*", help="library names; the reference programs")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("-o", "--output", type=Path, help="write CSV here")
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for name in arguments.programs or reference_names():
        print(f"timing {name}", file=sys.stderr)
        time_stages(name)
        runs = [time_stages(name) for _ in range(arguments.repeat)]
        medians = {stage: statistics.median(run[stage] for run in runs) for stage in STAGES}
        rows.append({"program": name, **medians, "total": sum(medians.values())})
    _print(rows)
    if arguments.output:
        with arguments.output.open("w", newline="") as file:
            writer = csv.DictWriter(file, ["program", *STAGES, "total"])
            writer.writeheader()
            writer.writerows(rows)
    return 0


def _print(rows: list[dict[str, Any]]) -> None:
    columns = (*STAGES, "total")
    print(f"{'program':<20}" + "".join(f"{column:>12}" for column in columns) + "   [ms]")
    for row in rows:
        print(f"{row['program']:<20}" + "".join(f"{row[c]:>12.2f}" for c in columns))
    medians = [statistics.median(row[c] for row in rows) for c in columns]
    print(f"{'median':<20}" + "".join(f"{m:>12.2f}" for m in medians))


if __name__ == "__main__":
    sys.exit(main())

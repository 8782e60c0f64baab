"""Where the time goes when a program compiles, stage by stage.

Prints for each program the milliseconds of CPU of every stage in a warm process, of the fastest of
some runs; their medians and sums; and what is taken without the check. Times are of this machine;
the shares are what to look at.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Sequence

from program_sets import SETS
from reporting import (
    CsvRows,
    Row,
    add_measuring_options,
    exit_code,
    guarded,
    measured_programs,
    sweep,
)

from optitracr import library
from optitracr.levels import LEVELS
from optitracr.options import check_options
from optitracr.recipes import TRACR
from optitracr.setting import check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from optitracr.stages import Compilation, Made, Stage

UNCHECKED, TOTAL = "unchecked", "total"


def time_stages(entry: library.Program, level: int, check: str | bool = True) -> dict[str, float]:
    """Milliseconds of CPU of each stage of one compilation."""
    options = check_options(optimize=level, causal=entry.causal, check=check)
    setting = check_setting(
        entry.vocab, entry.max_seq_len, COMPILER_BOS, COMPILER_PAD, entry.causal
    )
    took = dict.fromkeys(map(str, Stage), 0.0)
    program, at = entry.make(), time.process_time()

    def watch(made: Made) -> None:
        nonlocal at
        now = time.process_time()
        took[made.stage] += 1000 * (now - at)
        at = now

    Compilation(program, setting, options, watch=watch).compiled()
    return took


def main(argv: Sequence[str] | None = None) -> int:
    """Runs every program several times and prints the stages of the fastest run."""
    arguments = _parser().parse_args(argv)
    return guarded(lambda: _run(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_measuring_options(parser, SETS, "papers")
    parser.add_argument(
        "--level", type=int, choices=LEVELS, default=TRACR.level, help="(%(default)s)"
    )
    parser.add_argument("--no-check", action="store_true", help="neither prove nor check")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    programs = measured_programs(arguments, SETS)
    with CsvRows(arguments.output, ("program", *Stage, UNCHECKED, TOTAL)) as table:
        interrupted = sweep(programs, lambda entry: [_fastest(entry, arguments)], table, "timing")
    if table.rows:
        _print(table.rows)
    return exit_code(interrupted)


def _fastest(entry: library.Program, arguments: argparse.Namespace) -> Row:
    """The stages of the fastest run; one more goes first, and warms up, where there are several."""
    warm_up = int(arguments.repeat > 1)
    runs = [
        time_stages(entry, arguments.level, not arguments.no_check)
        for _ in range(warm_up + arguments.repeat)
    ]
    best = min(runs[warm_up:], key=lambda run: sum(run.values()))
    total = sum(best.values())
    return {"program": entry.name, **best, UNCHECKED: total - best[Stage.CHECK], TOTAL: total}


def _print(rows: list[Row]) -> None:
    columns = (*Stage, UNCHECKED, TOTAL)
    print(f"{'program':<20}" + "".join(f"{column:>12}" for column in columns) + "   [ms]")
    middle = {c: statistics.median(row[c] for row in rows) for c in columns}
    whole = {c: sum(row[c] for row in rows) for c in columns}
    for row in (*rows, {"program": "median", **middle}, {"program": "sum", **whole}):
        print(f"{row['program']:<20}" + "".join(f"{row[c]:>12.2f}" for c in columns))


if __name__ == "__main__":
    sys.exit(main())

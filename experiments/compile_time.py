"""Where the time goes when a program compiles at level 0, stage by stage.

Prints for each program the milliseconds of every stage in a warm process, and the median
over the programs. Times are of this machine in this run; the shares are what to look at.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

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
from optitracr.library.program import BHATTAMISHRA, LINDNER, WEISS
from optitracr.options import check_options
from optitracr.recipes import TRACR
from optitracr.setting import check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from optitracr.stages import Compilation, Made, Stage


def reference_names() -> list[str]:
    """The programs of the RASP paper, of Tracr and of its shuffle-dyck examples."""
    papers = {WEISS, LINDNER, BHATTAMISHRA}
    return [entry.name for entry in library.programs() if entry.source in papers]


def time_stages(entry: library.Program) -> dict[str, float]:
    """Milliseconds of each stage of one compilation at level 0."""
    options = check_options(optimize=TRACR.level, causal=entry.causal)
    setting = check_setting(
        entry.vocab, entry.max_seq_len, COMPILER_BOS, COMPILER_PAD, entry.causal
    )
    made: list[Made] = []
    Compilation(entry.make(), setting, options, watch=made.append).compiled()
    return {stage.stage: 1000 * stage.seconds for stage in made}


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
    with CsvRows(arguments.output, ("program", *Stage, "total")) as table:
        interrupted = sweep(
            programs, lambda entry: [_medians(entry, arguments.repeat)], table, "timing"
        )
    if table.rows:
        _print(table.rows)
    return EXIT_INTERRUPTED if interrupted else EXIT_OK


def _medians(entry: library.Program, repeat: int) -> Row:
    time_stages(entry)
    runs = [time_stages(entry) for _ in range(repeat)]
    medians = {stage: statistics.median(run[stage] for run in runs) for stage in Stage}
    return {"program": entry.name, **medians, "total": sum(medians.values())}


def _print(rows: list[Row]) -> None:
    columns = (*Stage, "total")
    print(f"{'program':<20}" + "".join(f"{column:>12}" for column in columns) + "   [ms]")
    for row in rows:
        print(f"{row['program']:<20}" + "".join(f"{row[c]:>12.2f}" for c in columns))
    medians = [statistics.median(row[c] for row in rows) for c in columns]
    print(f"{'median':<20}" + "".join(f"{m:>12.2f}" for m in medians))


if __name__ == "__main__":
    sys.exit(main())

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
from collections.abc import Callable, Sequence
from dataclasses import replace
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
from optitracr.levels import LEVELS
from optitracr.library.program import BHATTAMISHRA, LINDNER, WEISS
from optitracr.options import check_options
from optitracr.rasp import (
    Comparison,
    Select,
    SelectorWidth,
    SequenceMap,
    SOp,
    indices,
    tokens,
)
from optitracr.recipes import TRACR
from optitracr.setting import check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from optitracr.stages import Compilation, Made, Stage

UNCHECKED, TOTAL = "unchecked", "total"


def papers() -> list[library.Program]:
    """The programs of the RASP paper, of Tracr and of its shuffle-dyck examples."""
    sources = {WEISS, LINDNER, BHATTAMISHRA}
    return [entry for entry in library.programs() if entry.source in sources]


def realistic() -> list[library.Program]:
    """Five programs with vocabularies and lengths as they are in use."""
    letters = tuple(map(chr, range(ord("a"), ord("z") + 1)))
    sort = replace(
        library.get("sort"),
        make=lambda: library.make_sort(tokens, tokens, max_seq_len=20, min_key=1),
    )
    return [
        _sized(library.get("hist"), tuple(f"t{i}" for i in range(100)), 50),
        _sized(library.get("reverse"), letters, 32),
        _sized(sort, tuple(range(1, 21)), 20),
        library.get("sort_freq"),
        library.get("shuffle_dyck3"),
    ]


def wide() -> list[library.Program]:
    """Programs whose models are wide where every value has a dimension."""
    hist = library.get("hist")
    return [
        _sized(hist, hist.vocab, 200),
        _written("quotient", _quotient, tuple(range(1, 31)), 30),
        _written("puzzle", _puzzle, tuple(range(100)), 128),
    ]


def _quotient() -> SOp:
    """A token divided by its position."""
    return SequenceMap(lambda x, i: x / (i + 1), tokens, indices).named("quotient")


def _puzzle() -> SOp:
    """A digit of each token and position, and how often it occurs."""
    digit = SequenceMap(lambda x, i: (7 * x + 3 * i) % 10, tokens, indices).named("digit")
    return SelectorWidth(Select(digit, digit, Comparison.EQ)).named("puzzle")


SETS: dict[str, Callable[[], list[library.Program]]] = {
    "papers": papers,
    "realistic": realistic,
    "wide": wide,
    "library": lambda: list(library.programs()),
}


def _sized(entry: library.Program, vocab: tuple[object, ...], length: int) -> library.Program:
    name = f"{entry.name}_{len(vocab)}x{length}"
    return replace(entry, name=name, vocab=vocab, max_seq_len=length)


def _written(
    name: str, make: Callable[[], SOp], vocab: tuple[object, ...], length: int
) -> library.Program:
    return _sized(library.Program(name, make, "", make.__doc__ or "", vocab, length), vocab, length)


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
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--programs", nargs="+", metavar="NAME", help="library names")
    chosen.add_argument("--set", choices=SETS, default="papers", help="or a set (%(default)s)")
    parser.add_argument(
        "--level", type=int, choices=LEVELS, default=TRACR.level, help="(%(default)s)"
    )
    parser.add_argument("--no-check", action="store_true", help="neither prove nor check")
    parser.add_argument(
        "--repeat", type=count, default=5, metavar="N", help="runs of each (%(default)s)"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write CSV here")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    programs = chosen_programs(arguments.programs) if arguments.programs else SETS[arguments.set]()
    with CsvRows(arguments.output, ("program", *Stage, UNCHECKED, TOTAL)) as table:
        interrupted = sweep(programs, lambda entry: [_fastest(entry, arguments)], table, "timing")
    if table.rows:
        _print(table.rows)
    return EXIT_INTERRUPTED if interrupted else EXIT_OK


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

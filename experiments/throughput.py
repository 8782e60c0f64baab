"""How many sequences a second models run: `apply_batch` beside `apply`, one sequence a call.

Prints for each program and level the sequences a second of `apply_batch`, from lists of tokens to
lists of values, for sequences of the maximal length and for those of any length; what its first
call takes, in which everything is found out that is looked up later; and the sequences a second of
`apply`, and how many times as many that is. Times are of the fastest of some runs on this machine,
in one process.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from program_sets import SETS
from reporting import (
    CsvRows,
    Row,
    add_measuring_options,
    count,
    exit_code,
    guarded,
    measured_programs,
    print_table,
    sweep,
)

from optitracr import compile_rasp_to_model, library
from optitracr.compiled import CompiledModel
from optitracr.levels import LEVELS

COLUMNS = ("program", "level", "first_ms", "full", "mixed", "one", "times")
ALONE = 5
"""Sequences that `apply` is measured on: it takes milliseconds for each."""


def sequences(model: CompiledModel, number: int, least: int) -> list[list[Any]]:
    """Random sequences of some length at least."""
    rng, setting = random.Random(0), model.setting
    return [
        [
            setting.bos,
            *rng.choices(setting.vocabulary, k=rng.randint(least, setting.max_seq_len)),
        ]
        for _ in range(number)
    ]


def seconds(call: Callable[[], object], repeat: int) -> float:
    """What the fastest of some calls takes."""
    taken = []
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return min(taken)


def measure(entry: library.Program, level: int, number: int, repeat: int) -> Row:
    """The sequences a second of a program at a level."""
    model = compile_rasp_to_model(
        entry.make(),
        entry.vocab,
        entry.max_seq_len,
        causal=entry.causal,
        optimize=level,
        check=False,
    )
    full = sequences(model, number, model.setting.max_seq_len)
    mixed = sequences(model, number, 1)
    first = seconds(lambda: model.apply_batch(full), 1)
    model.apply_batch(mixed)
    model.apply(full[0])
    rates = [number / seconds(partial(model.apply_batch, given), repeat) for given in (full, mixed)]
    one = ALONE / seconds(lambda: [model.apply(tokens) for tokens in full[:ALONE]], repeat)
    cells = (entry.name, level, 1000 * first, *rates, one, rates[0] / one)
    return dict(zip(COLUMNS, cells, strict=True))


def main(argv: Sequence[str] | None = None) -> int:
    """Measures every program at every level and prints the rates."""
    arguments = _parser().parse_args(argv)
    return guarded(lambda: _run(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_measuring_options(parser, SETS, "realistic")
    parser.add_argument("--levels", type=int, nargs="+", choices=LEVELS, default=list(LEVELS))
    parser.add_argument(
        "--sequences", type=count, default=4096, metavar="N", help="of a batch (%(default)s)"
    )
    return parser


def _run(arguments: argparse.Namespace) -> int:
    programs = measured_programs(arguments, SETS)

    def rows(entry: library.Program) -> Iterator[Row]:
        for level in arguments.levels:
            yield measure(entry, level, arguments.sequences, arguments.repeat)

    with CsvRows(arguments.output, COLUMNS) as table:
        interrupted = sweep(programs, rows, table, "measuring")
    if table.rows:
        _print(table.rows)
    return exit_code(interrupted)


def _print(rows: list[Row]) -> None:
    titles = ("program", "level", "first call", "full length", "any length", "apply", "ratio")
    print_table(
        "Sequences a second; the first call in milliseconds",
        titles,
        [
            (row["program"], str(row["level"]), *(f"{row[name]:,.0f}" for name in COLUMNS[2:]))
            for row in rows
        ],
    )
    for level in sorted({row["level"] for row in rows}):
        ratios = [row["times"] for row in rows if row["level"] == level]
        mean, least = statistics.geometric_mean(ratios), min(ratios)
        print(f"level {level}: {mean:,.0f} times apply in the geometric mean, {least:,.0f} least")


if __name__ == "__main__":
    sys.exit(main())

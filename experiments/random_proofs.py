"""Random programs, of which each model is proven: what share is, and why the others are not.

Each program of `optitracr.library.random_programs` is compiled at level 2, proven within the budget
of a compilation, and verified besides, by code that shares nothing with the proof but the
interpreter: every variable at every state, on every input up to a length and on random ones beyond.
A model that is PROVEN and differs from the interpreter, or is REFUTED, is a failure. With -o, each
program is a row of a CSV file, and a run that was interrupted goes on where it ended.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from reporting import (
    CsvRows,
    Row,
    count,
    exit_code,
    guarded,
    load_solvers,
    print_table,
    seconds,
)
from rich.console import Console
from rich.progress import track

from optitracr import compile_rasp_to_model
from optitracr.checking.proof.prove import BUDGET, prove_model
from optitracr.checking.verification import verify_model
from optitracr.corpus.wording import general, reason_of
from optitracr.errors import (
    CausalReadingWarning,
    FileError,
    OptitracrError,
    VerificationError,
)
from optitracr.library.random_programs import random_program
from optitracr.model.proof import Status

COLUMNS = ("seed", "size", "status", "reason", "wrong", "layers", "inputs", "compile", "prove")

REFUSED = "refused"
"""The status of a program that does not compile, with a reason."""

VERIFIED, SAMPLED = 400, 100
"""Inputs on which each model is compared besides: all of them for the programs by default, which
have three tokens and up to five positions."""

PROGRESS = 30.0
"""Seconds between lines of progress where there is no terminal."""


def measure(seed: int, arguments: argparse.Namespace) -> Row:
    """What becomes of one program."""
    made = random_program(seed, arguments.size)
    row: Row = {"seed": seed, "size": arguments.size, "reason": "", "wrong": ""}
    start = time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CausalReadingWarning)
            model = compile_rasp_to_model(
                made.program,
                made.vocab,
                made.max_seq_len,
                time_limit=arguments.time_limit,
                check=False,
            )
    except OptitracrError as error:
        return {**row, "status": REFUSED, "reason": reason_of(error)}
    compiled = time.process_time()
    proof = prove_model(model, budget=BUDGET)
    proven = time.process_time()
    try:
        verify_model(model, VERIFIED, SAMPLED, seed, backend="numpy")
    except VerificationError as error:
        row["wrong"] = " ".join(str(error).split())
    open_first = proof.open[0] if proof.open else proof.finding
    return {
        **row,
        "status": proof.status.value,
        "reason": general(open_first),
        "layers": model.size.layers,
        "inputs": proof.inputs,
        "compile": round(compiled - start, 3),
        "prove": round(proven - compiled, 3),
    }


def kept(path: Path | None, size: int) -> list[Row]:
    """The rows that a file holds.

    Raises:
        FileError: If it holds something else, or programs of another size.
    """
    if path is None or not path.exists():
        return []
    try:
        with path.open(newline="") as file:
            rows: list[Row] = list(csv.DictReader(file))
        found = [row for row in rows if None not in (*row, *row.values())]
        if not all(int(row["size"]) == size for row in found):
            raise FileError(f"{path} holds programs of another size; name another file")
        return [{**row, "seed": int(row["seed"])} for row in found]
    except (OSError, UnicodeDecodeError, KeyError, ValueError) as error:
        raise FileError(f"{path} cannot be read: {error}; name another file") from None


def progress(seeds: Sequence[int]) -> Iterator[int]:
    """The seeds, shown as they come: a bar on a terminal, else a line now and then."""
    errors = Console(stderr=True)
    if errors.is_terminal:
        yield from track(seeds, "proving", console=errors)
        return
    shown = time.monotonic()
    for place, seed in enumerate(seeds):
        if time.monotonic() - shown >= PROGRESS:
            shown = time.monotonic()
            print(f"{place:,} of {len(seeds):,} programs", file=sys.stderr)
        yield seed


def failed(row: Row) -> bool:
    """Whether a model is wrong, or a proof says that it is."""
    return bool(row["wrong"]) or row["status"] == Status.REFUTED.value


def show(rows: Sequence[Row]) -> None:
    """The share of each status, times, and reasons by frequency."""
    compiled = [row for row in rows if row["status"] != REFUSED]
    cells = [
        [status, f"{number:,}", f"{number / len(compiled):.2%}" if status != REFUSED else ""]
        for status, number in Counter(row["status"] for row in rows).most_common()
    ]
    print_table("Random programs", ("status", "programs", "of those compiled"), cells)
    reasons = Counter(row["reason"] for row in rows if row["reason"])
    cells = [[reason, f"{number:,}"] for reason, number in reasons.most_common()]
    print_table("Why not", ("reason", "programs"), cells)
    for what in ("compile", "prove"):
        times = sorted(float(row[what]) for row in compiled)
        if times:
            middle, total = times[len(times) // 2], sum(times)
            print(f"{what}: {middle:.3f} s at the median, {times[-1]:.1f} s at most, {total:.0f} s")
    for row in filter(failed, rows):
        print(f"seed {row['seed']}: {row['status']}: {row['wrong'] or row['reason']}")


def _run(arguments: argparse.Namespace) -> int:
    load_solvers()
    before = kept(arguments.output, arguments.size)
    done = {row["seed"] for row in before}
    seeds = range(arguments.seed, arguments.seed + arguments.programs)
    interrupted, end = False, time.monotonic() + 60 * (arguments.minutes or float("inf"))
    with CsvRows(arguments.output, COLUMNS) as table:
        for row in before:
            table.add(row)
        try:
            for seed in progress([seed for seed in seeds if seed not in done]):
                table.add(measure(seed, arguments))
                if time.monotonic() > end:
                    break
        except KeyboardInterrupt:
            print(f"interrupted; {len(table.rows)} programs are kept", file=sys.stderr)
            interrupted = True
    show(table.rows)
    return exit_code(interrupted, any(map(failed, table.rows)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=count, default=2000, metavar="N", help="(%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the first program")
    parser.add_argument("--size", type=count, default=20, help="s-ops of each (%(default)s)")
    parser.add_argument("--minutes", type=count, metavar="MINUTES", help="stop after so long")
    parser.add_argument(
        "--time-limit",
        type=seconds,
        default=0.0,
        metavar="SECONDS",
        help="for each solve; the heuristic's allocation by default (%(default)g)",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="write CSV here, and resume"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Proves random programs; 1 if a model was wrong or refuted, 130 after Ctrl-C."""
    arguments = _parser().parse_args(argv)
    return guarded(lambda: _run(arguments))


if __name__ == "__main__":
    sys.exit(main())

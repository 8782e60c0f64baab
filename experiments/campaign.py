"""Random programs over the whole language, compiled at every level and compared with RASP.

Each program is compiled at levels 0, 1 and 2, every other one in its causal reading, and each
model verified: every variable at every state, on every input up to a length. A program that
a level refuses with a reason counts as refused; anything else that is not exact is a failure,
printed at once with the call that makes the program again. Ctrl-C and the budget keep what
was done.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

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
)

from optitracr import compile_rasp_to_model
from optitracr.errors import LimitError, UnsupportedError
from optitracr.levels import LEVELS
from optitracr.library.random_programs import Feature, random_program
from optitracr.model.verification import verify_model

COLUMNS = ("seed", "sops", "causal", "level", "outcome", "features", "inputs", "message")
BLOCK = 20


@dataclass(slots=True)
class Tally:
    """What a campaign has seen.

    Attributes:
        programs: Number of programs.
        outcomes: By level and outcome.
        features: Programs in which each feature occurs.
        inputs: Inputs that models were compared on.
        failures: Number of failures.
    """

    programs: int = 0
    outcomes: Counter[tuple[int, str]] = field(default_factory=Counter)
    features: Counter[str] = field(default_factory=Counter)
    inputs: int = 0
    failures: int = 0


def try_program(seed: int) -> list[Row]:
    """One row a level: what became of the random program of a seed."""
    size, length, causal = 3 + seed % 7, 3 + seed % 3, bool(seed % 2)
    made = random_program(seed, size, 2 + seed % 2, length, list(Feature))
    rows = []
    for level in LEVELS:
        row: Row = {"seed": seed, "sops": made.size, "causal": causal, "level": level}
        row |= {"features": " ".join(sorted(made.features)), "inputs": 0, "message": ""}
        try:
            model = compile_rasp_to_model(
                made.program,
                made.vocab,
                made.max_seq_len,
                causal=causal,
                optimize=level,
                time_limit=2.0,
                check=False,
            )
            report = verify_model(model, 150, 50, seed, backend="numpy")
            rows.append({**row, "outcome": "exact", "inputs": report.inputs})
        except (UnsupportedError, LimitError) as error:
            rows.append({**row, "outcome": "refused", "message": str(error)})
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            rows.append({**row, "outcome": "FAILED", "message": message})
    return rows


def try_block(seeds: Sequence[int]) -> list[Row]:
    """The rows of several seeds."""
    return [row for seed in seeds for row in try_program(seed)]


def _blocks(first: int, programs: int) -> Iterator[range]:
    for start in range(first, first + programs, BLOCK):
        yield range(start, min(start + BLOCK, first + programs))


def _record(tally: Tally, rows: Sequence[Row], table: CsvRows) -> None:
    for row in rows:
        tally.outcomes[row["level"], row["outcome"]] += 1
        tally.inputs += row["inputs"]
        if row["level"] == LEVELS[0]:
            tally.programs += 1
            tally.features.update(row["features"].split())
        if row["outcome"] == "FAILED":
            tally.failures += 1
            print(f"seed {row['seed']}, level {row['level']}: {row['message']}", file=sys.stderr)
        if row["outcome"] != "exact":
            table.add(row)


def _run(arguments: argparse.Namespace) -> int:
    tally, interrupted = Tally(), False
    start = time.perf_counter()
    blocks = _blocks(arguments.seed, arguments.programs)
    with (
        CsvRows(arguments.output, COLUMNS) as table,
        ProcessPoolExecutor(arguments.workers) as pool,
    ):
        try:
            while chunk := list(islice(blocks, 4 * arguments.workers)):
                for rows in pool.map(try_block, chunk):
                    _record(tally, rows, table)
                took = time.perf_counter() - start
                print(f"{tally.programs:,} programs in {took:.0f} s", file=sys.stderr)
                if arguments.budget and took > 60 * arguments.budget:
                    break
        except KeyboardInterrupt:
            print(f"interrupted; {tally.programs} programs are kept", file=sys.stderr)
            interrupted = True
    _show(tally)
    return EXIT_INTERRUPTED if interrupted else EXIT_ERROR if tally.failures else EXIT_OK


def _show(tally: Tally) -> None:
    cells = [
        [
            str(level),
            *(f"{tally.outcomes[level, name]:,}" for name in ("exact", "refused", "FAILED")),
        ]
        for level in LEVELS
    ]
    title = f"{tally.programs:,} random programs, {tally.inputs:,} comparisons"
    print_table(title, ("level", "exact", "refused", "failed"), cells)
    features = [[name, f"{number:,}"] for name, number in sorted(tally.features.items())]
    print_table("Programs with each feature", ("feature", "programs"), features)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=count, default=20_000, metavar="N")
    parser.add_argument("--seed", type=int, default=0, help="of the first program")
    parser.add_argument("--workers", type=count, default=2, metavar="N", help="processes")
    parser.add_argument("--budget", type=count, metavar="MINUTES", help="stop after so long")
    add_output_options(parser, time_limit=2.0)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the campaign; 1 if a model was not exact, 130 after Ctrl-C."""
    arguments = _parser().parse_args(argv)
    return guarded(lambda: _run(arguments))


if __name__ == "__main__":
    sys.exit(main())

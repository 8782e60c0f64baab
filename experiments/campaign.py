"""Random programs over the whole language, compiled at every level and compared with RASP.

Each program is compiled at levels 0, 1 and 2 and each model verified: every variable at every
state, on every input up to a length, on random inputs beyond, and on those that a search finds
for rare cases. A program that a level refuses with a reason counts as refused; a model that
differs, an error that is not the library's and a failed check are failures, printed at once
with the seed that makes the program again. The old generator draws small programs over few
tokens, every other one in its causal reading; the rare one draws what behaves in rare ways,
in both readings. With -o, results are appended to a file as they come, and a campaign that was
interrupted goes on where it ended.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from campaign_programs import FAILURES, GENERATORS, Run, as_json, from_json
from campaign_tables import show
from campaign_workers import results
from reporting import count, exit_code, guarded, seconds

from optitracr.errors import FileError

Runs = dict[int, list[Run]]

PROGRESS = 30.0
"""Seconds between lines of progress."""


def read_runs(path: Path, generator: str) -> Runs:
    """The runs that a file holds, by seed; a last line that is cut short is left out.

    Raises:
        FileError: If it is no file of a campaign, or one of another generator.
    """
    found: Runs = {}
    try:
        lines = path.read_text().splitlines() if path.exists() else []
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path} cannot be read: {error}; name another file") from None
    for place, line in enumerate(lines):
        try:
            stored = json.loads(line)
            if stored["generator"] != generator:
                raise FileError(
                    f"{path} holds a campaign of the {stored['generator']} generator; "
                    "name another file"
                )
            found[stored["seed"]] = [from_json(run) for run in stored["runs"]]
        except (ValueError, KeyError, TypeError) as error:
            if place < len(lines) - 1:
                raise FileError(f"line {place + 1} of {path} holds no runs: {error}") from None
    return found


def _opened(path: Path, runs: Runs, generator: str) -> TextIO:
    """The file, with the runs that were in it, and open for more."""
    try:
        file = path.open("w")
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror}; name another") from None
    for seed, done in runs.items():
        _store(file, generator, seed, done)
    return file


def _store(file: TextIO, generator: str, seed: int, runs: Sequence[Run]) -> None:
    stored: dict[str, Any] = {"generator": generator, "seed": seed}
    file.write(json.dumps({**stored, "runs": [as_json(run) for run in runs]}) + "\n")
    file.flush()


def _report(generator: str, seed: int, runs: Sequence[Run]) -> None:
    """Prints failures at once."""
    for run in runs:
        if run.outcome in FAILURES:
            reading = "causal" if run.causal else "full"
            print(
                f"{generator} seed {seed}, level {run.level}, {reading}: {run.outcome}: "
                f"{run.message}",
                file=sys.stderr,
            )


def _run(arguments: argparse.Namespace) -> int:
    generator, path = arguments.generator, arguments.output
    seeds = range(arguments.seed, arguments.seed + arguments.programs)
    known: Runs = {} if path is None else read_runs(path, generator)
    file = None if path is None else _opened(path, known, generator)
    runs = {seed: known[seed] for seed in seeds if seed in known}
    interrupted = False
    try:
        _collect(arguments, [seed for seed in seeds if seed not in known], runs, file)
    except KeyboardInterrupt:
        print(f"interrupted; {len(runs)} programs are kept", file=sys.stderr)
        interrupted = True
    finally:
        if file is not None:
            file.close()
    show(generator, runs)
    failed = any(run.outcome in FAILURES for done in runs.values() for run in done)
    return exit_code(interrupted, failed)


def _collect(
    arguments: argparse.Namespace, seeds: Sequence[int], runs: Runs, file: TextIO | None
) -> None:
    """Adds the runs of some seeds, in the order in which they are done."""
    start = shown = time.monotonic()
    for seed, done in results(arguments.generator, seeds, arguments.workers, arguments.guard):
        runs[seed] = done
        if file is not None:
            _store(file, arguments.generator, seed, done)
        _report(arguments.generator, seed, done)
        now = time.monotonic()
        if now - shown >= PROGRESS:
            print(f"{len(runs):,} programs after {now - start:.0f} s", file=sys.stderr)
            shown = now
        if arguments.budget and now - start > 60 * arguments.budget:
            return


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generator", choices=GENERATORS, default="rare", help="(%(default)s)")
    parser.add_argument("--programs", type=count, default=5000, metavar="N", help="(%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the first program")
    parser.add_argument("--workers", type=count, default=2, metavar="N", help="processes")
    parser.add_argument("--budget", type=count, metavar="MINUTES", help="stop after so long")
    parser.add_argument(
        "--guard",
        type=seconds,
        default=300.0,
        metavar="SECONDS",
        help="CPU time for one program; beyond that it counts as slow (%(default)g)",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="append results here, and resume"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the campaign; 1 if a model was not exact or an error not ours, 130 after Ctrl-C."""
    arguments = _parser().parse_args(argv)
    return guarded(lambda: _run(arguments))


if __name__ == "__main__":
    sys.exit(main())

"""The command corpus: makes a collection of compiled programs, and goes on where it was."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

from optitracr import corpus
from optitracr.cli.commands import options
from optitracr.cli.executors import executor_at
from optitracr.cli.output import Output, one_line
from optitracr.cli.programs import resolve
from optitracr.cli.progress import shown_progress
from optitracr.cli.source import MODULE_PREFIX
from optitracr.corpus.making import Made
from optitracr.corpus.progress import Progress, duration
from optitracr.corpus.tasks import EXTRA
from optitracr.errors import InputError, VerificationError
from optitracr.extras import require

EXIT_OK, EXIT_MISMATCH = 0, 3
"""Exit codes: of a corpus that is whole, and where a model differed from the interpreter."""


def make_corpus(arguments: argparse.Namespace, output: Output) -> int:
    """Makes a corpus, and prints what is in it."""
    programs = _programs(arguments)
    given: dict[str, Any] = {
        "guard": corpus.Guard(arguments.guard_seconds, arguments.guard_memory << 20),
        "split": arguments.split,
        "workers": arguments.workers,
        "causal": arguments.causal,
        "optimize": arguments.optimize,
        **options(arguments),
    }
    with executor_at(arguments.scheduler) as executor, shown_progress(_Failures) as watch:
        made = corpus.make(programs, arguments.folder, executor=executor, watch=watch, **given)
    if arguments.json:
        output.json(
            {
                "folder": str(made.folder),
                "compiled": made.compiled,
                "guarded": made.guarded,
                **made.counts.as_dict(),
            }
        )
    else:
        _print(made, output)
    wrong = any(reason.startswith(VerificationError.__name__) for reason in made.counts.failures)
    return EXIT_MISMATCH if wrong else EXIT_OK


def _programs(arguments: argparse.Namespace) -> corpus.RandomPrograms | list[corpus.Item]:
    """What is to be compiled.

    Raises:
        InputError: If it is nothing, or both random programs and others.
    """
    if arguments.random is None:
        return _named(arguments)
    if arguments.programs:
        raise InputError("--random goes without programs; leave one of them out")
    if arguments.vocab is not None or arguments.domain is not None:
        raise InputError("--vocab and --domain are for programs by name; give --tokens N")
    given = {"max_seq_len": arguments.max_seq_len, "features": arguments.features}
    return corpus.RandomPrograms(
        arguments.random,
        arguments.size,
        arguments.seed,
        arguments.generator,
        arguments.tokens,
        **{name: value for name, value in given.items() if value is not None},
    )


def _named(arguments: argparse.Namespace) -> list[corpus.Item]:
    if not arguments.programs:
        raise InputError("nothing is to be compiled; name programs, or give --random COUNT")
    found = [resolve(name, arguments) for name in arguments.programs]
    # A user's file is no module that another process could import, so its code goes with it.
    cloudpickle = require("cloudpickle", "cloudpickle", EXTRA)
    for name, module in list(sys.modules.items()):
        if name.startswith(MODULE_PREFIX):
            cloudpickle.register_pickle_by_value(module)
    return [
        corpus.Item(
            named.name, named.program, named.vocab, named.max_seq_len, named.causal, named.domain
        )
        for named in found
    ]


class _Failures:
    """Tells of each reason for failures when it comes first."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._told = say, set[str]()

    def __call__(self, progress: Progress) -> None:
        """Tells of reasons that are new."""
        for reason in progress.failures.keys() - self._told:
            self._told.add(reason)
            self._say(one_line(f"a program fails: {reason}"))


def _print(made: Made, output: Output) -> None:
    from rich.table import Table

    counts = made.counts
    table = Table(title=f"{counts.programs:,} programs")
    table.add_column("what became of them")
    table.add_column("programs", justify="right")
    rows = [(f"in {split}", number) for split, number in counts.splits.items()]
    rows += [(f"known of the model: {status}", number) for status, number in counts.proofs.items()]
    rows += [(f"left out: equal {what}", number) for what, number in counts.duplicates.items()]
    rows += [(f"failed: {reason}", number) for reason, number in counts.failures.items()]
    for what, number in rows:
        table.add_row(one_line(what), f"{number:,}")
    output.table(table)
    rate = f" ({made.compiled / made.seconds:.1f} a second)" if made.compiled else ""
    took = f"{made.compiled:,} compiled now in {duration(made.seconds)}{rate}"
    output.line(f"{made.folder}: {counts.rows:,} models; {took}")
    if made.guarded:
        output.line(f"{made.guarded:,} were ended by a guard; the same command tries them again")

"""The command prove: a proof of each program's model, or of each saved one."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from optitracr import library
from optitracr.cli.commands import compile_named, options
from optitracr.cli.output import Output, one_line, tell
from optitracr.cli.programs import resolve
from optitracr.cli.proofs import proof_data, show_proof
from optitracr.compiled import CompiledModel, with_verbs
from optitracr.errors import InputError, OptitracrError
from optitracr.files.saving import MANIFEST, load
from optitracr.model.proof import Proof, Status

EXIT = {Status.PROVEN: 0, Status.REFUTED: 3, Status.CHECKED: 4}
"""Exit codes for what came of a proof: 3 is that of a model that differs from the interpreter."""

EXIT_ERROR = 1
"""Exit code of a model that could not be made or read."""

GRAVEST = (EXIT[Status.REFUTED], EXIT_ERROR, EXIT[Status.CHECKED], EXIT[Status.PROVEN])
"""Exit codes, the gravest first."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Something to be proven.

    Attributes:
        name: As it was named.
        model: Compiles or reads it.
    """

    name: str
    model: Callable[[], CompiledModel]


def prove_models(arguments: argparse.Namespace, output: Output) -> int:
    """Proves each program and saved model; goes on after one that fails.

    Returns:
        3 if one is refuted; else 1 if one could not be made or read; else 4 if obligations of one
        are open; else 0.
    """
    codes = {_prove(subject, arguments, output) for subject in subjects(arguments)}
    return next(code for code in GRAVEST if code in codes)


def subjects(arguments: argparse.Namespace) -> list[Subject]:
    """The programs and saved models named on the command line, or with --all the whole library.

    Raises:
        InputError: If none is named, a name could mean either, or an option is wrong.
        OptitracrError: If one cannot be found; that is known before the work.
    """
    options(arguments)
    found = [_named(name, arguments) for name in arguments.programs]
    if arguments.all:
        found += [_of_program(entry.name, arguments) for entry in library.programs()]
    if not found:
        raise InputError(
            "nothing is named; give programs (see `optitracr list`) or folders of saved models, "
            "or use --all"
        )
    return found


def _named(name: str, arguments: argparse.Namespace) -> Subject:
    folder = Path(name)
    if not os.path.lexists(folder / MANIFEST):
        return _of_program(name, arguments)
    if name in library.names():
        raise InputError(
            f"{name} is a program of the library and a saved model here; write ./{name} for the "
            "model, or go to another folder for the program"
        )
    given = (arguments.vocab, arguments.max_seq_len, arguments.domain)
    if arguments.causal or any(option is not None for option in given):
        raise InputError(
            f"{name} is a saved model, which has its vocabulary, length, reading and domain; "
            "leave --vocab, --max-seq-len, --causal and --domain out"
        )
    return Subject(name, partial(_read, folder))


def _read(folder: Path) -> CompiledModel:
    """A saved model as it is: what it computes is found out, whoever changed it."""
    return with_verbs(load(folder, changed=True))


def _of_program(name: str, arguments: argparse.Namespace) -> Subject:
    named = resolve(name, arguments)
    return Subject(named.name, partial(compile_named, named, arguments.optimize, arguments))


def _prove(subject: Subject, arguments: argparse.Namespace, output: Output) -> int:
    try:
        proof = subject.model().prove()
    except OptitracrError as error:
        _show_failure(subject, error, arguments, output)
        return EXIT_ERROR
    if arguments.json:
        head = {"program": subject.name, "proven": proof.proven, "error": None}
        output.json({**head, **proof_data(proof), "seconds": proof.seconds})
    else:
        show_proof(subject.name, proof, output)
    return EXIT[proof.status]


def _show_failure(
    subject: Subject, error: OptitracrError, arguments: argparse.Namespace, output: Output
) -> None:
    tell(f"{subject.name}: not proven: {error}")
    if arguments.json:
        head = {"program": subject.name, "proven": False, "error": one_line(str(error))}
        unknown = dict.fromkeys((*proof_data(Proof(Status.CHECKED)), "seconds"))
        output.json({**head, **unknown})

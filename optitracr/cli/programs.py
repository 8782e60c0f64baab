"""Programs named on the command line: by library name, or as `file.py:name`."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from typing import Any

from optitracr import domain, library, rasp
from optitracr.cli.argument_types import numbers, spells
from optitracr.cli.source import parts_of, program_of_file
from optitracr.domain import Domain
from optitracr.errors import InputError


@dataclass(frozen=True, slots=True)
class Named:
    """A program with what it takes to compile it."""

    name: str
    program: rasp.SOp
    vocab: tuple[Any, ...]
    max_seq_len: int
    causal: bool
    note: str = ""
    domain: Domain | None = None


def resolve(name: str, arguments: argparse.Namespace) -> Named:
    """Finds a program; options override the library's vocabulary and length.

    Raises:
        NotFoundError: If the library, or the file, has no such program.
        FileError: If the file cannot be read or run.
        InputError: If a file's program comes without --vocab or --max-seq-len, or --domain is no
            regular expression.
    """
    promise = None if arguments.domain is None else domain.matches(arguments.domain)
    return replace(_found(name, arguments), domain=promise)


def _found(name: str, arguments: argparse.Namespace) -> Named:
    vocab, length = arguments.vocab, arguments.max_seq_len
    if ".py:" in name or name.endswith(".py"):
        parts_of(name)
        if vocab is None or length is None:
            raise InputError(
                f"{name} needs its vocabulary and length; add --vocab a,b,c --max-seq-len 8"
            )
        return Named(name, program_of_file(name), numbers(vocab), length, arguments.causal)
    entry = library.get(name)
    if vocab is not None and not all(isinstance(token, str) for token in entry.vocab):
        vocab = numbers(vocab)
    return Named(
        entry.name,
        entry.make(),
        vocab or entry.vocab,
        length or entry.max_seq_len,
        arguments.causal or entry.causal,
    )


def token_named(text: str, named: Named) -> Any:
    """The token of a program's vocabulary that is written so.

    Raises:
        InputError: If there is none, or more than one.
    """
    exact = [token for token in named.vocab if str(token) == text]
    spelled = exact or [token for token in named.vocab if spells(text, token)]
    found = list(dict.fromkeys(spelled))
    if len(found) == 1:
        return found[0]
    if found:
        choices = " and ".join(repr(token) for token in found)
        raise InputError(f"{text!r} could be {choices}; give a --vocab that has one of them")
    known = ", ".join(repr(token) for token in named.vocab)
    raise InputError(
        f"token {text!r} is not in the vocabulary of {named.name}; known: {known}; choose one of "
        "these, or give another --vocab"
    )

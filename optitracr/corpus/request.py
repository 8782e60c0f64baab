"""What decides what is in the files of a corpus, as plain data to be compared; and the guards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

from optitracr import arguments
from optitracr.corpus.programs import Item, RandomPrograms
from optitracr.corpus.wording import listed, stable
from optitracr.errors import InputError
from optitracr.files.records import to_plain
from optitracr.files.values import any_to_plain
from optitracr.options import CompileOptions
from optitracr.version import __version__

DECIDING = ("ortools", "numpy", "scipy")
"""Packages of which another version may give other models."""

PARTS = 100
"""Shares are whole hundredths."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What ends a program that nothing else ends; each is ended alone.

    Attributes:
        seconds: CPU time for one program. It counts in no file but that such a program is among
            the failures, and may differ from run to run.
        memory: Bytes of addresses for one process. The compiler refuses what would take more, so
            that it is among what decides the files.
    """

    seconds: float = 300.0
    memory: int = 4 << 30

    def __post_init__(self) -> None:
        """Checks what was given.

        Raises:
            InputError: If one of them is of the wrong type, or too small.
        """
        seconds = arguments.number("seconds", self.seconds, LEAST_SECONDS)
        object.__setattr__(self, "seconds", float(seconds))
        memory = arguments.integer("memory", self.memory, LEAST_MEMORY, 1 << 62)
        object.__setattr__(self, "memory", memory)


LEAST_SECONDS = 0.01
"""Of a guard: less is no time for any program, and 0 would switch the timer off."""

LEAST_MEMORY = 1 << 30
"""Of a guard: libraries and solver take some hundred megabytes of addresses by themselves."""


def versions() -> dict[str, str]:
    """The versions that are installed, by package."""
    return {"optitracr": __version__, **{name: version(name) for name in DECIDING}}


@dataclass(frozen=True, slots=True)
class Split:
    """How many hundredths of the programs go where, by their digests.

    Attributes:
        train: Hundredths for training.
        validation: Hundredths for validation.
        test: Hundredths for tests.
    """

    train: int = 90
    validation: int = 5
    test: int = 5

    def of(self, digest: str) -> str:
        """The name of the part that a program belongs to."""
        place = int(digest[:16], 16) % PARTS
        if place < self.train:
            return "train"
        return "validation" if place < self.train + self.validation else "test"


SPLITS = ("train", "validation", "test")
"""The parts, in order."""


def parse_split(split: object) -> Split:
    """Three shares that make up a hundred.

    Raises:
        InputError: If they are none.
    """
    if isinstance(split, Split):
        return split
    wanted = "three whole numbers that make up 100, for train, validation and test"
    given = arguments.sequence("split", split, wanted, most=len(SPLITS))
    shares = [arguments.integer("a share of split", share, 0, PARTS) for share in given]
    if len(shares) != len(SPLITS) or sum(shares) != PARTS:
        raise InputError(f"split is {arguments.shown(given)}; give {wanted}, such as (90, 5, 5)")
    return Split(*shares)


def request_of(
    programs: RandomPrograms | Sequence[Item],
    options: CompileOptions,
    split: Split,
    memory: int,
) -> dict[str, Any]:
    """Everything that decides what is in the files, as JSON has it."""
    if isinstance(programs, RandomPrograms):
        source: dict[str, Any] = {"random": _plain(asdict(programs))}
    else:
        digests = [_fingerprint(item) for item in programs]
        source = {"programs": len(programs), "digest": _digest(digests)}
    return {
        **source,
        "options": to_plain(options, CompileOptions),
        "split": list(asdict(split).values()),
        "memory": memory,
        "versions": versions(),
    }


def differences(stored: dict[str, Any], given: dict[str, Any], place: str = "") -> list[str]:
    """Where two requests differ, in words."""
    found: list[str] = []
    for name in dict.fromkeys((*stored, *given)):
        before, now = stored.get(name), given.get(name)
        if isinstance(before, dict) and isinstance(now, dict):
            found += differences(before, now, f"{place}{name} ")
        elif before != now:
            was, shown = (arguments.shown(value) for value in (before, now))
            found.append(f"{place}{name} was {was} and is {shown}")
    return found


def _fingerprint(item: Item) -> str:
    """What differs where a program of a list does: its text, and that of its functions."""
    domain = "" if item.domain is None else stable(arguments.shown(item.domain))
    vocabulary = sorted(json.dumps(any_to_plain(token)) for token in item.vocab)
    setting = [item.name, vocabulary, item.max_seq_len, item.causal, domain]
    form = [repr(sorted(item.form.items()))] if item.form else []
    return _digest([*setting, listed(item), *form])


def _digest(data: Any) -> str:
    return hashlib.sha256(json.dumps(data).encode("ascii")).hexdigest()


def _plain(data: Any) -> Any:
    return json.loads(json.dumps(data))

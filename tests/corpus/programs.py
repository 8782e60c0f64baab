"""Programs that do not end, end their process, or fail; the processes that compile import them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from optitracr import rasp
from optitracr.corpus import Item


@dataclass(frozen=True)
class Once:
    """A function of a program that misbehaves until a file is there, and notes that it did."""

    noted: str
    does: Callable[[], None]

    def __call__(self, token: str) -> str:
        if not Path(self.noted).exists():
            Path(self.noted).touch()
            self.does()
        return token + self.noted


def never_ends() -> None:
    while True:
        pass


def kills() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hogs(token: str) -> str:
    return token * (3 << 30)


def refuses() -> rasp.SOp:
    raise KeyError("no such program")


def item(name: str, function: Callable[[str], str]) -> Item:
    return Item(name, rasp.Map(function, rasp.tokens), ("a", "b"), 2)

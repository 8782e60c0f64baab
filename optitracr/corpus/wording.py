"""Programs and errors as text that is the same whenever and wherever it is written."""

from __future__ import annotations

import re

from optitracr import rasp
from optitracr.corpus.programs import Item
from optitracr.graph.build import build_graph
from optitracr.model.source import source_of

ADDRESSES = re.compile(r" at 0x[0-9a-fA-F]+")
"""Where an object lies in memory, as Python's `repr` tells it."""

PLACES = re.compile(r" \([^() ]*\.py:\d+\)")
QUOTED = re.compile(r"(?<!\w)'[^']*'|\"[^\"]*\"")
NUMBERS = re.compile(r"[-+]?\d[\d,.e+-]*|\binf\b|\bnan\b")
REASON_LENGTH = 110
"""Letters of a reason: enough to tell kinds apart, and to fit a table."""


def stable(text: str) -> str:
    """A text without what differs from run to run, in one line."""
    return ADDRESSES.sub("", " ".join(text.split()))


def reason_of(error: BaseException) -> str:
    """The kind of an error, and its message without names and numbers."""
    return f"{type(error).__name__}: {general(said(error))}"[:REASON_LENGTH]


def said(error: BaseException) -> str:
    """The message of an error, whatever its author made of it."""
    try:
        return str(error)
    except Exception:
        return ""


def general(message: str) -> str:
    """A message without names and numbers."""
    text = PLACES.sub("", stable(message))
    return NUMBERS.sub("N", QUOTED.sub("_", text))


def listing(program: rasp.SOp) -> str:
    """A program as text, or "" where it is none that can be listed."""
    try:
        return ADDRESSES.sub("", str(source_of(build_graph(program))))
    except Exception:  # What is wrong with it, compiling says.
        return ""


def listed(item: Item) -> str:
    """The program of an item as text, or "" where there is none."""
    try:
        return listing(item.built())
    except Exception:
        return ""

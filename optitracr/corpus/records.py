"""What became of one program, as bytes: what workers give back and the journal keeps.

A line of JSON, and behind it the weights of a model as safetensors.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

MADE, FAILED = "made", "failed"
"""Outcomes."""


@dataclass(frozen=True, slots=True)
class Record:
    """What became of one program.

    Attributes:
        index: Its place among the programs that were asked for.
        outcome: "made" or "failed".
        guarded: Whether a guard ended it, so that it is worth another try.
        row: The columns of its table, without those that depend on other programs.
        weights: The content of a file of safetensors; empty of a failure.
    """

    index: int
    outcome: str
    guarded: bool
    row: dict[str, Any]
    weights: bytes = b""


def to_bytes(record: Record) -> bytes:
    """A record as bytes."""
    head = {
        "index": record.index,
        "outcome": record.outcome,
        "guarded": record.guarded,
        "row": record.row,
    }
    return json.dumps(head, separators=(",", ":")).encode("ascii") + b"\n" + record.weights


def from_bytes(data: bytes) -> Record:
    """The record that bytes stand for.

    Raises:
        ValueError: If they are none.
    """
    head, found, weights = data.partition(b"\n")
    if not found:
        raise ValueError("the line of JSON has no end")
    read = json.loads(head)
    return Record(read["index"], read["outcome"], read["guarded"], read["row"], weights)


def failure(
    index: int, name: str, kind: str, reason: str, message: str, guarded: bool = False, **more: Any
) -> Record:
    """The record of a program of which nothing was made.

    Args:
        index: Its place.
        name: What it is called.
        kind: The error's class, or what ended it.
        reason: The same for all failures of one sort.
        message: What is wrong.
        guarded: Whether a guard ended it.
        more: Further columns.
    """
    row = {"index": index, "name": name, "kind": kind, "reason": reason, "message": message}
    return Record(index, FAILED, guarded, {"text": "", "made_from": "{}", **row, **more})

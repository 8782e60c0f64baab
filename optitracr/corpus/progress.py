"""How far a run is: its rate, the time that is left, and what failed so far."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from optitracr.corpus.records import FAILED, Record


@dataclass(slots=True)
class Progress:
    """How far a run is.

    Attributes:
        total: Programs that were asked for.
        before: Of these, those that were done when the run began.
        done: Programs that are done.
        written: Programs that are in the files, once all are done.
        failures: Those of which no model was made, by reason.
        last: The record that came last.
    """

    total: int
    before: int = 0
    done: int = 0
    written: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    last: Record | None = None
    _start: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self._start

    @property
    def rate(self) -> float:
        """Programs a second in this run; 0 before the first."""
        return (self.done - self.before) / max(self.seconds, 1e-9)

    @property
    def left(self) -> float | None:
        """Seconds that are left at this rate; None before the first program."""
        return None if self.rate == 0 else (self.total - self.done) / self.rate

    def __str__(self) -> str:
        if self.written:
            return f"writing the files: {self.written:,} of {self.total:,} programs"
        told = f"{self.done:,} of {self.total:,} programs"
        if self.left is not None:
            told += f", {self.rate:.1f} a second, {duration(self.left)} left"
        failed = sum(self.failures.values())
        return f"{told}; {failed:,} failed" if failed else told


def note(progress: Progress, record: Record) -> None:
    """Counts a program that is done."""
    progress.done += 1
    progress.last = record
    if record.outcome == FAILED:
        progress.failures[record.row["reason"]] += 1


def duration(seconds: float) -> str:
    """A time in words."""
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    if whole < 6_000:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"

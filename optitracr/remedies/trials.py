"""Trying whether a changed program gets past what stopped it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

from optitracr import rasp
from optitracr.remedies.case import Case
from optitracr.remedies.deadline import OutOfTimeError, within
from optitracr.setting import Setting

SECONDS = 5.0
"""Time for all trials of one error together: what an author waits for gladly, who is told what
helps."""

FOR_LENGTHS = 2.0
"""Of that the time kept for trials of shorter inputs, which help where nothing else does."""

SHORTEST = 4
"""The part of the length that shorter inputs have to exceed: less is another program."""

ONE_TRIAL = 1.0
"""Time for one trial, in seconds, so that a few are made."""


class Outcome(IntEnum):
    """How far a trial got; more is better."""

    FAILS = 0
    PASSES = 1
    """It passes the step that was stopped, and then there was no time to go on."""
    COMPILES = 2


@dataclass(frozen=True, slots=True)
class Remedy:
    """A change that may help.

    Attributes:
        text: What to do, for the message.
        program: The program, changed.
        setting: Vocabulary and length.
    """

    text: str
    program: rasp.SOp
    setting: Setting


@dataclass(frozen=True, slots=True)
class Tried:
    """A remedy, and how far it got."""

    remedy: Remedy
    outcome: Outcome


class Trials:
    """Trials for one error, within their time."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self._end = time.process_time() + SECONDS

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self._end - time.process_time()

    def outcome(self, remedy: Remedy) -> Outcome:
        """How far a changed program gets."""
        steps = self.case.steps(remedy.program, remedy.setting)
        end = time.process_time() + min(ONE_TRIAL, self.left)
        for place, step in enumerate(steps):
            try:
                within(end - time.process_time(), step)
            except Exception:
                # Whatever goes wrong with a program that nobody wrote, it is no remedy.
                return Outcome.FAILS
            except OutOfTimeError:
                return Outcome.PASSES if place > self.case.failed else Outcome.FAILS
        return Outcome.COMPILES

    def best(self, remedies: Iterator[Remedy]) -> Tried | None:
        """The first that compiles, or else one that passes; None if none helps."""
        found: Tried | None = None
        for remedy in remedies:
            if self.left <= FOR_LENGTHS:
                break
            tried = Tried(remedy, self.outcome(remedy))
            if tried.outcome is Outcome.COMPILES:
                return tried
            if tried.outcome is Outcome.PASSES:
                found = found or tried
        return found

    def longest(self) -> Tried | None:
        """The longest inputs for which the program compiles, by bisection.

        None if none do that are more than a few tokens, or if something is promised of all inputs:
        that goes with their length.
        """
        if self.case.setting.domain is not None:
            return None
        found: Tried | None = None
        high = self.case.setting.max_seq_len
        low = high // SHORTEST
        while high - low > 1 and self.left > 0:
            remedy = shorter(self.case, (low + high) // 2)
            tried = Tried(remedy, self.outcome(remedy))
            if tried.outcome is Outcome.COMPILES:
                low, found = remedy.setting.max_seq_len, tried
            else:
                high = remedy.setting.max_seq_len
                if tried.outcome is Outcome.PASSES:
                    found = found or tried
        return found


def shorter(case: Case, length: int) -> Remedy:
    """The same program for shorter inputs."""
    setting = replace(case.setting, max_seq_len=length)
    return Remedy(f"max_seq_len={length}", case.sop, setting)

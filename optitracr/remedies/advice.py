"""What an error says of a limit: what made it large, and what was tried and helps.

It costs nothing where no limit is met. Where one is, the program up to the s-op that the error is
about is compiled again with one change at a time, for some seconds at most.
"""

from __future__ import annotations

import math

from optitracr import rasp
from optitracr.remedies.case import Case
from optitracr.remedies.proposals import proposals
from optitracr.remedies.trials import Outcome, Trials, Tried

WANTED = 2
"""Remedies that are told: an author chooses, and does not read a list."""


def advice(case: Case, message: str) -> str:
    """What an error says in place of a message that ends with a remedy for any program.

    Args:
        case: What the limit stopped.
        message: What was wrong and where, a semicolon, and what helps in general.
    """
    statement = message.rpartition("; ")[0] or message
    trials = Trials(case)
    cause = _cause(case)
    told = [statement, cause] if cause else [statement]
    found = _helping(case, trials)
    for outcome, words in _WORDS.items():
        texts = [tried.remedy.text for tried in found if tried.outcome is outcome]
        if texts:
            told.append(f"{words} {', or with '.join(texts)}")
    return "; ".join(told)


_WORDS = {
    Outcome.COMPILES: "up to there it compiles, as was tried, with",
    Outcome.PASSES: "this limit is kept, and no more was tried for lack of time, with",
}


def _cause(case: Case) -> str:
    """What has the most values of all that the s-op is made of, the first of several."""
    listed = [sop for sop in case.below if case.size(sop) < math.inf]
    largest = max(listed, key=case.size, default=None)
    if largest is None or case.size(largest) <= 1:
        return ""
    return (
        f"of what it is made of, {_kind(largest)} {case.describe(largest)} is largest, with "
        f"{case.size(largest):,.0f} values"
    )


def _kind(sop: rasp.SOp) -> str:
    match sop:
        case rasp.Aggregate() if not isinstance(sop.selector, rasp.SelectorAtMostOne):
            return "the mean"
        case rasp.SelectorWidth():
            return "the count"
        case _:
            return "the s-op"


def _helping(case: Case, trials: Trials) -> list[Tried]:
    """The first remedies that help, one of a kind."""
    found: list[Tried] = []
    for kind in proposals(case):
        if len(found) == WANTED:
            return found
        best = trials.best(kind)
        if best is not None:
            found.append(best)
    last = trials.longest() if len(found) < WANTED else None
    return found if last is None else [*found, last]

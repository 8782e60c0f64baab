"""A domain as plain data: the automaton that tells its inputs from others.

A predicate that has to be asked is a function, which a file does not hold: of what the automaton
accepts nobody can say then whether it is in the domain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from optitracr.domain.automaton import MAX_STATES, NOWHERE, Automaton
from optitracr.domain.language import Language
from optitracr.errors import InputError
from optitracr.files.values import FieldError, check_range


@dataclass(frozen=True, slots=True)
class StoredDomain:
    """The inputs that were promised.

    Attributes:
        text: The domain as it was written.
        asks: Whether it holds a predicate beside the automaton; that is left out.
        classes: The class of each token.
        steps: For each state the next one for each class, or -1; the first is the start.
        accepting: The states in which an input may end.
    """

    text: str
    asks: bool
    classes: tuple[int, ...]
    steps: tuple[tuple[int, ...], ...]
    accepting: tuple[int, ...]


def stored_domain(domain: Language) -> StoredDomain:
    """A domain as a file holds it."""
    automaton = domain.automaton
    return StoredDomain(
        domain.text,
        not domain.is_exact,
        tuple(automaton.classes.tolist()),
        tuple(map(tuple, automaton.step.tolist())),
        tuple(np.flatnonzero(automaton.accepting).tolist()),
    )


def domain_of(
    stored: StoredDomain, vocabulary: tuple[Any, ...], longest: int, bos: Any
) -> Language:
    """The domain that a file holds, as far as it was checked."""
    step = np.array(stored.steps, dtype=np.int32)
    accepting = np.zeros(len(step), dtype=bool)
    accepting[list(stored.accepting)] = True
    automaton = Automaton(np.array(stored.classes, dtype=np.int32), step, accepting)
    passes = _Unknown(stored.text) if stored.asks else None
    return Language(vocabulary, longest, automaton, stored.text, passes, bos)


def check_domain(stored: StoredDomain | None, tokens: int, longest: int) -> None:
    """Checks that a domain can be.

    Raises:
        FieldError: Naming the first field that cannot be.
    """
    if stored is None:
        return
    states, classes = len(stored.steps), max(stored.classes, default=-1) + 1
    check_range("domain.steps", states, 1, MAX_STATES)
    if len(stored.classes) != tokens or not all(0 <= kind < tokens for kind in stored.classes):
        raise FieldError("domain.classes", f"is not one class for each of {tokens} tokens")
    for row in stored.steps:
        if len(row) != classes or not all(NOWHERE <= state < states for state in row):
            raise FieldError("domain.steps", f"has a row without {classes} states that there are")
    if not all(0 <= state < states for state in stored.accepting):
        raise FieldError("domain.accepting", "names a state that is not there")
    if not _accepts_some(stored, longest):
        raise FieldError("domain", f"holds no input of 1 to {longest} tokens")


def _accepts_some(stored: StoredDomain, longest: int) -> bool:
    """Whether some sequence is accepted: the shortest has no more tokens than there are states."""
    accepting = set(stored.accepting)
    seen, frontier = set[int](), {0}
    for _ in range(min(longest, len(stored.steps))):
        frontier = {state for one in frontier for state in stored.steps[one] if state >= 0} - seen
        seen |= frontier
        if frontier & accepting:
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Unknown:
    """Stands for a predicate that was left out.

    Attributes:
        text: The domain as it was written.
    """

    text: str

    def __call__(self, tokens: list[Any]) -> bool:
        raise InputError(
            f"the model was read from a file, which does not hold the predicate of its domain "
            f"{self.text}, so that nobody can say whether {tokens} is in it; compile the program "
            "again, or write the domain by domain.matches and the like"
        )

"""Regular expressions of Python as automata over tokens, of which each is its spelling.

Python's own parser reads the expression, and Python's own matching says which characters a set
or a letter of it means, so that both mean the same in all that is allowed here.
"""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from optitracr import arguments
from optitracr.domain.automaton import NOWHERE, Automaton, check_states, trimmed
from optitracr.errors import InputError, LimitError

MAX_PIECES = 10_000
"""States that an expression may have before it is made deterministic: `(ab){500}` repeats its parts
a thousand times. More take seconds, and no input of some tokens needs them."""

REMEDY = (
    "give letters, sets such as [a-z] and \\d, groups, | and repetitions; ^ and $ are not needed, "
    "since the whole input has to match; what looks ahead is another domain, combined by &"
)

CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}

State = frozenset[int]


def check_pattern(pattern: str) -> None:
    """Checks an expression.

    Raises:
        InputError: If it is none, or holds what is not regular; names the place.
    """
    _Pieces(pattern)


def of_pattern(pattern: str, spellings: Sequence[str], longest: int) -> Automaton:
    """What an expression matches as a whole.

    Args:
        pattern: The expression.
        spellings: The spelling of each token.
        longest: Longest sequence.

    Raises:
        InputError: If it is no expression that is understood here.
        LimitError: If it is too large.
    """
    pieces = _Pieces(pattern)
    start = pieces.closed([pieces.start])
    known: dict[State, int] = {start: 0}
    order, rows = [start], []
    for state in order:
        found = [pieces.read(state, spelling) for spelling in spellings]
        for following in found:
            if following and following not in known:
                known[following] = len(known)
                order.append(following)
                check_states(len(known) * max(1, len(spellings) // 100))
        rows.append([known.get(following, NOWHERE) for following in found])
    accepting = np.array([pieces.end in state for state in order])
    step = np.array(rows, dtype=np.int32)
    return trimmed(Automaton(np.arange(len(spellings), dtype=np.int32), step, accepting), longest)


@dataclass(slots=True)
class _Pieces:
    """An expression as an automaton that is not deterministic (Thompson 1968).

    Attributes:
        pattern: The expression.
        start: Where matching starts.
        end: Where it has matched.
    """

    pattern: str
    start: int = field(init=False)
    end: int = field(init=False)
    _free: list[list[int]] = field(default_factory=list)
    _reads: list[tuple[re.Pattern[str], int] | None] = field(default_factory=list)
    _read: dict[tuple[State, str], State] = field(default_factory=dict)
    _tested: dict[tuple[re.Pattern[str], str], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            parsed = self._parsed()
            self.start, parts = self._new(), self._unanchored(list(parsed))
            self.end = self._sequence(parts, self.start, parsed.state.flags)
        except RecursionError:
            raise InputError(
                f"the domain's regular expression {arguments.shown(self.pattern)} is nested too "
                "deeply; give a flatter one"
            ) from None

    def closed(self, states: Sequence[int]) -> State:
        """States, and all that are reached from them without a character."""
        found, stack = set(states), list(states)
        while stack:
            for other in self._free[stack.pop()]:
                if other not in found:
                    found.add(other)
                    stack.append(other)
        return frozenset(found)

    def read(self, state: State, spelling: str) -> State:
        """The states after a token."""
        for letter in spelling:
            if (state, letter) not in self._read:
                self._read[(state, letter)] = self._after(state, letter)
            state = self._read[(state, letter)]
        return state

    def _after(self, state: State, letter: str) -> State:
        reads = (self._reads[one] for one in state)
        return self.closed([edge[1] for edge in reads if edge and self._matches(edge[0], letter)])

    def _matches(self, letters: re.Pattern[str], letter: str) -> bool:
        known = (letters, letter)
        if known not in self._tested:
            self._tested[known] = letters.fullmatch(letter) is not None
        return self._tested[known]

    # -- from what Python's parser says ------------------------------------

    def _parsed(self) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                re.compile(self.pattern)
                return importlib.import_module("re._parser").parse(self.pattern)
        except (re.error, OverflowError, ValueError) as error:
            raise InputError(
                f"the domain's regular expression {arguments.shown(self.pattern)} is none: {error}"
            ) from None

    def _unanchored(self, parts: list[Any]) -> list[Any]:
        """Without a leading ^ and a trailing $, which say what holds anyway."""
        if parts and str(parts[0]) in ("(AT, AT_BEGINNING)", "(AT, AT_BEGINNING_STRING)"):
            parts = parts[1:]
        if parts and str(parts[-1]) in ("(AT, AT_END)", "(AT, AT_END_STRING)"):
            parts = parts[:-1]
        return parts

    def _new(self) -> int:
        if len(self._free) >= MAX_PIECES:
            raise LimitError(
                f"the domain's regular expression {arguments.shown(self.pattern)} has more than "
                f"{MAX_PIECES:,} parts, repetitions written out; give a smaller one"
            )
        self._free.append([])
        self._reads.append(None)
        return len(self._free) - 1

    def _sequence(self, parts: Sequence[Any], at: int, flags: int) -> int:
        """Adds parts one after another, from a state; the state behind them."""
        for operation, argument in parts:
            at = self._one(str(operation), argument, at, flags)
        return at

    def _one(self, operation: str, argument: Any, at: int, flags: int) -> int:
        match operation:
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN" | "RANGE" | "CATEGORY":
                end = self._new()
                self._reads[at] = (self._letters(operation, argument, flags), end)
                return end
            case "SUBPATTERN":
                _, added, removed, inner = argument
                return self._sequence(list(inner), at, (flags | added) & ~removed)
            case "BRANCH":
                return self._branches(argument[1], at, flags)
            case "MAX_REPEAT" | "MIN_REPEAT":
                return self._repeated(argument, at, flags)
        what = operation.lower().replace("_", " ")
        raise InputError(
            f"the domain's regular expression {arguments.shown(self.pattern)} holds a part that "
            f"cannot be promised ({what}); {REMEDY}"
        )

    def _branches(self, branches: Sequence[Any], at: int, flags: int) -> int:
        end = self._new()
        for branch in branches:
            first = self._new()
            self._free[at].append(first)
            self._free[self._sequence(list(branch), first, flags)].append(end)
        return end

    def _repeated(self, argument: Any, at: int, flags: int) -> int:
        least, most, parts = argument[0], argument[1], list(argument[2])
        for _ in range(least):
            at = self._sequence(parts, self._behind(at), flags)
        if str(most) == "MAXREPEAT":
            loop = self._behind(at)
            self._free[self._sequence(parts, self._behind(loop), flags)].append(loop)
            return self._behind(loop)
        end = self._new()
        self._free[at].append(end)
        for _ in range(most - least):
            at = self._sequence(parts, self._behind(at), flags)
            self._free[at].append(end)
        return self._behind(end)

    def _behind(self, at: int) -> int:
        """A state of its own, reached without a character: no other part begins there."""
        found = self._new()
        self._free[at].append(found)
        return found

    def _letters(self, operation: str, argument: Any, flags: int) -> re.Pattern[str]:
        """The characters of one part, as an expression of Python's of one character."""
        kept = flags & (re.IGNORECASE | re.DOTALL | re.ASCII)
        match operation:
            case "ANY":
                return re.compile(".", kept)
            case "NOT_LITERAL":
                return re.compile(f"[^{_escaped(argument)}]", kept)
            case "IN":
                return re.compile(_set(argument), kept)
        return re.compile(_set([(operation, argument)]), kept)


def _set(parts: Sequence[Any]) -> str:
    """A set of characters as text."""
    texts = []
    for operation, argument in parts:
        match str(operation):
            case "NEGATE":
                texts.append("^")
            case "RANGE":
                texts.append("-".join(map(_escaped, argument)))
            case "CATEGORY":
                texts.append(CATEGORIES[str(argument)])
            case _:
                texts.append(_escaped(argument))
    return f"[{''.join(texts)}]"


def _escaped(code: int) -> str:
    return f"\\U{code:08x}"

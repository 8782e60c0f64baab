"""Answers to what can be reached."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Reach(Enum):
    """Whether what was asked for can be reached."""

    NEVER = "never"
    REACHED = "reached"
    OPEN = "open"


class Ground(Enum):
    """How an answer is known."""

    TABLES = "tables"
    ANY_LENGTH = "any length"
    EACH_LENGTH = "each length"
    INPUT = "input"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of a question.

    Attributes:
        reach: Whether some input reaches it.
        ground: How that is known.
        tokens: An input that reaches it, confirmed by the interpreter; empty if none is known.
    """

    reach: Reach
    ground: Ground
    tokens: tuple[Any, ...] = ()

    @property
    def never(self) -> bool:
        """Whether it is proven that no input reaches it."""
        return self.reach is Reach.NEVER

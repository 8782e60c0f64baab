"""Lower bounds of sizes, with what they presume."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

SIZES = ("layers", "width", "heads", "head_size", "neurons", "parameters")
"""The sizes of which there are bounds."""


class Premise(StrEnum):
    """The models that a bound is about: every one of them is at least that large.

    Attributes:
        ANY: Transformers of this architecture, whatever their weights, heads and neurons.
        ONE_HOT: Those among them whose scores are 1 for the value and 0 for the others.
        ANY_DEPTH: What the compiler chooses among, at whatever depth, were each MLP as small as any
            ReLU network that computes its table.
        LEAST_TABLES: The same at the least depth, or whatever else is minimised first.
        FORMULATION: What the compiler chooses among, with the MLPs that it knows.
    """

    ANY = "any transformer"
    ONE_HOT = "one-hot output"
    ANY_DEPTH = "any depth"
    LEAST_TABLES = "least tables"
    FORMULATION = "formulation"

    @property
    def words(self) -> str:
        """What a bound holds for, in a sentence."""
        return _WORDS[self]

    @property
    def wider(self) -> tuple[Premise, ...]:
        """The classes of models that hold this one, itself among them: their bounds hold in it."""
        if self is Premise.ONE_HOT:
            return Premise.ANY, self
        nested = [premise for premise in Premise if premise is not Premise.ONE_HOT]
        return tuple(nested[: nested.index(self) + 1])


_WORDS = {
    Premise.ANY: (
        "every transformer of this architecture that gives the outputs, with any real weights and "
        "any number of heads and neurons"
    ),
    Premise.ONE_HOT: "those whose scores are 1 for the value and 0 for the others",
    Premise.ANY_DEPTH: (
        "what the compiler chooses among, at whatever depth, were each MLP as small as any ReLU "
        "network for its table"
    ),
    Premise.LEAST_TABLES: "the same, with what is minimised before it as small as it can be",
    Premise.FORMULATION: "what the compiler chooses among, with the MLPs that it knows",
}


@dataclass(frozen=True, slots=True)
class Bound:
    """One lower bound.

    Attributes:
        size: Of what: layers, width, heads, head_size, neurons or parameters.
        least: What it is at least.
        premise: In which models.
        reason: Why, in words.
    """

    size: str
    least: int
    premise: Premise
    reason: str


@dataclass(frozen=True, slots=True)
class TableBound:
    """An MLP of the model, and what its table takes at least.

    Attributes:
        variable: The variable that it computes.
        reads: Those that it computes it from.
        neurons: How many it has, without those that erase.
        least: How many any ReLU network for its table has.
        within: How many every network of a class of small weights has, if that was looked for.
        weights: That class in words; empty if it was not.
    """

    variable: str
    reads: tuple[str, ...]
    neurons: int
    least: int
    within: int = 0
    weights: str = ""


@dataclass(frozen=True, slots=True)
class LowerBounds:
    """The sizes of a program's model, and what they are at least.

    Attributes:
        ours: The size of each name in the model that the compiler makes.
        bounds: The bounds, those of the widest class of models first.
        exhausted: The bounds on all transformers look at every input up to this length; 0 if
            there are too many of one token, and nothing was computed of that kind.
        max_seq_len: The length up to which the model is right. Where it is larger, bounds hold
            as well, and longer inputs might raise them.
        tables: The tables of the model, in the order of their sublayers; none at level 1.
    """

    ours: dict[str, int]
    bounds: tuple[Bound, ...]
    exhausted: int
    max_seq_len: int
    tables: tuple[TableBound, ...] = ()

    def least(self, size: str, premise: Premise) -> int | None:
        """The largest bound of a size in some models; None if there is none.

        Args:
            size: The name of a size.
            premise: Which models; bounds of wider classes hold in them too.
        """
        holds = premise.wider
        found = [b.least for b in self.bounds if b.size == size and b.premise in holds]
        return max(found, default=None)

    def as_dicts(self) -> list[dict[str, Any]]:
        """The bounds as plain data, each beside the model's size."""
        return [
            {
                "size": bound.size,
                "ours": self.ours[bound.size],
                "least": bound.least,
                "premise": bound.premise.value,
                "reason": bound.reason,
            }
            for bound in self.bounds
        ]

"""What a model's record says of its parts: believed of nothing, and asked where to look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optitracr.checking.proof.symbolic.meaning import Meaning
from optitracr.model.record import HEAD
from optitracr.model.transformer import Transformer

UNNAMED = ""
"""What columns are said to hold that hold something for which the program has no name."""


@dataclass(frozen=True, slots=True)
class Hints:
    """For each state and column the variable that it is said to be a function of.

    Attributes:
        columns: By state and column the label, or `UNNAMED`; left out where nothing is held.
        heads: By layer and head the labels that it is for.
    """

    columns: Mapping[tuple[int, int], str]
    heads: Mapping[tuple[int, int], tuple[str, ...]]

    @classmethod
    def of(cls, model: Transformer, meaning: Meaning) -> Hints:
        """The hints of a model's layout."""
        found: dict[tuple[int, int], str] = {}
        for tenancy in model.layout.tenancies:
            held = model.program.readings.get(tenancy.variable.label)
            label = tenancy.holds if held is None else held.label
            label = label if label in meaning.place else UNNAMED
            for state in range(tenancy.birth, tenancy.end + 1):
                found |= dict.fromkeys(((state, column) for column in tenancy.columns), label)
        heads = {
            (node.layer, node.index[0]): tuple(x for x in node.variables if x in meaning.place)
            for node in model.record.nodes
            if node.kind == HEAD
        }
        return cls(found, heads)

    def at(self, state: int, column: int) -> str | None:
        """The variable in a column at a state; None where nothing is said."""
        return self.columns.get((state, column))

    def serving(self, state: int, head: int) -> tuple[str, ...]:
        """The variables that a head is for, of the sublayer before a state."""
        return self.heads.get(((state - 1) // 2, head), ())

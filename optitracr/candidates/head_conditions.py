"""The conditions that a head of the standard lowering adds up, over the one-hots that it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optitracr.craft.chamber.attention import Selected
from optitracr.craft.reading import Variable
from optitracr.craft.spaces import FloatArray
from optitracr.graph.program import Selector, holds_of, pairs_of

if TYPE_CHECKING:
    from jaxtyping import Float


@dataclass(frozen=True, slots=True)
class HeadCondition:
    """A condition that has to hold of a selected key and its query.

    Attributes:
        queries: The query variable.
        keys: The key variable.
        table: Shape [queries, keys], 1 where it holds, else 0.
    """

    queries: Variable
    keys: Variable
    table: Float[FloatArray, "queries keys"]

    @property
    def selected(self) -> Selected:
        """The same over the spaces of the variables."""
        return Selected(self.queries.space, self.keys.space, self.table)


def head_conditions(selector: Selector, variable: Mapping[str, Variable]) -> list[HeadCondition]:
    """The conditions of a selector: one of a plain one, several of a conjunction of such.

    Args:
        selector: The selector.
        variable: Its keys and queries, by label.
    """
    return [
        HeadCondition(
            variable[pair.queries], variable[pair.keys], holds_of(pair).T.astype(np.float64)
        )
        for pair in pairs_of(selector)
    ]


def conditions_read(conditions: Sequence[HeadCondition]) -> list[str]:
    """Labels of what is read to select."""
    return [x.label for each in conditions for x in (each.queries, each.keys)]


def pattern_name(conditions: Sequence[HeadCondition], bos: str) -> str:
    """A name for an attention pattern: equal for selectors that select the same.

    Args:
        conditions: What has to hold.
        bos: How BOS is attended.
    """
    parts = []
    for each in conditions:
        bits = np.packbits(each.table.astype(bool)).tobytes().hex()
        query, key = (escaped(variable.label) for variable in (each.queries, each.keys))
        parts.append(f"{query}|{key}|{bos}|{bits}")
    return "|".join(parts)


def escaped(label: str) -> str:
    """A label whose bars are escaped, so that no two pairs of labels give the same name."""
    return label.replace("\\", "\\\\").replace("|", "\\|")

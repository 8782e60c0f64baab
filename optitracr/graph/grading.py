"""Scores: the numbers by which the best of several positions is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr.errors import LimitError, UnsupportedError
from optitracr.graph.program import Best, Node
from optitracr.graph.tabled import TabledNode
from optitracr.rasp.graded import is_score

if TYPE_CHECKING:
    from jaxtyping import Int


def check_scores(node: Node, score: str, values: Sequence[Any]) -> None:
    """Checks that scores can be compared with each other.

    Args:
        node: What takes the best of them.
        score: Label of the s-op that holds them.
        values: What they can be.

    Raises:
        UnsupportedError: If one is no number.
    """
    for value in values:
        if not is_score(value):
            raise UnsupportedError(
                f"selector {node.describe()} takes the key of the largest score, and its score "
                f"'{score}' can be {value!r}, which is no number; map it to numbers, or to None "
                "where a key is not to be selected"
            )


def too_steep(node: Node, best: Best) -> LimitError:
    """The error for scores that are too many to tell apart by logits."""
    return LimitError(
        f"selector {node.describe()} takes the best of so many scores at so many positions that "
        f"float32 cannot keep their logits apart; map its score '{best.score}' to fewer numbers, "
        "or lower max_seq_len"
    )


def ranks_of(best: Best, known: Mapping[str, TabledNode]) -> Int[NDArray[np.intp], " values"]:
    """The place of each score in the order of them all, the best last, from 0."""
    values = known[best.score].value_set.values
    order = sorted(range(len(values)), key=lambda i: values[i], reverse=best.smallest)
    ranks = np.empty(len(values), dtype=np.intp)
    ranks[order] = np.arange(len(values))
    return ranks

"""Selectors of one key: the first, the last or the best of those that another selector selects.

RASP-L, B-RASP and S-RASP have them. Ties go to the last position: of keys with the same score the
last one is the best.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Real

from optitracr.errors import EvaluationError
from optitracr.rasp.expression import RASPExpr, SelectorValue, Value, describe
from optitracr.rasp.selector import Selector, check_selector
from optitracr.rasp.sop import SOp, check_sop


class _OfSelected(Selector):
    """Selects one of the keys that another selector selects.

    Attributes:
        selector: The other selector.
    """

    def __init__(self, selector: Selector) -> None:
        """Builds the selector of one of the keys that `selector` selects.

        Raises:
            ProgramError: If it is no selector.
        """
        super().__init__()
        self.selector: Selector = check_selector(type(self).__name__, "selector", selector)

    @property
    def children(self) -> Sequence[RASPExpr]:
        """The other selector."""
        return [self.selector]


class SelectFirst(_OfSelected):
    """Selects the first of the keys that another selector selects, or none where it selects none.

    In the causal reading it is the first of those that the query sees.

    Attributes:
        selector: The other selector.
    """

    default_label_name = "select_first"


class SelectLast(_OfSelected):
    """Selects the last of the keys that another selector selects, or none where it selects none.

    In the causal reading it is the last of those that the query sees.

    Attributes:
        selector: The other selector.
    """

    default_label_name = "select_last"


class SelectBest(_OfSelected):
    """Selects the key of the largest score among those that another selector selects.

    Of several keys with that score it selects the last. A key whose score is None is never
    selected; where there is no other, nothing is.

    Attributes:
        selector: The other selector.
        score: A number for each key.
    """

    default_label_name = "select_best"

    def __init__(self, selector: Selector, score: SOp) -> None:
        """Builds the selector of the best key, by `score`, that `selector` selects.

        Raises:
            ProgramError: If `selector` is no selector, or `score` no s-op.
        """
        super().__init__(selector)
        self.score: SOp = check_sop("SelectBest", "score", score)

    @property
    def children(self) -> Sequence[RASPExpr]:
        """The other selector and the score."""
        return [*super().children, self.score]


def is_score(value: Value) -> bool:
    """Whether a value can be compared with others as a score."""
    return isinstance(value, Real) and bool(value == value)


def first_of(matrix: SelectorValue) -> SelectorValue:
    """The first key of each query's."""
    return [_alone(row, min(_chosen(row), default=None)) for row in matrix]


def last_of(matrix: SelectorValue) -> SelectorValue:
    """The last key of each query's."""
    return [_alone(row, max(_chosen(row), default=None)) for row in matrix]


def best_of(selector: SelectBest, matrix: SelectorValue, scores: Sequence[Value]) -> SelectorValue:
    """The key of the largest score among each query's, the last of several.

    Raises:
        EvaluationError: If the score of a key that some query selects is no number.
    """
    rated = [key for key in range(len(matrix)) if any(row[key] for row in matrix)]
    for key in rated:
        if scores[key] is not None and not is_score(scores[key]):
            raise EvaluationError(not_a_score(selector, scores[key]))
    found = []
    for row in matrix:
        some = [key for key in _chosen(row) if scores[key] is not None]
        found.append(_alone(row, max(some, key=lambda key: (scores[key], key), default=None)))
    return found


def not_a_score(selector: SelectBest, score: Value) -> str:
    """The message for a score that cannot be compared with others."""
    return (
        f"{describe(selector)} selects the key of the largest score, but the score {score!r} is "
        "no number; map scores to numbers, or to None where a key is not to be selected"
    )


def _chosen(row: Iterable[bool]) -> list[int]:
    return [key for key, chosen in enumerate(row) if chosen]


def _alone(row: Sequence[bool], key: int | None) -> list[bool]:
    """A row that selects one key, or nothing."""
    return [place == key for place in range(len(row))]

"""What computes one variable at one position, as a plain function of its parents' values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Number
from typing import Any

from optitracr.arguments import shown
from optitracr.errors import EvaluationError
from optitracr.graph.program import (
    Aggregate,
    Best,
    CompoundSelector,
    Function,
    Input,
    Node,
    PairSelector,
    Predicate,
    Selector,
    Source,
    Width,
    fold_selector,
    operation_reads,
    pairs_of,
)
from optitracr.rasp.exact import mean as exact_mean
from optitracr.rasp.identity import plain

Place = tuple[str, int]
"""A variable at a position."""

Known = Mapping[Place, Any]


@dataclass(frozen=True, slots=True)
class Mechanism:
    """What computes a variable at a position; called with its parents' values.

    Attributes:
        node: The variable.
        position: Its position.
        keys: The positions that a selector may select.
        parents: What it reads, each once.
    """

    node: Node
    position: int
    keys: range
    parents: tuple[Place, ...]

    def __call__(self, *values: Any) -> Any:
        """The value.

        Raises:
            EvaluationError: If the program is undefined there.
        """
        known = dict(zip(self.parents, values, strict=True))
        try:
            return plain(_value(self, known))
        except EvaluationError:
            raise
        except Exception as error:
            raise EvaluationError(
                f"{self.node.describe()} at position {self.position} raised "
                f"{type(error).__name__} on {shown(values)}: {shown(str(error))}; leave such "
                "inputs and interventions out"
            ) from error


def mechanism(node: Node, position: int, length: int, causal: bool) -> Mechanism:
    """What computes a variable at a position of an input of some length."""
    keys = range(position + 1 if causal else length)
    return Mechanism(node, position, keys, _parents(node, position, keys))


def _parents(node: Node, position: int, keys: range) -> tuple[Place, ...]:
    match node.operation:
        case Aggregate(selector=selector, operand=of_keys) | Best(selector=selector, score=of_keys):
            by_key = {of_keys, *(pair.keys for pair in pairs_of(selector))}
        case Width(selector=selector):
            by_key = {pair.keys for pair in pairs_of(selector)}
        case operation:
            return tuple((label, position) for label in dict.fromkeys(operation_reads(operation)))
    queries = [(pair.queries, position) for pair in pairs_of(selector)]
    ordered = [label for label in dict.fromkeys(operation_reads(node.operation)) if label in by_key]
    return tuple(dict.fromkeys([*queries, *((label, key) for label in ordered for key in keys)]))


def _value(made: Mechanism, known: Known) -> Any:
    match made.node.operation:
        case Input(source=Source.INDICES):
            return made.position
        case Function(operands=operands, call=call):
            given = [known[operand, made.position] for operand in operands]
            return None if any(value is None for value in given) else call(*given)
        case Width(selector=selector):
            return len(_selected(made, selector, known))
        case Aggregate(selector=selector, operand=operand, default=default):
            values = [known[operand, key] for key in _selected(made, selector, known)]
            return _mean(made, values, default)
        case Best() as best:
            return _best(made, best, known)
        case other:
            raise EvaluationError(f"{made.node.describe()} is of the kind {type(other).__name__}")


def _mean(made: Mechanism, values: list[Any], default: Any) -> Any:
    if len(values) < 2:
        return values[0] if values else default
    if not all(isinstance(value, Number) for value in values):
        raise EvaluationError(
            f"{made.node.describe()} at position {made.position} takes the mean of "
            f"{shown(values)}, which are no numbers; leave such inputs and interventions out"
        )
    return exact_mean(values)


def _best(made: Mechanism, best: Best, known: Known) -> int | None:
    """The last of the keys with the best score; the first where the smallest is the best."""
    scores = {key: known[best.score, key] for key in _selected(made, best.selector, known)}
    rated = {key: score for key, score in scores.items() if score is not None}
    if not rated:
        return None
    if best.smallest:
        return min(rated, key=lambda key: (rated[key], -key))
    return max(rated, key=lambda key: (rated[key], key))


def _selected(made: Mechanism, selector: Selector, known: Known) -> list[int]:
    """The positions that a query selects.

    Raises:
        EvaluationError: If they are two where one at most is promised.
    """

    def pair(part: PairSelector) -> frozenset[int]:
        assert isinstance(part, Predicate), "the program is as its author wrote it"
        query = known[part.queries, made.position]
        found = (
            key
            for key in made.keys
            if query is not None
            and known[part.keys, key] is not None
            and bool(part.call(known[part.keys, key], query))
        )
        return _promised(made, part, frozenset(found))

    def combine(part: CompoundSelector, given: tuple[frozenset[int], ...]) -> frozenset[int]:
        return _promised(made, part, _COMBINED[part.operator](made.keys, *given))

    found: frozenset[int] = fold_selector(selector, pair, combine)
    return sorted(found)


_COMBINED: Mapping[str, Callable[..., frozenset[int]]] = {
    "and": lambda keys, *parts: frozenset(keys).intersection(*parts),
    "or": lambda keys, *parts: frozenset[int]().union(*parts),
    "not": lambda keys, part: frozenset(keys) - part,
}
"""What selectors made of others select."""


def _promised(made: Mechanism, selector: Selector, found: frozenset[int]) -> frozenset[int]:
    if selector.at_most_one and len(found) > 1:
        raise EvaluationError(
            f"selector '{selector.label}' promises one key at most, and the query at position "
            f"{made.position} selects {sorted(found)}; leave such inputs and interventions out"
        )
    return found

"""A head that takes the mean of a sum in place of the sum of means, which are one number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from numbers import Number

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.bounded import Bounded
from optitracr.checking.proof.symbolic.aggregates import TOLERATED, Head, mean_between, mean_of
from optitracr.checking.proof.symbolic.heads import selection, span, values
from optitracr.checking.proof.symbolic.meaning import Meaning
from optitracr.checking.proof.symbolic.values import OpenError, count_of
from optitracr.graph.program import Aggregate, Elementwise, Node, Selector

Term = tuple[float, Node, Aggregate]
"""A factor, and the aggregate that it multiplies."""


def is_sum(meaning: Meaning, label: str) -> bool:
    """Whether a variable is a linear function of several aggregates."""
    try:
        return len(list(_terms(meaning, label, 1.0))) > 1
    except OpenError:
        return False


def _terms(meaning: Meaning, label: str, factor: float) -> Iterator[Term]:
    """What a variable adds up.

    Raises:
        OpenError: If it is something else than a sum of aggregates.
    """
    node = meaning.graph.node(label)
    operation = node.operation
    if isinstance(operation, Aggregate):
        yield factor, node, operation
    elif isinstance(operation, Elementwise) and operation.factors is not None:
        for operand, own in zip(operation.operands, operation.factors, strict=True):
            yield from _terms(meaning, operand, factor * own)
    else:
        raise OpenError(f"{node.describe()} is no sum of aggregates")


def sum_given_by(head: Head, node: Node) -> Bounded:
    """What a head gives for each value of a sum of aggregates, [values, columns of the head].

    Where all of them select the same, the sum of their means is the mean of the sums at each
    position, which the head takes.

    Args:
        head: The head.
        node: The sum.

    Raises:
        OpenError: If the head does not compute it, as far as is known.
    """
    meaning = head.state.meaning
    terms = list(_terms(meaning, node.label, 1.0))
    first = terms[0][2].selector
    if not all(_selects_the_same(head, first, own.selector) for _, _, own in terms[1:]):
        raise OpenError(f"{node.describe()} adds up what is not taken over the same keys")
    found = selection(head.pattern, first, head.state, width=False)
    if max(found.leak, found.spread) > TOLERATED:
        raise OpenError(f"a head for {node.describe()} selects something else than its selectors")
    least = found.least or int(meaning.relations.selects_some(terms[0][1].label))
    if not least and found.empty > TOLERATED:
        raise OpenError(
            f"a head for {node.describe()} looks elsewhere than at BOS where nothing is selected"
        )
    taken, numbers = _by_position(head, node, terms)
    wanted = meaning.values(node.label)
    held = np.array([float(x) if isinstance(x, Number) else 0.0 for x in wanted])  # type: ignore[arg-type]
    table = mean_between(taken, numbers, held)
    if not least:
        table = _with_default(head, terms, table, held)
    return mean_of(head, replace(found, least=least), table, means=True, one=False)


def _selects_the_same(head: Head, first: Selector, second: Selector) -> bool:
    """Whether two selectors select the same of what a head's keys and queries tell."""
    told = (
        head.state.meaning.told_selection(each, head.pattern.keys, head.pattern.queries)
        for each in (first, second)
    )
    return all(np.array_equal(one, other) for one, other in zip(*told, strict=True))


def _by_position(head: Head, node: Node, terms: list[Term]) -> tuple[Bounded, NDArray[np.float64]]:
    """What a head takes from each key, and the sum that stands there."""
    meaning, port = head.state.meaning, head.ports.value
    columns = (port.weights[:, head.number] != 0.0).any(axis=1)
    operands = [operation.operand for _, _, operation in terms]
    given = meaning.combinations((*head.state.labels(columns), *operands))
    total = np.zeros(count_of(given))
    for (factor, _, _), operand in zip(terms, operands, strict=True):
        own = meaning.values(operand)
        if not all(isinstance(x, bool | int | float) for x in own):
            raise OpenError(f"{node.describe()} adds up what is no number everywhere")
        total += factor * np.array([float(x) for x in own])[given[operand]]
    return values(port, head.number, head.state, given), total


def _with_default(
    head: Head, terms: list[Term], table: Bounded, held: NDArray[np.float64]
) -> Bounded:
    """The table, in which what is given where nothing is selected is allowed for."""
    defaults = [operation.default for _, _, operation in terms]
    if not all(isinstance(x, bool | int | float) for x in defaults):
        raise OpenError("a sum of aggregates has no number where nothing is selected")
    default = sum(f * float(x) for (f, _, _), x in zip(terms, defaults, strict=True))
    _, start, _ = span(head.ports.value, head.number, head.state)
    off = np.abs(start.center - table.center) + start.error
    here = np.isclose(held, default)[:, None]
    return Bounded(table.center, np.where(here, np.maximum(table.error, off), table.error))

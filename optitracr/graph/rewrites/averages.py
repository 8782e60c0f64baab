"""Categorical Aggregates that average several numbers, which need a number in between.

A head that copies classes is right as long as no query selects positions with different
numbers. Where that is proven, nothing is added. Elsewhere the Aggregate takes its mean as a
number, which is right whatever is selected, and a class is made of that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Number
from typing import Any

from optitracr.arguments import shown
from optitracr.errors import UnsupportedError
from optitracr.graph.program import Aggregate, Function, Node, Operation
from optitracr.graph.provenance import Provenance, Role
from optitracr.graph.reach.answer import Answer, Reach
from optitracr.graph.reach.facts import Facts
from optitracr.graph.reach.selecting import repeats, selects_none
from optitracr.graph.selecting import selects_at_most_one
from optitracr.graph.tabled import Names, TabledNode
from optitracr.rasp import Encoding
from optitracr.rasp.exact import is_its_own_mean

NAME = "means as numbers"
"""What this rewrite is called."""


def may_average(node: Node, known: Mapping[str, TabledNode]) -> bool:
    """Whether a categorical Aggregate of numbers may select several positions."""
    operation = known[node.label].operation
    if not isinstance(operation, Aggregate) or node.is_numerical:
        return False
    numbers = sum(isinstance(value, Number) for value in known[operation.operand].value_set.values)
    return numbers > 0 and not selects_at_most_one(operation.selector, known)


def check_repeated(facts: Facts, node: Node) -> None:
    """Refuses an operand of which the mean of equal values may be another value.

    Raises:
        UnsupportedError: If several such values may be selected; names one.
    """
    operation = node.operation
    assert isinstance(operation, Aggregate)
    values, longest = facts.nodes[operation.operand].value_set.values, facts.inputs.max_seq_len
    odd = [i for i, value in enumerate(values) if not is_its_own_mean(value, longest)]
    if not odd:
        return
    answer = repeats(facts, node.label, odd)
    if not answer.never:
        where = f", as on {list(answer.tokens)!r}" if answer.tokens else ""
        raise UnsupportedError(
            f"s-op {node.describe()} may take the mean of {shown(values[odd[0]])} and itself"
            f"{where}, which rounds to another number; map such numbers to texts or to smaller "
            "ones, or let its selector select one position"
        )


def as_mean(
    facts: Facts, node: Node, operation: Aggregate, answer: Answer, names: Names
) -> list[Node]:
    """A categorical Aggregate as the class of a mean, after what that needs.

    Args:
        facts: What is known of the program.
        node: The Aggregate.
        operation: Its operation as written.
        answer: Whether it averages.
        names: Labels for what is added.

    Raises:
        UnsupportedError: If it is a mean beside numbers that no float is, or beside None.
    """
    none = selects_none(facts, node.label)
    if not none.never:
        raise UnsupportedError(
            f"s-op {node.describe()} {_takes_means(answer)}, and {_takes_none(none)}, which a "
            f"mean cannot tell from a number; let '{operation.operand}' have a number in place of "
            "None, as an Aggregate has by its default, or select such positions never"
        )
    coding = _coding(facts, node, operation, answer)
    nodes: list[Node] = []
    mean = replace(operation, skips_none=facts.nodes[operation.operand].value_set.may_be_none)
    if coding is not None:
        encode = Function((operation.operand,), call=coding.encode)
        coded = _made(names, node, Role.CODED, encode, Encoding.CATEGORICAL)
        nodes.append(coded)
        mean = replace(mean, operand=coded.label, default=coding.encode(operation.default))
    average = _made(names, node, Role.AVERAGE, mean, Encoding.NUMERICAL)
    read = _same if coding is None else coding.decode
    return [*nodes, average, replace(node, operation=Function((average.label,), call=read))]


def _made(names: Names, node: Node, role: Role, operation: Operation, encoding: Encoding) -> Node:
    """A variable that the compiler adds for one of the program's."""
    label = names.fresh(f"{node.label}.{role.value}")
    provenance = Provenance(NAME, node.shown, role)
    return Node(label, operation, encoding, node.source, provenance)


@dataclass(frozen=True, slots=True)
class _Coding:
    """Numbers beyond all others that stand for values which are no numbers.

    Where one of these is selected, it is alone, or the interpreter raises: so its number comes
    out of the mean as it went in.
    """

    number: Mapping[Any, float]
    value: Mapping[float, Any]

    def encode(self, value: Any) -> Any:
        """A value as a number; None stays None."""
        return self.number.get(value, value)

    def decode(self, number: float) -> Any:
        """The value that a number stands for, or the number."""
        return self.value.get(number, number)


def _coding(facts: Facts, node: Node, operation: Aggregate, answer: Answer) -> _Coding | None:
    """How values that are no numbers are averaged over; None where all are numbers.

    Raises:
        UnsupportedError: If some are numbers that no float is, such as fractions.
    """
    default = () if operation.default is None else (operation.default,)
    held = (*facts.nodes[operation.operand].value_set.values, *default)
    odd = list(dict.fromkeys(value for value in held if not isinstance(value, int | float)))
    number = next((value for value in odd if isinstance(value, Number)), None)
    if number is not None:
        raise UnsupportedError(
            f"s-op {node.describe()} {_takes_means(answer)}, of which {number!r} is neither an "
            "integer nor a float; map such numbers to floats, or let its selector select one "
            "position"
        )
    if not odd:
        return None
    most = max(value for value in held if isinstance(value, int | float))
    if not math.isfinite(most):
        raise UnsupportedError(
            f"s-op {node.describe()} {_takes_means(answer)}, of which one is {most!r}; map it to a "
            "finite number or to a text"
        )
    first = math.floor(most) + 1
    codes = {value: float(first + place) for place, value in enumerate(odd)}
    return _Coding(codes, {code: value for value, code in codes.items()})


def _takes_means(answer: Answer) -> str:
    if answer.reach is Reach.REACHED:
        return f"takes the mean of different numbers, as on {list(answer.tokens)!r}"
    return "may take the mean of different numbers (no proof was found that it does not)"


def _takes_none(answer: Answer) -> str:
    if answer.reach is Reach.REACHED:
        return f"on {list(answer.tokens)!r} it selects a position that is None"
    return "it may select a position that is None (no proof was found that it does not)"


def _same(value: Any) -> Any:
    return value

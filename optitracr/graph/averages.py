"""Categorical Aggregates that average several numbers, which need a number in between.

A head that copies classes is right as long as no query selects positions with different
numbers. Where that is proven, nothing is added. Elsewhere the Aggregate takes its mean as a
number, which is right whatever is selected, and a class is made of that.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Number
from typing import Any

from optitracr.arguments import shown
from optitracr.errors import UnsupportedError
from optitracr.graph.calls import Occurrence, Place
from optitracr.graph.inference import infer_one
from optitracr.graph.marks import Marks, tell_apart, without_unread
from optitracr.graph.program import (
    Aggregate,
    Elementwise,
    Node,
    Operation,
    ProgramGraph,
    operation_reads,
    unused,
)
from optitracr.graph.reach.answer import Answer, Reach
from optitracr.graph.reach.correlated import Occurring
from optitracr.graph.reach.facts import Facts, Inputs
from optitracr.graph.reach.occurring import occur_apart, occur_together
from optitracr.graph.reach.selecting import averages, repeats, selects_none
from optitracr.graph.selecting import selects_at_most_one
from optitracr.graph.values import ValueSet
from optitracr.graph.variants import ToldApartError
from optitracr.rasp import Encoding
from optitracr.rasp.exact import is_its_own_mean

AVERAGE = "average"
"""What the number is, of a categorical Aggregate that averages: its mean."""


def expand_averages(
    graph: ProgramGraph, inputs: Inputs
) -> tuple[ProgramGraph, dict[str, ValueSet]]:
    """Splits each Aggregate that may average into a mean, as a number, and its class.

    Equal values that some function tells apart become values of their own on the way.

    Args:
        graph: The program.
        inputs: The inputs that matter.

    Returns:
        The program, and its value sets.

    Raises:
        ValueSetError: If a value set explodes or a function raises.
        UnsupportedError: If a mean cannot be held as a number; names the s-op and, where one
            is known, an input on which it averages.
    """
    copies: set[str] = set()
    marks = Marks()
    while True:
        work = _Inference(graph, inputs, copies)
        try:
            for node in graph.nodes:
                work.add(node)
        except ToldApartError as error:
            graph = without_unread(tell_apart(work.so_far(), error, marks))
            continue
        return work.so_far(), work.sets


class _Inference:
    """Value sets, one variable after another, with what is asked about them on the way.

    Attributes:
        graph: The program.
        inputs: The inputs that matter.
        copies: Aggregates that are known to copy; grows.
        expressions: The author's s-ops by label.
        nodes: The variables so far, with those that the compiler adds.
        sets: Their value sets.
        occurring: What is known of values that occur together.
    """

    def __init__(self, graph: ProgramGraph, inputs: Inputs, copies: set[str]) -> None:
        self.graph, self.inputs, self.copies = graph, inputs, copies
        self.expressions = dict(graph.expressions)
        self.nodes: dict[str, Node] = {}
        self.sets: dict[str, ValueSet] = {}
        self.occurring = Occurring(self.nodes, self.sets, self._ask)

    def add(self, node: Node) -> None:
        """Infers a variable, as the class of a mean if it may average."""
        self._infer(node)
        if not may_average(node, self.nodes, self.sets):
            return
        if node.label in self.copies:
            return
        self._check_repeated(node)
        facts = self._facts()
        answer = averages(facts, node.label)
        if answer.never:
            self.copies.add(node.label)
            return
        taken = {*self.nodes, *(other.label for other in self.graph.nodes)}
        parts = _as_mean(facts, node, answer, taken)
        del self.nodes[node.label], self.sets[node.label]
        for part in parts:
            self._infer(part)

    def _check_repeated(self, node: Node) -> None:
        """Refuses an operand of which the mean of equal values may be another value.

        Raises:
            UnsupportedError: If several such values may be selected; names one.
        """
        operation = node.operation
        assert isinstance(operation, Aggregate)
        values, longest = self.sets[operation.operand].values, self.inputs.max_seq_len
        odd = [i for i, value in enumerate(values) if not is_its_own_mean(value, longest)]
        if not odd:
            return
        answer = repeats(self._facts(), node.label, odd)
        if not answer.never:
            where = f", as on {list(answer.tokens)!r}" if answer.tokens else ""
            raise UnsupportedError(
                f"s-op {node.describe()} may take the mean of {shown(values[odd[0]])} and itself"
                f"{where}, which rounds to another number; map such numbers to texts or to smaller "
                "ones, or let its selector select one position"
            )

    def so_far(self) -> ProgramGraph:
        """The program, as far as its variables are inferred with what was added, then as it was."""
        left = [node for node in self.graph.nodes if node.label not in self.nodes]
        return replace(self.graph, nodes=(*self.nodes.values(), *left))

    def _infer(self, node: Node) -> None:
        self.nodes[node.label] = node
        vocabulary, longest = self.inputs.vocabulary, self.inputs.max_seq_len
        self.sets[node.label] = infer_one(node, self.occurring, self.sets, vocabulary, longest)

    def _facts(self) -> Facts:
        program = self.expressions[self.graph.output]
        copies = frozenset(self.copies)
        return Facts(self.nodes, self.expressions, program, self.sets, self.inputs, copies)

    def _ask(
        self, labels: tuple[str, ...], places: Sequence[Place], apart: bool
    ) -> Occurrence | None:
        """Which combination of values occurs, as far as the room tells."""
        found = (occur_apart if apart else occur_together)(self._facts(), labels, places)
        return None if found.answer.never else Occurrence(found.place, found.answer.tokens)


def may_average(node: Node, nodes: Mapping[str, Node], sets: Mapping[str, ValueSet]) -> bool:
    """Whether a categorical Aggregate of numbers may select several positions."""
    operation = node.operation
    if not isinstance(operation, Aggregate) or node.is_numerical:
        return False
    numbers = sum(isinstance(value, Number) for value in sets[operation.operand].values)
    operations = {label: nodes[label].operation for label in operation_reads(operation)}
    return numbers > 0 and not selects_at_most_one(operation.selector, operations, sets)


def _as_mean(facts: Facts, node: Node, answer: Answer, taken: Collection[str]) -> list[Node]:
    """A categorical Aggregate as the class of a mean, after what that needs.

    Raises:
        UnsupportedError: If it is a mean beside numbers that no float is, or beside None.
    """
    operation = node.operation
    assert isinstance(operation, Aggregate)
    none = selects_none(facts, node.label)
    if not none.never:
        raise UnsupportedError(
            f"s-op {node.describe()} {_takes_means(answer)}, and {_takes_none(none)}, which a "
            f"mean cannot tell from a number; let '{operation.operand}' have a number in place of "
            "None, as an Aggregate has by its default, or select such positions never"
        )
    coding = _coding(facts, node, operation, answer)
    nodes: list[Node] = []
    mean = replace(operation, skips_none=facts.sets[operation.operand].may_be_none)
    if coding is not None:
        coded = _made(taken, node, "coded", Elementwise(coding.encode, (operation.operand,)))
        nodes.append(coded)
        mean = replace(mean, operand=coded.label, default=coding.encode(operation.default))
    average = _made(taken, node, AVERAGE, mean, Encoding.NUMERICAL)
    read = _same if coding is None else coding.decode
    return [*nodes, average, replace(node, operation=Elementwise(read, (average.label,)))]


def _made(
    taken: Collection[str],
    node: Node,
    part: str,
    operation: Operation,
    encoding: Encoding = Encoding.CATEGORICAL,
) -> Node:
    """A variable that the compiler adds for one of the program's."""
    label = unused(f"{node.label}.{part}", taken)
    owner = node.owner or node.label
    return replace(
        node, label=label, operation=operation, encoding=encoding, owner=owner, part=part
    )


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
    held = (*facts.sets[operation.operand].values, *default)
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

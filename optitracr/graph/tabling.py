"""From the program as written to the tabled program, variable by variable.

Two rewrites cannot wait until all is tabled, since the values of what reads a variable depend on
them: equal values that some function tells apart become values of their own (`rewrites.marks`),
and an Aggregate that may average becomes a mean and its class (`rewrites.averages`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from optitracr.graph.about import about
from optitracr.graph.calls import Occurrence, Place
from optitracr.graph.inference import Inference
from optitracr.graph.inputs import Inputs
from optitracr.graph.program import Aggregate, Function, Node, ProgramGraph, operation_reads
from optitracr.graph.reach.facts import Facts
from optitracr.graph.reach.occurring import occur_apart, occur_together
from optitracr.graph.reach.selecting import averages
from optitracr.graph.rewrites.averages import as_mean, check_repeated, may_average
from optitracr.graph.rewrites.marks import Marks, tell_apart, without_unread
from optitracr.graph.tabled import Names, TabledProgram
from optitracr.graph.variants import ToldApartError


def tabled_program(graph: ProgramGraph, inputs: Inputs, joint: bool = False) -> TabledProgram:
    """Tables a program: what each variable can be, and what it is for each of what it reads.

    Args:
        graph: The program as written.
        inputs: The inputs that matter.
        joint: Whether value sets hold only what goes together.

    Raises:
        ValueSetError: If a value set explodes or a function raises.
        UnsupportedError: If a mean cannot be held as a number; names the s-op and, where one
            is known, an input on which it averages.
    """
    copies: set[str] = set()
    marks = Marks()
    while True:
        work = _Tabling(graph, inputs, copies, joint)
        try:
            for node in graph.nodes:
                work.add(node)
        except ToldApartError as error:
            graph = without_unread(tell_apart(work.so_far(), error, marks))
            continue
        return TabledProgram.of(graph, work.inference.known.values())


MANY = 100
"""Values of a mean from which on it is asked about: a question takes some hundredths of a second,
and so do the tables of what reads fewer."""

MOST_ASKED = 16
"""Means of a program that are asked about: seconds at most, where none of them is settled."""


class _Tabling:
    """The program so far, with what is asked about it on the way.

    Attributes:
        graph: The program as written.
        inputs: The inputs that matter.
        copies: Aggregates that are known to copy; grows.
        expressions: The author's s-ops by label.
        written: The variables so far, with those that the compiler adds, as written.
        inference: The same variables, tabled.
        names: Labels for variables that the compiler adds.
        listed: Means of which some reader needs every value.
        asked: How many of them were asked about.
    """

    def __init__(self, graph: ProgramGraph, inputs: Inputs, copies: set[str], joint: bool) -> None:
        self.graph, self.inputs, self.copies = graph, inputs, copies
        self.expressions = dict(graph.expressions)
        self.written: dict[str, Node] = {}
        self.inference = Inference(inputs, self._ask, joint, copies)
        self.names = Names({*graph.by_label(), *self.expressions})
        self.listed, self.asked = means_to_list(graph), 0

    def add(self, node: Node) -> None:
        """Tables a variable, as the class of a mean if it may average."""
        with about(node):
            self._add(node)

    def _add(self, node: Node) -> None:
        self._infer(node)
        if node.label in self.copies:
            return
        if self._has_many_means(node):
            self._settle(node)
        if not may_average(node, self.inference.known):
            return
        facts = self._facts()
        check_repeated(facts, node)
        answer = averages(facts, node.label)
        if answer.never:
            self.copies.add(node.label)
            return
        assert isinstance(node.operation, Aggregate)
        parts = as_mean(facts, node, node.operation, answer, self.names)
        self.inference.remove(node.label)
        del self.written[node.label]
        for part in parts:
            self._infer(part)

    def _has_many_means(self, node: Node) -> bool:
        """Whether it pays to ask if a mean of numbers is always that of equal ones."""
        operation = self.inference.known[node.label].operation
        if not isinstance(operation, Aggregate) or node.label not in self.listed:
            return False
        own, operand = (
            self.inference.known[label].value_set for label in (node.label, operation.operand)
        )
        if operand.exploded or self.asked >= MOST_ASKED:
            return False
        many = len(own.values) > max(MANY, len(operand.values) + 1)
        return bool(own.exploded) or (self.inference.joint and many)

    def _settle(self, node: Node) -> None:
        """Leaves a mean the values that it copies, if it is proven that it does no more."""
        self.asked += 1
        if averages(self._facts(), node.label).never:
            self.copies.add(node.label)
            self.inference.remove(node.label)
            self._infer(node)

    def so_far(self) -> ProgramGraph:
        """The program, as far as its variables are tabled with what was added, then as it was."""
        left = [node for node in self.graph.nodes if node.label not in self.written]
        return replace(self.graph, nodes=(*self.written.values(), *left))

    def _infer(self, node: Node) -> None:
        self.written[node.label] = node
        self.inference.add(node)

    def _facts(self) -> Facts:
        program = self.expressions[self.graph.output]
        copies = frozenset(self.copies)
        return Facts(self.inference.known, self.expressions, program, self.inputs, copies)

    def _ask(
        self, labels: tuple[str, ...], places: Sequence[Place], apart: bool
    ) -> Occurrence | None:
        """Which combination of values occurs, as far as the room tells."""
        found = (occur_apart if apart else occur_together)(self._facts(), labels, places)
        return None if found.answer.never else Occurrence(found.place, found.answer.tokens)


def means_to_list(graph: ProgramGraph) -> frozenset[str]:
    """Means of numbers whose values have to be listed: sums of numbers alone can do without."""
    needed: set[str] = set()
    for node in reversed(graph.nodes):
        operation = node.operation
        sums = isinstance(operation, Function) and operation.factors and node.is_numerical
        if not sums or node.label in needed:
            needed.update(operation_reads(operation))
    return frozenset(
        node.label
        for node in graph.nodes
        if node.label in needed and node.is_numerical and isinstance(node.operation, Aggregate)
    )

"""What each variable of a program can be, and what it is given others: asked of its functions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.errors import OptitracrError
from optitracr.graph.program import (
    Aggregate,
    Best,
    Elementwise,
    Function,
    Input,
    Node,
    ProgramGraph,
    Source,
    Width,
    operation_reads,
)
from optitracr.model.proof import Discharge
from optitracr.rasp import Encoding
from optitracr.rasp.identity import identity_key, plain
from optitracr.setting import Setting

Codes = NDArray[np.int64]
Assignment = Mapping[str, Codes]
"""For some variables the codes of their values, combination by combination; each [count]."""

CALLS = 1 << 18
"""Calls of one function of the program: as many take a second or so."""

CALL = 50
"""What a call of a function counts for, in numbers that array operations make in the same time."""

MEANS = 1 << 14
"""Sums of several values that are told apart; more are left to the inputs themselves."""

NOTHING = -1
"""The code of what an undefined combination gives: there the interpreter raises."""


class OpenError(OptitracrError):
    """What the proof by values does not tell; the message is the obligation that stays open."""


class Values(ABC):
    """The variables of a program, and the values that they can have.

    Attributes:
        discharged: How many obligations were discharged, by how that was done.
    """

    def __init__(self, graph: ProgramGraph, setting: Setting, budget: int) -> None:
        """Nothing is asked yet.

        Args:
            graph: The program as it was written.
            setting: Vocabulary and length.
            budget: Numbers that may be made, all in all.
        """
        self._left = budget
        self.discharged: Counter[Discharge] = Counter()
        self.graph, self.setting = _with_inputs(graph), setting
        self.place = {node.label: i for i, node in enumerate(self.graph.nodes)}
        self._values: dict[str, tuple[Any, ...]] = {}
        self._tables: dict[str, NDArray[np.int64]] = {}

    def spend(self, numbers: float) -> None:
        """Notes that so many numbers are about to be made.

        Raises:
            OpenError: If they are more than the budget has left.
        """
        self._left -= int(numbers)
        if self._left < 0:
            raise OpenError("what positions can hold takes more work than the budget allows")

    def input(self, source: Source) -> str:
        """The label of the tokens, or of the positions."""
        return next(
            node.label
            for node in self.graph.nodes
            if isinstance(node.operation, Input) and node.operation.source is source
        )

    def values(self, label: str) -> tuple[Any, ...]:
        """All that a variable can be, and perhaps more; None among it where it can be that.

        Raises:
            OpenError: If there is no telling, or it is too much.
        """
        if label not in self._values:
            self._values[label] = self._found(self.graph.node(label))
        return self._values[label]

    def codes(self, label: str) -> dict[Any, int]:
        """The code of each value of a variable, by its `identity_key`."""
        return {identity_key(value): i for i, value in enumerate(self.values(label))}

    def _found(self, node: Node) -> tuple[Any, ...]:
        operation = node.operation
        match operation:
            case Input(source=Source.TOKENS):
                return tuple(self.setting.vocabulary)
            case Input():
                return tuple(range(self.setting.max_seq_len))
            case Elementwise():
                return self._results(node, operation)
            case Width():
                return tuple(range(self.setting.max_seq_len + 1))
            case Aggregate():
                return self._aggregated(node, operation)
            case Best():
                return (*range(self.setting.max_seq_len), None)

    def _results(self, node: Node, operation: Elementwise) -> tuple[Any, ...]:
        """The values of a function of others, and its table beside them."""
        sets = [self.values(label) for label in operation.operands]
        shape = tuple(map(len, sets))
        if np.prod(shape, dtype=float) > CALLS:
            raise OpenError(f"{node.describe()} is asked about too many combinations")
        assert isinstance(operation, Function)
        self.spend(CALL * np.prod(shape, dtype=float))
        known: dict[Any, int] = {}
        values: list[Any] = []
        table = np.full(shape, NOTHING, dtype=np.int64)
        for place in np.ndindex(*shape):
            arguments = [own[i] for own, i in zip(sets, place, strict=True)]
            value = None
            if not any(x is None for x in arguments):
                try:
                    value = plain(operation.call(*arguments))
                except Exception:
                    # The interpreter raises here as well, so that no such input is defined.
                    continue
            try:
                code = known.setdefault(identity_key(value), len(values))
            except TypeError as error:
                raise OpenError(f"{node.describe()} has values that cannot be told") from error
            if code == len(values):
                values.append(value)
            table[place] = code
        self._tables[node.label] = table
        return tuple(values)

    def _aggregated(self, node: Node, operation: Aggregate) -> tuple[Any, ...]:
        own = self.values(operation.operand)
        found = {identity_key(x): x for x in (*own, operation.default)}
        if self.takes_means(node):
            found |= {identity_key(x): x for x in self._means(node, own)}
        else:
            # The mean of several equal integers is a float.
            found |= {identity_key(float(x)): float(x) for x in own if isinstance(x, int)}
        return tuple(found.values())

    @abstractmethod
    def takes_means(self, node: Node) -> bool:
        """Whether an aggregate may be the mean of several values that differ."""

    @abstractmethod
    def is_counted(self, label: str, known: Collection[str]) -> bool:
        """Whether a width is the sum of counts that are known."""

    @abstractmethod
    def counted(self, label: str, given: Assignment) -> Codes | None:
        """The code of a width for each combination of counts that add up to it; None if not."""

    def _means(self, node: Node, values: Iterable[Any]) -> Iterator[Any]:
        """The means of several values, as the interpreter rounds them.

        Raises:
            OpenError: If they are no integers, or too many.
        """
        numbers = [x for x in values if isinstance(x, bool | int | float)]
        given = sum(isinstance(x, Number) for x in values)
        if given > len(numbers) or not all(float(x).is_integer() for x in numbers):
            raise OpenError(f"{node.describe()} is a mean of numbers that are no integers")
        whole = sorted({int(x) for x in numbers})
        sums, count = {0}, 0
        found: set[float] = set()
        for count in range(1, self.setting.max_seq_len + 1):
            if len(sums) * len(whole) > CALLS or len(found) > MEANS:
                raise OpenError(f"{node.describe()} is one of too many means")
            sums = {total + x for total in sums for x in whole}
            found.update(total / count for total in sums)
        yield from sorted(found)

    def told(self, label: str, given: Assignment) -> Codes:
        """The code of a variable for each combination of some others; `NOTHING` if undefined.

        Raises:
            OpenError: If the others do not tell it.
        """
        if label in given:
            return given[label]
        node = self.graph.node(label)
        operation = node.operation
        counted = self.counted(label, given)
        if counted is not None:
            return counted
        if not isinstance(operation, Elementwise):
            raise OpenError(f"{node.describe()} is not told by {', '.join(given) or 'nothing'}")
        self.values(label)
        codes = [self.told(operand, given) for operand in operation.operands]
        if not codes:
            return np.full(count_of(given), int(self._tables[label]), dtype=np.int64)
        inside = np.logical_and.reduce([own >= 0 for own in codes])
        found = self._tables[label][tuple(np.where(inside, own, 0) for own in codes)]
        return np.where(inside, found, NOTHING)

    def tells(self, label: str, given: Iterable[str]) -> bool:
        """Whether some variables tell another."""
        known = set(given)
        stack = [label]
        while stack:
            each = stack.pop()
            if each in known:
                continue
            node = self.graph.by_label().get(each)
            operation = None if node is None else node.operation
            if isinstance(operation, Width) and self.is_counted(each, known):
                continue
            if not isinstance(operation, Elementwise):
                return False
            stack += operation_reads(operation)
        return True

    def free(self, labels: Iterable[str]) -> tuple[str, ...]:
        """Those of some variables that tell the others, in the program's order."""
        found: list[str] = []
        for label in sorted(dict.fromkeys(labels), key=self._order):
            if not self.tells(label, found):
                found.append(label)
        return tuple(found)

    def _order(self, label: str) -> tuple[int, bool]:
        """The place of a variable; parts of a width come before it."""
        return self.place[label], label in self.graph.by_label()

    def leaves(self, label: str) -> tuple[str, ...]:
        """The inputs, widths and aggregates that a variable is a function of."""
        found: dict[str, None] = {}
        stack = [label]
        while stack:
            each = stack.pop()
            operation = self.graph.node(each).operation
            if isinstance(operation, Elementwise):
                stack += operation_reads(operation)
            else:
                found[each] = None
        return tuple(found)


def _with_inputs(graph: ProgramGraph) -> ProgramGraph:
    """The program with both inputs among its variables, which no program's label is one of."""
    known = {node.operation.source for node in graph.nodes if isinstance(node.operation, Input)}
    missing = (
        Node(f"{source.value}:input", Input(source), Encoding.CATEGORICAL)
        for source in Source
        if source not in known
    )
    return ProgramGraph((*missing, *graph.nodes), graph.output, graph.expressions)


def count_of(given: Assignment) -> int:
    """How many combinations there are; one of nothing."""
    return len(next(iter(given.values()))) if given else 1

"""A program as a component: every variable by its table, over tokens or over what is read instead.

Values are places in a variable's value set; the last, one more, stands for None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from optitracr.candidates.tables import FunctionTables
from optitracr.errors import UnsupportedError
from optitracr.graph.about import about
from optitracr.graph.program import (
    Aggregate,
    Elementwise,
    PairSelector,
    Selector,
    Source,
    Width,
    fold_selector,
    holds_of,
    operation_reads,
)
from optitracr.graph.selecting import selects_at_most_one
from optitracr.graph.tabled import TabledNode, TabledProgram
from optitracr.hosts.guest import Codes, Mask

if TYPE_CHECKING:
    from jaxtyping import Bool, Int

Value = Any


@dataclass(frozen=True, slots=True, eq=False)
class Component:
    """A program that is evaluated by its tables, in its causal reading.

    Attributes:
        program: The program, tabled.
        program_length: Longest input, BOS not counted.
    """

    program: TabledProgram
    program_length: int

    def values(self, label: str) -> tuple[Value, ...]:
        """What a variable can be, None last."""
        return (*self.program.by_label()[label].value_set.values, None)

    def __call__(
        self, tokens: Int[Codes, "batch seq"], read: Mapping[str, Codes] | None = None
    ) -> dict[str, Codes]:
        """The values of all variables that the output needs.

        Args:
            tokens: The place of each token in the vocabulary of the program.
            read: Variables whose values are given, and not computed.

        Returns:
            For each variable its value at each position, [batch, seq].

        Raises:
            UnsupportedError: If a variable has no exact form as a component; names the s-op.
        """
        found = dict(read or {})
        for node in self._needed(found):
            with about(node):
                found[node.label] = self._value(node, tokens, found)
        return found

    def only(self, label: str, tokens: Int[Codes, "batch seq"]) -> Int[Codes, "batch seq"]:
        """The value of one variable at each position."""
        found: dict[str, Codes] = {}
        for node in self._needed({}, label):
            found[node.label] = self._value(node, tokens, found)
        return found[label]

    def _needed(self, given: Mapping[str, Codes], output: str = "") -> list[TabledNode]:
        nodes = self.program.by_label()
        needed: set[str] = set()
        stack = [output or self.program.output]
        while stack:
            label = stack.pop()
            if label not in needed and label not in given:
                needed.add(label)
                stack += _reads(nodes[label])
        return [node for node in self.program.nodes if node.label in needed]

    def _value(self, node: TabledNode, tokens: Codes, found: Mapping[str, Codes]) -> Codes:
        match node.operation:
            case Elementwise():
                tables = FunctionTables.of(self.program)
                table = np.asarray(tables.with_none(node.label, node.operation.operands))
                operands = tuple(found[x] for x in node.operation.operands)
                chosen = table[operands] if operands else np.broadcast_to(table, tokens.shape)
                return np.where(chosen < 0, len(node.value_set.values), chosen)
            case Width():
                counts = self._selected(node.operation.selector, found).sum(axis=-1)
                return self._places(node, counts)
            case Aggregate():
                return self._copied(node, node.operation, found)
            case _:
                return self._input(node, tokens)

    def _input(self, node: TabledNode, tokens: Codes) -> Codes:
        source = getattr(node.operation, "source", None)
        if source is Source.TOKENS:
            return tokens
        if source is Source.INDICES:
            return np.broadcast_to(np.arange(tokens.shape[1]), tokens.shape)
        raise UnsupportedError(
            f"s-op {node.describe()} takes the best of several keys, which no component does; "
            "count what is better with rasp.SelectorWidth"
        )

    def _selected(
        self, selector: Selector, found: Mapping[str, Codes]
    ) -> Bool[Mask, "batch query key"]:
        def pair(leaf: PairSelector) -> Mask:
            holds = np.pad(holds_of(leaf), (0, 1), constant_values=False)
            return holds[found[leaf.keys][:, None, :], found[leaf.queries][:, :, None]]

        def combine(compound: Any, parts: tuple[Mask, ...]) -> Mask:
            if compound.operator == "not":
                return ~parts[0]
            joined = np.logical_and if compound.operator == "and" else np.logical_or
            return np.asarray(joined.reduce(parts))

        chosen = fold_selector(selector, pair, combine)
        return np.asarray(chosen & np.tri(chosen.shape[1], dtype=np.bool_))

    def _copied(self, node: TabledNode, operation: Aggregate, found: Mapping[str, Codes]) -> Codes:
        if node.is_numerical and not selects_at_most_one(
            operation.selector, self.program.by_label()
        ):
            raise UnsupportedError(
                f"s-op {node.describe()} takes the mean of numbers at several keys, which no "
                "component copies; count with rasp.SelectorWidth, or select one key"
            )
        chosen = self._selected(operation.selector, found)
        first = chosen.argmax(axis=-1)
        copied = np.take_along_axis(found[operation.operand], first, axis=1)
        values = (*self.values(operation.operand), operation.default)
        place = {value: at for at, value in enumerate(self.values(node.label))}
        to = np.array([place.get(value, len(place) - 1) for value in values], dtype=np.intp)
        return to[np.where(chosen.any(axis=-1), copied, len(values) - 1)]

    def _places(self, node: TabledNode, counts: Codes) -> Codes:
        place = {int(value): at for at, value in enumerate(node.value_set.values)}
        most = int(counts.max(initial=0))
        to = np.array([place.get(count, len(place)) for count in range(most + 1)], dtype=np.intp)
        return to[counts]


def _reads(node: TabledNode) -> tuple[str, ...]:
    return operation_reads(node.operation)

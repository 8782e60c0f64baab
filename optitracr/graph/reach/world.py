"""Some or all positions of an input as a CP-SAT model.

A *whole* world holds every position of an input of a given length: what selectors select is
counted exactly. A *partial* one holds a few positions of an input of any length: what it says
of them holds in every input, since it leaves open what the other positions hold. Both are
supersets of what the interpreter can do: no solution means that no input does it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from optitracr.graph.joint.links import widths_of
from optitracr.graph.program import (
    Aggregate,
    Best,
    Elementwise,
    Input,
    Operation,
    PairSelector,
    Source,
    Width,
    pairs_of,
)
from optitracr.graph.reach.facts import Codes, Facts
from optitracr.graph.reach.positions import Positions
from optitracr.graph.reach.promises import constrain_tokens
from optitracr.graph.reach.selections import Selections

MAX_TABLE = 100_000
"""Entries of a function's table beyond which its result is left open: an element constraint of
this size is read in some 20 ms, once for each position."""


class World(Positions):
    """Positions of one input, and what variables hold there.

    Attributes:
        selections: What selectors select among them.
    """

    def __init__(self, facts: Facts, positions: int, whole: bool) -> None:
        super().__init__(facts, positions, whole)
        self.selections = Selections(self, self.code)
        self._codes: dict[tuple[str, int], Any] = {}
        self._same: dict[str, bool] = {}

    def code(self, label: str, position: int) -> Any:
        """The code of a variable's value at a position; None if nothing is known of it."""
        if (label, position) not in self._codes:
            # Ancestors first and everywhere, so that no call goes deeper than one operation.
            for ancestor in self.facts.ancestors(label):
                if (ancestor, 0) in self._codes:
                    continue
                same = self._is_same(ancestor)
                for place in self.positions:
                    self._codes[(ancestor, place)] = (
                        self._codes[(ancestor, 0)]
                        if same and place
                        else self._made(ancestor, place)
                    )
                if self.facts.nodes[ancestor].is_token:
                    constrain_tokens(self, [self._codes[(ancestor, p)] for p in self.positions])
                if self._tells_positions(ancestor):
                    # The solver would find out, value by value.
                    self.model.add_all_different(
                        [self._codes[(ancestor, place)] for place in self.positions]
                    )
        return self._codes[(label, position)]

    def tokens(self, solver: Any) -> tuple[Any, ...]:
        """The input of a solution of a whole world."""
        vocabulary = self.facts.inputs.vocabulary
        label = self.facts.tokens
        if label is None:
            return (vocabulary[0],) * len(self.positions)
        codes = [self._codes.get((label, p)) for p in self.positions]
        return tuple(vocabulary[0 if code is None else solver.value(code)] for code in codes)

    def _tells_positions(self, label: str) -> bool:
        """Whether a variable is known to differ at any two positions of an input."""
        if self.facts.tells_position(label):
            return True
        operation = self.facts.nodes[label].operation
        if not isinstance(operation, Elementwise):
            return False
        index = [i for i, x in enumerate(operation.operands) if self.facts.nodes[x].is_index]
        others = [x for x in operation.operands if not self.facts.nodes[x].is_index]
        if len(index) != 1 or not all(self._same[x] for x in others):
            return False
        return self.facts.tells_index(label, index[0])

    def _is_same(self, label: str) -> bool:
        """Whether a variable is the same at all positions of an input.

        So is what heads give that select by the key alone, and what is made of that; but a causal
        query sees other keys at each position.
        """
        if label not in self._same:
            self._same[label] = self._found_same(self.facts.nodes[label].operation)
        return self._same[label]

    def _found_same(self, operation: Operation) -> bool:
        match operation:
            case Elementwise(operands=operands):
                return all(self._same[operand] for operand in operands)
            case Width(selector=selector) | Aggregate(selector=selector) | Best(selector=selector):
                if self.facts.inputs.causal:
                    return False
                return all(
                    self._same[pair.queries] or self.facts.ignores_query(pair)
                    for pair in pairs_of(selector)
                )
            case _:
                return False

    # -- variables ---------------------------------------------------------

    def _made(self, label: str, position: int) -> Any:
        operation = self.facts.nodes[label].operation
        match operation:
            case Input(source=source):
                return self._input(source, position)
            case Elementwise():
                return self._elementwise(label, operation, position)
            case Width():
                return self._width(label, self.selections.width(operation.selector, position))
            case Aggregate():
                return self._aggregate(label, operation, position)
            case Best():
                return self._best(label, operation, position)

    def _input(self, source: Source, position: int) -> Any:
        if source is Source.INDICES:
            return self.index[position]
        return self.model.new_int_var(0, len(self.facts.inputs.vocabulary) - 1, "")

    def _width(self, label: str, count: Any) -> Any:
        """The code of a count, which is one of the width's values."""
        counts = widths_of(self.facts.nodes[label])
        if np.array_equal(counts, np.arange(len(counts))):
            return count
        code = self.model.new_int_var(0, len(counts) - 1, "")
        self.model.add(count == self.look_up(counts, code))
        return code

    def _open(self, label: str) -> Any:
        """Any value that the variable's set holds."""
        if not self.facts.is_listed(label):
            return None
        count = self.facts.none(label) + int(self.facts.nodes[label].value_set.may_be_none)
        return self.model.new_int_var(0, max(count - 1, 0), "") if count else None

    def _elementwise(self, label: str, operation: Elementwise, position: int) -> Any:
        table = self.facts.table(label)
        operands = [self.code(operand, position) for operand in operation.operands]
        if table is None or table.size > MAX_TABLE or any(code is None for code in operands):
            return self._open(label)
        if not operands:
            return self.model.new_constant(int(table.ravel()[0]))
        return self.look_up(table.ravel(), self.joint(operands, table.shape))

    def _aggregate(self, label: str, operation: Aggregate, position: int) -> Any:
        """The value of each position that it selects, where that is known; else any."""
        result = self._open(label)
        copies = self.facts.is_copy(label)
        if result is None or not (copies or self.whole):
            return result
        place = self.facts.copied(label)
        chosen: list[Any] = []
        for key in self.positions:
            selected = self.selections.selected(operation.selector, key, position)
            if selected is None:
                return result
            chosen.append(selected)
        count = self._count(operation, position, chosen)
        if count is not None:
            empty = self.model.new_bool_var("")
            self.model.add(count == 0).only_enforce_if(empty)
            self.model.add(count >= 1).only_enforce_if(~empty)
            self.model.add(result == self.facts.default(label)).only_enforce_if(empty)
        single = None
        if not copies:
            single = self.model.new_bool_var("")
            self.model.add(sum(chosen) <= 1).only_enforce_if(single)
            self.model.add(sum(chosen) >= 2).only_enforce_if(~single)
        for key, selected in enumerate(chosen):
            self._copied(operation.operand, key, place, result, [selected, single])
        return result

    def _best(self, label: str, operation: Best, position: int) -> Any:
        """A position that is selected; the last or the first where that is the best."""
        result = self._open(label)
        if not self.whole or result is None:
            return result
        none, by_index = self.facts.none(label), self.facts.nodes[operation.score].is_index
        taken = []
        for key in self.positions:
            selected = self.selections.selected(operation.selector, key, position)
            if selected is None:
                return result
            here = self.model.new_bool_var("")
            self.model.add(result == key).only_enforce_if(here)
            self.model.add_implication(here, selected)
            self.model.add(result != none).only_enforce_if(selected)
            if by_index:
                ahead = result <= key if operation.smallest else result >= key
                self.model.add(ahead).only_enforce_if(selected)
            taken.append(here)
        if self.facts.nodes[label].value_set.may_be_none:
            empty = self.model.new_bool_var("")
            self.model.add(result == none).only_enforce_if(empty)
            taken.append(empty)
        self.model.add_exactly_one(taken)
        return result

    def _count(self, operation: Aggregate, position: int, chosen: list[Any]) -> Any:
        """How many positions an Aggregate selects; None if a partial world hardly tells."""
        if self.whole:
            return sum(chosen)
        selector = operation.selector
        by_index = isinstance(selector, PairSelector) and self.facts.nodes[selector.keys].is_index
        return self.selections.width(selector, position) if by_index else None

    def _copied(
        self, operand: str, key: int, place: Codes, result: Any, conditions: list[Any]
    ) -> None:
        """Under some conditions an Aggregate gives what its operand holds at a position."""
        code = self.code(operand, key)
        if code is None:
            return
        given = self.look_up(place[self.facts.held(operand)], code)
        literals = [condition for condition in conditions if condition is not None]
        self.model.add(result == given).only_enforce_if(literals)

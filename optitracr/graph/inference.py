"""Inference: from a program as written to what each variable can be, operands first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from optitracr.graph.about import about
from optitracr.graph.aggregates import aggregate_forms, aggregate_values, attended_values
from optitracr.graph.calls import Occurrence, Place, check_defined, user_predicate
from optitracr.graph.elementwise import elementwise_values
from optitracr.graph.grading import check_scores
from optitracr.graph.inputs import Inputs
from optitracr.graph.joint.values import JointValues
from optitracr.graph.numbers import check_numbers
from optitracr.graph.predicates import predicate_table
from optitracr.graph.program import (
    Aggregate,
    Best,
    CompoundSelector,
    Elementwise,
    Function,
    Input,
    Node,
    Pairs,
    PairSelector,
    Predicate,
    ProgramGraph,
    Selector,
    Source,
    TabledSelector,
    Width,
    map_pairs,
)
from optitracr.graph.ranking import selects_by_rank
from optitracr.graph.reach.correlated import Ask, Occurring
from optitracr.graph.selecting import (
    always_selects,
    promised_bounds,
    selects_at_most_one,
)
from optitracr.graph.tabled import TabledNode, TabledProgram, tabled
from optitracr.graph.values import ExplodedError, ValueSet, or_exploded
from optitracr.graph.variants import Distinct, ToldApartError, check_equal_results
from optitracr.rasp import Encoding

Value = Any


def inferred(graph: ProgramGraph, inputs: Inputs, joint: bool = False) -> TabledProgram:
    """A program as written, tabled as it is, by what tables alone tell.

    Args:
        graph: The program.
        inputs: The inputs that matter.
        joint: Whether value sets hold only what goes together.

    Raises:
        ValueSetError: As `Inference.add`.
    """
    work = Inference(inputs, joint=joint)
    for node in graph.nodes:
        work.add(node)
    return TabledProgram.of(graph, work.known.values())


@dataclass(slots=True, eq=False)
class Inference:
    """The tabled variables of a program, as far as they are inferred.

    Attributes:
        inputs: The inputs that matter.
        ask: What knows more of values that occur together than their tables tell.
        joint: Whether value sets hold only what goes together; if not, every combination of
            what operands can be, as long as these are not too many.
        copies: Aggregates that are known to give the value of each position they select.
        known: The variables.
    """

    inputs: Inputs
    ask: Ask | None = None
    joint: bool = False
    copies: set[str] = field(default_factory=set)
    known: dict[str, TabledNode] = field(default_factory=dict)
    _occurring: Occurring = field(init=False)
    _together: JointValues = field(init=False)
    _selectors: dict[int, tuple[Selector, Selector]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._together = JointValues(self.known, self.inputs)
        self._occurring = Occurring(self._together, self.ask)

    def add(self, node: Node) -> TabledNode:
        """Infers a variable whose operands are inferred.

        Raises:
            ValueSetError: If its set explodes, or a function or predicate raises something other
                than an ArithmeticError, or tells equal values apart; names the s-op, the
                arguments and the remedy.
        """
        try:
            with about(node):
                found = self._tabled(node)
        except ToldApartError as error:
            error.known = self.known
            raise
        self.known[node.label] = found
        return found

    def remove(self, label: str) -> None:
        """Forgets a variable that nothing reads yet."""
        del self.known[label]
        self._together.forget(label)

    def _tabled(self, node: Node) -> TabledNode:
        operation = node.operation
        match operation:
            case Input(source=source):
                held = replace(node, operation=Input(source, self.inputs))
                return tabled(held, self._input(source))
            case Function():
                own = self._function(node, operation)
                told = Elementwise(operation.operands, operation.factors)
                return tabled(replace(node, operation=told), own)
            case Width():
                return self._width(node, operation)
            case Aggregate():
                selector = self._selector(node, operation.selector)
                return self._aggregate(node, replace(operation, selector=selector))
            case Best():
                return self._best(node, operation)
            case Elementwise():
                raise AssertionError(f"{node.label} is a function that is not written")

    def _selected(self, selector: Selector) -> tuple[int, int]:
        """How many keys a query selects, where nothing but promises is looked at."""
        return promised_bounds(selector, self.known, self.inputs.max_seq_len)

    def _input(self, source: Source) -> ValueSet:
        tokens, indices = self.inputs.vocabulary, tuple(range(self.inputs.max_seq_len))
        values = tokens if source is Source.TOKENS else indices
        return ValueSet(values, False, values)

    def _function(self, node: Node, operation: Function) -> ValueSet:
        if node.is_numerical and operation.factors is not None:
            none = any(self.known[label].value_set.may_be_none for label in operation.operands)
            return or_exploded(none, lambda: self._listed(node, operation))
        return self._listed(node, operation)

    def _listed(self, node: Node, operation: Function) -> ValueSet:
        """The values of a function, over what goes together where that is asked or needed."""
        operands = [self.known[label].value_set for label in operation.operands]
        exploded = any(own.exploded for own in operands)

        def found(joint: bool) -> ValueSet:
            rows = self._together.rows(operation.operands) if joint and not exploded else None
            return elementwise_values(node, operation, operands, self._occurring, rows)

        try:
            return found(self.joint)
        except ExplodedError:
            if self.joint or exploded:
                raise
            return found(True)

    def _width(self, node: Node, operation: Width) -> TabledNode:
        counting = replace(operation, selector=self._selector(node, operation.selector))
        least, most = self._selected(counting.selector)
        counts = tuple(range(least, most + 1))
        if self.joint:
            found = self._together.attention.attended(counting, numerical=False)
            if found is not None:
                held = np.unique(found.given.table()[0]).astype(int).tolist()
                counts = tuple(count for count in held if least <= count <= most)
        return tabled(replace(node, operation=counting), ValueSet(counts, False, counts))

    def _aggregate(self, node: Node, operation: Aggregate) -> TabledNode:
        held = node
        told = replace(node, operation=operation)
        operand = self.known[operation.operand].value_set
        if is_copy_with_none(told, self.known):
            # It is held as classes, whatever its encoding, so that its values have to be these.
            held = replace(node, encoding=Encoding.CATEGORICAL)
            check_numbers(node, operand.values, operation.default)
        own = self._taken(held, operation, operand)
        own = replace(own, forms=aggregate_forms(operation, own, self.known))
        if own.may_be_none:
            of_none = operand.may_be_none and not operation.skips_none
            never_empty = always_selects(operation.selector, self.known)
            own = replace(own, may_be_none=of_none or not never_empty)
        return tabled(told, own)

    def _taken(self, node: Node, operation: Aggregate, operand: ValueSet) -> ValueSet:
        """The values of an Aggregate, by what goes together where that is asked or needed."""
        if node.is_numerical and node.label in self.copies:
            return aggregate_values(node, operation, operand, 1)
        own: ValueSet | None = None
        _, most = self._selected(operation.selector)
        if self.joint and node.is_numerical and most > 1:
            own = attended_values(node, operation, operand, self._together)
        own = own or aggregate_values(node, operation, operand, most)
        if own.exploded and not self.joint:
            own = attended_values(node, operation, operand, self._together) or own
        return own

    def _best(self, node: Node, operation: Best) -> TabledNode:
        """An index; None where nothing is selected whose score is a number."""
        selector = self._selector(node, operation.selector)
        score = self.known[operation.score].value_set
        check_scores(node, operation.score, score.values)
        if score.may_be_none:
            selector = CompoundSelector("and", (selector, self._scored(operation)), selector.label)
        told = replace(operation, selector=selector)
        values = tuple(range(self.inputs.max_seq_len))
        empty = not always_selects(selector, self.known)
        return tabled(replace(node, operation=told), ValueSet(values, empty, values))

    def _scored(self, operation: Best) -> TabledSelector:
        """What selects the keys that have a score, whatever the query."""
        index = next(node.label for node in self.known.values() if node.is_index)
        sides = (operation.score, index)
        holds = np.ones([len(self.known[label].value_set.values) for label in sides], dtype=bool)
        return TabledSelector(*sides, f"{operation.score} is a number", pairs=Pairs(holds))

    # -- selectors -----------------------------------------------------------

    def _selector(self, node: Node, selector: Selector) -> Selector:
        """The selector with tables in place of its predicates, made once for all who share it.

        Raises:
            ValueSetError: If a predicate raises on a pair that may occur, or tells equal values
                apart.
            ProgramError: If a predicate gives two results for one pair.
        """

        def table(pair: PairSelector) -> PairSelector:
            assert isinstance(pair, Predicate)
            if id(pair) not in self._selectors:
                self._selectors[id(pair)] = pair, self._pair(node, pair)
            known = self._selectors[id(pair)][1]
            assert isinstance(known, PairSelector)
            return known

        if id(selector) not in self._selectors:
            found = map_pairs(selector, table)
            if selects_by_rank(found, self.known, self.inputs):
                found = replace(found, at_most_one=True)
            self._selectors[id(selector)] = selector, found
        return self._selectors[id(selector)][1]

    def _pair(self, node: Node, selector: Predicate) -> TabledSelector:
        sides = (selector.keys, selector.queries)
        sets = [self.known[label].value_set for label in sides]
        keys, queries = (own.values for own in sets)
        made = predicate_table(selector, keys, queries)
        user = user_predicate(selector)
        told = replace(user, what=f"{user.what} of s-op {node.describe()}")

        def first_of(places: Sequence[Place]) -> Occurrence | None:
            return self._occurring.first_apart(*sides, places)

        check_defined(told, (keys, queries), made.errors, first_of)
        operands = [(x, own.values, own.forms) for x, own in zip(sides, sets, strict=True)]
        if any(forms for _, _, forms in operands):
            results = made.selector.pairs.holds.ravel().tolist()
            check_equal_results(node, user.call, operands, results, Distinct())
        return made.selector


def is_copy_with_none(node: Node, known: Mapping[str, TabledNode]) -> bool:
    """Whether a numerical Aggregate gives one value of its operand, which can be None.

    A number cannot say None, so that such an Aggregate is held as classes.
    """
    operation = node.operation
    if not (isinstance(operation, Aggregate) and node.is_numerical) or operation.skips_none:
        return False
    may_be_none = known[operation.operand].value_set.may_be_none
    return may_be_none and selects_at_most_one(operation.selector, known)

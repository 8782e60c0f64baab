"""The standard lowering: one component for each node, as Tracr does (levels 0 and 1)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

import numpy as np

from optitracr.candidates.component import (
    Component,
    Components,
    OutputView,
)
from optitracr.candidates.embedded import embedded_inputs, marker
from optitracr.candidates.head_conditions import (
    HeadCondition,
    conditions_read,
    escaped,
    head_conditions,
    pattern_name,
)
from optitracr.candidates.held import held_alone, made_for
from optitracr.candidates.rule import Rule
from optitracr.candidates.sharpness import (
    OneHotError,
    pair_error,
    spoils_best,
    spoils_mean,
    spoils_width,
    step_error,
)
from optitracr.candidates.support import check_supported
from optitracr.candidates.table_sizes import Pairs
from optitracr.candidates.validity import Activation, Condition, Validity
from optitracr.constructions.graded import grades_of, steepness
from optitracr.craft.blocks import Block, Mlp
from optitracr.craft.chamber import maps
from optitracr.craft.chamber.attention import Graded, selector_head
from optitracr.craft.numerics import MarginError, coldness
from optitracr.craft.reading import Variable, categorical, direction, numerical
from optitracr.craft.spaces import Direction, Space
from optitracr.errors import LimitError
from optitracr.graph.about import about
from optitracr.graph.build import CONSTANT
from optitracr.graph.grading import ranks_of, too_steep
from optitracr.graph.program import Aggregate, Best, Elementwise, Input, Node, Source, Width
from optitracr.graph.provenance import Provenance, Role, unused
from optitracr.graph.selecting import selects_at_most_one
from optitracr.graph.tabled import TabledNode, TabledProgram
from optitracr.setting import Setting

NAME = "standard"

RULE = Rule(
    name=NAME,
    validity=Validity(
        activations=frozenset({Activation.RELU}),
        needs_bos=True,
        conditions=frozenset({Condition.FINITE, Condition.BOUNDED, Condition.ONE_VALUE}),
    ),
)
"""Tracr's components: one for each variable, with nothing to choose."""


def standard_components(
    program: TabledProgram,
    setting: Setting,
    shared: bool = False,
) -> Components:
    """Lowers every node to its standard component.

    Args:
        program: The program, whose composite selectors are conjunctions of plain ones.
        setting: Vocabulary and length.
        shared: Let components with equal selectors share a head, which Tracr does not.

    Raises:
        UnsupportedError: If an operation has no standard lowering; names the s-op, the
            reason, and what would help.
        LimitError: If a component would be too large.
    """
    check_supported(program, any_default=False)
    lowering = _Lowering(program, setting)
    components = tuple(
        c if shared else replace(c, selector="")
        for node in program.nodes
        for c in lowering.lower(node)
    )
    output = lowering.variable[program.output]
    view = OutputView((output.label,), output.space, np.eye(len(output.space)))
    eraser = (lowering.indices.label, lowering.bos.label)
    # A sharp variable holds the RASP variable of another.
    held = held_alone([*lowering.variable.items(), *lowering.sharp.items()], lowering.nodes)
    made = made_for(lowering.nodes.items()) | lowering.shares
    outputs = () if output.numerical else output.values
    return Components(lowering.inputs, components, view, eraser, held, outputs, made)


class _Lowering:
    """The variables of one program, and the component of each node."""

    def __init__(self, program: TabledProgram, setting: Setting) -> None:
        self.nodes = program.by_label()
        self.coldness = coldness(setting.max_seq_len + 1)
        self.setting = setting
        labels = {
            node.operation.source: node.label
            for node in program.nodes
            if isinstance(node.operation, Input)
        }
        tokens = categorical(
            labels.get(Source.TOKENS) or unused("tokens", self.nodes), setting.vocabulary
        )
        self.indices = categorical(
            labels.get(Source.INDICES) or unused("indices", self.nodes),
            tuple(range(setting.max_seq_len)),
        )
        self.bos = marker(tokens.label, setting.bos)
        self.one = direction(CONSTANT, Space((Direction(CONSTANT),)))
        self.inputs = embedded_inputs(tokens, self.indices, self.bos, self.one, setting)
        self.variable: dict[str, Variable] = {
            tokens.label: tokens,
            self.indices.label: self.indices,
        }
        self.errors = {label: OneHotError() for label in self.variable}
        self.sharp: dict[str, Variable] = {}
        self.shares: dict[str, Provenance] = {}
        self.pairs = Pairs(program, setting.inputs)
        self.has_means = any(
            isinstance(node.operation, Aggregate)
            and node.is_numerical
            and not self._copies_one(node.operation)
            for node in program.nodes
        )

    def lower(self, node: TabledNode) -> list[Component]:
        """The components of a node, operands first."""
        operation = node.operation
        if isinstance(operation, Input):
            return []
        with about(node):
            components = self._lower(node, operation)
        if not node.is_numerical:
            self._note_error(node, components[-1])
        return components

    def _lower(
        self, node: TabledNode, operation: Elementwise | Aggregate | Width | Best
    ) -> list[Component]:
        values = self.nodes[node.label].value_set.values
        make = numerical if node.is_numerical else categorical
        output = self.variable[node.label] = make(node.label, values)
        match operation:
            case Elementwise():
                try:
                    return [self._elementwise(node, operation, output)]
                except MarginError as error:
                    raise LimitError(
                        f"s-op {node.describe()} cannot be computed from "
                        f"'{operation.operands[0]}': {error}; lower max_seq_len, or take a "
                        "function that tells fewer values apart"
                    ) from error
            case Aggregate():
                return self._aggregate(node, operation, output)
            case Width():
                return self._width(node, operation, output)
            case Best():
                return self._best(node, operation, output)
            case _:
                assert_never(operation)

    def _note_error(self, node: Node, component: Component) -> None:
        """Follows by how much a one-hot may be wrong, from its operands or its steps."""
        block = component.block
        match node.operation:
            case Aggregate() as aggregate:
                of_one = self._copies_one(aggregate)
                error = self.errors[aggregate.operand].copied(of_one)
            case Width():
                assert isinstance(block, Mlp), "the second component of a width is an MLP"
                error = step_error(block, _shares(self._counts(node)))
            case Best():
                error = self.errors[self.indices.label].copied(of_one=True)
            case Elementwise(operands=(first, second)):
                error = self._pair_error(self.variable[first], self.variable[second])
            case Elementwise(operands=(source,)) if self.variable[source].numerical:
                assert isinstance(block, Mlp), "a map is an MLP"
                error = step_error(block, self.nodes[source].value_set.values)
            case Elementwise(operands=(source,)):
                error = self.errors[source].mapped()
            case _:
                error = OneHotError()
        self.errors[node.label] = error

    def _counts(self, width: Node) -> tuple[int, ...]:
        """How many keys the selector of a width can select, the most first."""
        return self.nodes[width.label].value_set.values[::-1]

    def _leaves_nothing(self, error: OneHotError) -> bool:
        """Whether nobody minds what is left where neurons erased a one-hot with that error.

        It stays in the dimensions that are given to others, to keys and queries perhaps.
        """
        positions = self.setting.max_seq_len
        if self.has_means and spoils_mean([error], self.coldness):
            return False
        return not spoils_width([error], self.coldness, positions)

    def _pair_error(self, first: Variable, second: Variable) -> OneHotError:
        columns, rows = len(first.values), len(second.values)
        return pair_error(self.errors[first.label], columns, self.errors[second.label], rows)

    def _component(self, node: Node, output: Variable, block: Block, *reads: str) -> Component:
        return Component(output.label, output, block, tuple(dict.fromkeys(reads)), (node.label,))

    def _elementwise(self, node: TabledNode, operation: Elementwise, output: Variable) -> Component:
        operands = [self.variable[label] for label in operation.operands]
        one = self.one
        if operation.factors is not None and output.numerical:
            factors = (operation.factors[0], operation.factors[1])
            block = maps.linear_map(operands[0], operands[1], factors, output)
            return self._component(node, output, block, *operation.operands)
        pairs = self.pairs.of(node)
        own = self.nodes[node.label].value_set
        results = own.results() if pairs is None else own.results(pairs)
        match operands:
            case []:
                block = maps.constant(results[0], output, one.space)
                return self._component(node, output, block, one.label)
            case [source] if source.numerical:
                count = len(self.nodes[source.label].value_set.standard)
                block = maps.numerical_map(
                    source, source.values, results, output, one.space, 2 * count - 1
                )
                return self._component(node, output, block, source.label, one.label)
            case [source]:
                block = maps.categorical_map(source, results, output)
                return self._component(node, output, block, source.label)
            case _:
                first, second = operands
                sure = not any(self.nodes[x.label].value_set.may_be_none for x in operands)
                sure = sure and self._leaves_nothing(self._pair_error(first, second))
                block = maps.sequence_map(first, second, results, output, one.space, sure, pairs)
                return self._component(node, output, block, first.label, second.label, one.label)

    def _aggregate(self, node: Node, operation: Aggregate, output: Variable) -> list[Component]:
        conditions = head_conditions(operation.selector, self.variable)
        operand = self.variable[operation.operand]
        sharpened: list[Component] = []
        averages = output.numerical and not self._copies_one(operation)
        if averages and spoils_mean(self._errors(conditions), self.coldness):
            conditions, sharpened = self._sharpened(node, conditions)
        if output.numerical:
            value_output = operand.functional[:, None]
        else:
            value_output = maps.output_rows(operand.values, output)
        head = selector_head(
            [each.selected for each in conditions],
            self.bos.space,
            self.one.space,
            operand.space,
            output.space,
            value_output,
            self._coldness(conditions),
        )
        component = self._component(
            node,
            output,
            head,
            *conditions_read(conditions),
            operand.label,
            self.bos.label,
            self.one.label,
        )
        return [*sharpened, _with_selector(component, pattern_name(conditions, "default"))]

    def _coldness(self, conditions: Sequence[HeadCondition]) -> float:
        """Logit of each condition; a whole number where several add up, so that sums are exact."""
        return self.coldness if len(conditions) == 1 else float(math.ceil(self.coldness))

    def _errors(self, conditions: Sequence[HeadCondition]) -> list[OneHotError]:
        """Of the one-hots of a head's keys and queries, each as often as it is read."""
        return [self.errors[x.label] for each in conditions for x in (each.keys, each.queries)]

    def _copies_one(self, operation: Aggregate) -> bool:
        return selects_at_most_one(operation.selector, self.nodes)

    def _sharpened(
        self, node: Node, conditions: Sequence[HeadCondition]
    ) -> tuple[list[HeadCondition], list[Component]]:
        """The conditions on sharp copies of one-hots, and what makes those that are new."""
        variables = [x for each in conditions for x in (each.queries, each.keys)]
        found, made = self._sharp(node, variables)
        sides = zip(found[::2], found[1::2], conditions, strict=True)
        return [HeadCondition(query, key, each.table) for query, key, each in sides], made

    def _sharp(
        self, node: Node, variables: Sequence[Variable]
    ) -> tuple[list[Variable], list[Component]]:
        """Sharp copies of one-hots, and what makes those that are new."""
        found: list[Variable] = []
        made: list[Component] = []
        for variable in variables:
            label = variable.label
            if self.errors[label] == OneHotError():
                found.append(variable)
                continue
            if label not in self.sharp:
                self.sharp[label] = sharp = categorical(
                    unused(f"{label}.sharp", self.nodes), variable.values
                )
                block = maps.sharp_copy(variable, sharp, self.one.space)
                detail = f"a sharper one-hot, {sharp.label}, for {node.label}"
                reads = (label, self.one.label)
                made.append(Component(sharp.label, sharp, block, reads, (label,), added=detail))
            found.append(self.sharp[label])
        return found, made

    def _best(self, node: Node, operation: Best, output: Variable) -> list[Component]:
        """A head that looks at the best key, and copies its index."""
        conditions = head_conditions(operation.selector, self.variable)
        index, ranks = self.indices, ranks_of(operation, self.nodes)
        grades = grades_of(operation.score, ranks, index.label, self.setting.max_seq_len)
        slope = steepness(grades, len(conditions), self.coldness)
        if not slope.is_carried:
            raise too_steep(node, operation)
        rated = [self.variable[grade.label] for grade in grades]
        sharpened: list[Component] = []
        errors = [*self._errors(conditions), *(self.errors[x.label] for x in rated)]
        if spoils_best(errors, slope.largest):
            conditions, sharpened = self._sharpened(node, conditions)
            rated, further = self._sharp(node, rated)
            sharpened += further
        head = selector_head(
            [each.selected for each in conditions],
            self.bos.space,
            self.one.space,
            index.space,
            output.space,
            maps.output_rows(index.values, output),
            slope.margin,
            grades=[
                Graded(x.space, slope.step * g.steps) for x, g in zip(rated, grades, strict=True)
            ],
            bos_below=slope.step / 2 - slope.least,
        )
        reads = (*conditions_read(conditions), *(x.label for x in rated), index.label)
        component = self._component(node, output, head, *reads, self.bos.label, self.one.label)
        best = f"{operation.smallest} {escaped(rated[0].label)}"
        return [*sharpened, _with_selector(component, pattern_name(conditions, best))]

    def _width(self, node: Node, operation: Width, output: Variable) -> list[Component]:
        conditions = head_conditions(operation.selector, self.variable)
        positions = self.setting.max_seq_len
        sharpened: list[Component] = []
        if spoils_width(self._errors(conditions), self.coldness, positions):
            conditions, sharpened = self._sharpened(node, conditions)
        counts = self._counts(node)
        shares = _shares(counts)
        raw = numerical(unused(f"{node.label}.{Role.SHARE.value}", self.nodes), shares)
        self.shares[raw.label] = Provenance(NAME, node.label, Role.SHARE)
        head = selector_head(
            [each.selected for each in conditions],
            self.bos.space,
            self.one.space,
            self.bos.space,
            raw.space,
            np.ones((1, 1)),
            self._coldness(conditions),
            attend_bos=True,
        )
        reads = (*conditions_read(conditions), self.bos.label, self.one.label)
        first = self._component(node, raw, head, *reads)
        first = _with_selector(first, pattern_name(conditions, "width"), node.label)
        mlp = maps.numerical_map(
            raw, shares, counts, output, self.one.space, standard_neurons=2 * len(counts)
        )
        second = self._component(node, output, mlp, raw.label, self.one.label)
        return [*sharpened, first, _with_selector(second, "", node.label)]


def _shares(counts: tuple[int, ...]) -> tuple[float, ...]:
    """What a width's head writes for each count."""
    return tuple(1.0 / (count + 1) for count in counts)


def _with_selector(component: Component, selector: str, group: str = "") -> Component:
    return replace(component, selector=selector, group=group)

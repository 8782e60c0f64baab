"""Questions about what Aggregates select."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Number
from typing import Any

from optitracr import rasp
from optitracr.errors import EvaluationError
from optitracr.graph.placing import selects_by_place
from optitracr.graph.program import Aggregate, selector_reads
from optitracr.graph.reach.answer import Answer, Ground, Reach
from optitracr.graph.reach.conditions import (
    chosen_position,
    one_of,
    require,
    selects_at,
    value_at,
)
from optitracr.graph.reach.facts import Facts
from optitracr.graph.reach.search import FULL, Effort, Question, ask
from optitracr.graph.reach.world import World


def averages(facts: Facts, label: str, effort: Effort = FULL) -> Answer:
    """Whether some query of an Aggregate selects two positions with different numbers."""
    numbers, selector = _numbers(facts, label), _aggregate(facts, label).selector
    few = len(numbers) < 2 or facts.is_copy(label)
    if few or selects_by_place(selector, facts.nodes, facts.inputs):
        return Answer(Reach.NEVER, Ground.TABLES)
    return _selects_two(facts, label, numbers, different=True, effort=effort)


def repeats(facts: Facts, label: str, codes: Sequence[int]) -> Answer:
    """Whether some query of an Aggregate selects two positions that hold some of these values."""
    if facts.is_copy(label):
        return Answer(Reach.NEVER, Ground.TABLES)
    return _selects_two(facts, label, codes, different=False)


def _selects_two(
    facts: Facts, label: str, codes: Sequence[int], different: bool, effort: Effort = FULL
) -> Answer:
    """Whether some query selects two positions with some of these values, or different ones."""
    operation = _aggregate(facts, label)

    def case(query: int, keys: tuple[int, int]) -> Any:
        def condition(world: World) -> None:
            held = [one_of(world, operation.operand, key, codes) for key in keys]
            for key in keys:
                require(world, world.selections.selected(operation.selector, key, query))
            if different and all(code is not None for code in held):
                world.model.add(held[0] != held[1])

        return condition

    def whole(world: World) -> None:
        query, first, second = (chosen_position(world) for _ in range(3))
        values = [value_at(world, operation.operand, at, codes) for at in (first, second)]
        if different:
            world.model.add(values[0] < values[1])
        for one, other in zip(first, second, strict=True):
            world.model.add_bool_or([~one, ~other])
        for at in (first, second):
            selects_at(world, operation.selector, at, query)

    def confirm(tokens: tuple[Any, ...]) -> bool:
        asked = {facts.nodes[operation.operand].value_set.values[code] for code in codes}
        rows = ([x for x in _taken(*row) if x in asked] for row in _rows(facts, label, tokens))
        return any((len(set(found)) if different else len(found)) > 1 for found in rows)

    question = Question(
        (operation.operand, *selector_reads(operation.selector)),
        ((3, case(0, (1, 2))), (2, case(0, (0, 1)))),
        whole,
        confirm,
        effort,
    )
    return ask(facts, question)


def selects_none(facts: Facts, label: str) -> Answer:
    """Whether some query of an Aggregate selects a position at which its operand is None."""
    operation = _aggregate(facts, label)
    if not facts.nodes[operation.operand].value_set.may_be_none:
        return Answer(Reach.NEVER, Ground.TABLES)
    none = (facts.none(operation.operand),)

    def case(query: int, key: int) -> Any:
        def condition(world: World) -> None:
            one_of(world, operation.operand, key, none)
            require(world, world.selections.selected(operation.selector, key, query))

        return condition

    def whole(world: World) -> None:
        query, key = chosen_position(world), chosen_position(world)
        value_at(world, operation.operand, key, none)
        selects_at(world, operation.selector, key, query)

    def confirm(tokens: tuple[Any, ...]) -> bool:
        return any(
            chosen and value is None
            for row, values in _rows(facts, label, tokens)
            for chosen, value in zip(row, values, strict=True)
        )

    question = Question(
        (operation.operand, *selector_reads(operation.selector)),
        ((2, case(0, 1)), (1, case(0, 0))),
        whole,
        confirm,
    )
    return ask(facts, question)


def _aggregate(facts: Facts, label: str) -> Aggregate:
    operation = facts.nodes[label].operation
    assert isinstance(operation, Aggregate)
    return operation


def _numbers(facts: Facts, label: str) -> tuple[int, ...]:
    """The codes of an operand's values that are numbers: only these have a mean."""
    values = facts.nodes[_aggregate(facts, label).operand].value_set.values
    return tuple(code for code, value in enumerate(values) if isinstance(value, Number))


def _rows(facts: Facts, label: str, tokens: tuple[Any, ...]) -> list[tuple[list[bool], list[Any]]]:
    """What each query selects on an input, and the operand; nothing if it is undefined."""
    expression = facts.expressions[label]
    try:
        known = rasp.evaluate_all([facts.program], list(tokens), causal=facts.inputs.causal)
    except EvaluationError:
        return []
    matrix, values = known[expression.selector], known[expression.sop]
    return [(row, values) for row in matrix]


def _taken(row: list[bool], values: list[Any]) -> list[Any]:
    """The values that a query selects."""
    return [value for chosen, value in zip(row, values, strict=True) if chosen]

"""Questions about values that occur together: at one position, or at a key and a query.

They are asked of combinations on which a function or a predicate of the user's raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from optitracr import rasp
from optitracr.errors import EvaluationError
from optitracr.graph.reach.answer import Answer
from optitracr.graph.reach.conditions import chosen_position, value_at
from optitracr.graph.reach.facts import Facts
from optitracr.graph.reach.search import Question, ask
from optitracr.graph.reach.world import World

Places = Sequence[tuple[int, ...]]
"""Combinations, each the place of a value in its variable's set."""


@dataclass(frozen=True, slots=True)
class Occurs:
    """Whether one of some combinations occurs.

    Attributes:
        answer: What is known.
        place: The combination that the answer's input has, or else the first.
    """

    answer: Answer
    place: tuple[int, ...]


def occur_together(facts: Facts, labels: tuple[str, ...], places: Places) -> Occurs:
    """Whether variables take one of some combinations of values at some position."""

    def case(world: World) -> None:
        _among(world, [world.code(label, 0) for label in labels], places)

    def whole(world: World) -> None:
        at = chosen_position(world)
        _among(world, [value_at(world, label, at, _all(facts, label)) for label in labels], places)

    def confirm(tokens: tuple[Any, ...]) -> bool:
        return bool(seen(tokens))

    def seen(tokens: tuple[Any, ...]) -> list[tuple[int, ...]]:
        values = _values(facts, labels, tokens)
        return _seen(facts, labels, zip(*values, strict=True), places)

    answer = ask(facts, Question(labels, ((1, case),), whole, confirm))
    return Occurs(answer, (seen(answer.tokens) if answer.tokens else places)[0])


def occur_apart(facts: Facts, labels: tuple[str, ...], places: Places) -> Occurs:
    """Whether a key and a query that may see it take one of some pairs of values.

    Args:
        facts: The program.
        labels: The variable of the key, and that of the query.
        places: The pairs.
    """
    keys, queries = labels

    def case(world: World) -> None:
        query, key = 0, len(world.positions) - 1
        if facts.inputs.causal:
            world.model.add(world.index[key] <= world.index[query])
        _among(world, [world.code(keys, key), world.code(queries, query)], places)

    def whole(world: World) -> None:
        sides = [chosen_position(world) for _ in labels]
        if facts.inputs.causal:
            key, query = (sum(p * x for p, x in enumerate(side)) for side in sides)
            world.model.add(key <= query)
        values = [
            value_at(world, label, side, _all(facts, label))
            for label, side in zip(labels, sides, strict=True)
        ]
        _among(world, values, places)

    def confirm(tokens: tuple[Any, ...]) -> bool:
        return bool(seen(tokens))

    def seen(tokens: tuple[Any, ...]) -> list[tuple[int, ...]]:
        values = _values(facts, labels, tokens)
        pairs = (
            (key, query)
            for place, key in enumerate(values[0])
            for query in (values[1][place:] if facts.inputs.causal else values[1])
        )
        return _seen(facts, labels, pairs, places)

    answer = ask(facts, Question(labels, ((2, case), (1, case)), whole, confirm))
    return Occurs(answer, (seen(answer.tokens) if answer.tokens else places)[0])


def _all(facts: Facts, label: str) -> range:
    """The codes of a variable's values, None left out: functions are not asked about it."""
    return range(facts.none(label))


def _among(world: World, codes: list[Any], places: Places) -> None:
    """Some codes are one of the combinations; nothing is asked where one is not known."""
    if all(code is not None for code in codes):
        world.model.add_allowed_assignments(codes, [tuple(map(int, place)) for place in places])


def _values(facts: Facts, labels: tuple[str, ...], tokens: tuple[Any, ...]) -> list[list[Any]]:
    """The values of variables on an input; none where they are undefined.

    Of the program only what they are made of is evaluated: the rest may raise, which is what
    is asked about.
    """
    if not all(label in facts.expressions for label in labels):
        # A variable that the compiler made: no s-op of the author's, so nothing is confirmed.
        return [[] for _ in labels]
    sops = [facts.expressions[label] for label in labels]
    try:
        known = rasp.evaluate_all(sops, list(tokens), causal=facts.inputs.causal)
    except EvaluationError:
        return [[] for _ in labels]
    return [known[sop] for sop in sops]


def _seen(
    facts: Facts, labels: tuple[str, ...], found: Iterable[tuple[Any, ...]], places: Places
) -> list[tuple[int, ...]]:
    """Those of some combinations that are among the values found."""
    index = [
        {value: i for i, value in enumerate(facts.nodes[label].value_set.values)}
        for label in labels
    ]
    asked = {tuple(map(int, place)): place for place in places}
    rows = (
        tuple(codes[value] for codes, value in zip(index, row, strict=True))
        for row in found
        if None not in row
    )
    return [asked[row] for row in rows if row in asked]

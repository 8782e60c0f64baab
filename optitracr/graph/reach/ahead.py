"""Questions about selectors of a program in its causal reading that would select later keys.

Where none does, the causal reading is the full one. By induction along the program: as long as no
selector so far would select a later key, all that is made so far has the same values in both
readings. So it is asked of these values, what the next selector says of a later key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from optitracr import rasp
from optitracr.errors import EvaluationError
from optitracr.graph.program import Aggregate, Best, Selector, Width, selector_reads
from optitracr.graph.reach.answer import Answer, Ground, Reach
from optitracr.graph.reach.by_index import ByIndex
from optitracr.graph.reach.conditions import require
from optitracr.graph.reach.facts import Facts
from optitracr.graph.reach.search import Effort, Question, ask, work
from optitracr.graph.reach.world import World

EFFORT = Effort(partial=0.5, whole=0.15, work=50_000)
"""What one answer may take, some tenths of a second: nothing but a warning depends on it."""


def ahead_by_tables(facts: Facts) -> list[str]:
    """Whose selectors are not shown by tables of indices to select no later key.

    A variable for each such selector, in the order of the program.

    Args:
        facts: A program as its causal reading was tabled.
    """
    tables = ByIndex(facts)
    seen: set[int] = set()
    found: list[str] = []
    for label, selector in _heads(facts):
        if id(selector) not in seen and tables.may_select_later(selector):
            found.append(label)
        seen.add(id(selector))
    return found


def looks_ahead(facts: Facts, label: str) -> Answer:
    """Whether a query of a variable would select a later key, if it saw it.

    Args:
        facts: A program as its causal reading was tabled.
        label: A variable that attends, such that none before it would select a later key.
    """
    selector = dict(_heads(facts))[label]
    if not ByIndex(facts).may_select_later(selector):
        return Answer(Reach.NEVER, Ground.TABLES)

    def case(world: World) -> None:
        query, key = world.positions
        world.model.add(world.index[key] > world.index[query])
        require(world, world.selections.formula(selector, key, query))

    def whole(world: World) -> None:
        positions = world.positions
        found = [
            world.selections.formula(selector, key, query)
            for query in positions
            for key in positions[query + 1 :]
        ]
        if all(literal is not None for literal in found):
            world.model.add_bool_or(found)

    def confirm(tokens: tuple[Any, ...]) -> bool:
        return _selects_later(facts, label, tokens)

    reads = selector_reads(selector)
    return ask(facts, Question(reads, ((2, case),), whole, confirm, _effort(facts, reads)))


def _effort(facts: Facts, reads: tuple[str, ...]) -> Effort:
    """Without looking at short inputs if the longest are too long to be looked at."""
    too_long = work(facts, reads, facts.inputs.lengths[-1]) > EFFORT.work
    return replace(EFFORT, whole=0.0) if too_long else EFFORT


def _heads(facts: Facts) -> Iterator[tuple[str, Selector]]:
    """The variables that attend, operands first, and what they select by."""
    for label, node in facts.nodes.items():
        if isinstance(node.operation, Aggregate | Best | Width):
            yield label, node.operation.selector


def _selects_later(facts: Facts, label: str, tokens: tuple[Any, ...]) -> bool:
    """Whether a query selects a later key on an input, in the full reading."""
    if label not in facts.expressions:
        # A variable that the compiler made: no s-op of the author's, so nothing is confirmed.
        return False
    sop = facts.expressions[label]
    try:
        matrix = rasp.evaluate_all([sop], list(tokens), causal=False)[sop.selector]
    except EvaluationError:
        return False
    return bool(np.triu(np.array(matrix, dtype=bool), 1).any())

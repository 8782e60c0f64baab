"""A pair of inputs that tells two variables apart, looked for by a solver.

Four worlds share one model: the base, the source, and the base with either variable set to what
it is on the source. What is found is for the interpreter to confirm; that nothing is found proves
nothing, for value sets hold what variables are on inputs, not under interventions.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from optitracr.errors import OptitracrError
from optitracr.graph.program import ProgramGraph, operation_reads
from optitracr.graph.reach.facts import Facts
from optitracr.graph.reach.search import MAX_WORK, WHOLE_TIME, Outcome, solve, work
from optitracr.graph.reach.world import World
from optitracr.graph.tabling import tabled_program
from optitracr.setting import Setting

WORLDS = 4
"""Worlds of one model: as many times the work of a question about one input."""


def facts_of(graph: ProgramGraph, setting: Setting) -> Facts | None:
    """What is known of a program's values; None where they cannot be listed."""
    try:
        return Facts.of(graph, tabled_program(graph, setting.inputs), setting.inputs)
    except OptitracrError:
        return None


def searched(facts: Facts, output: str, first: str, second: str) -> tuple[Any, Any] | None:
    """Tokens of a base and a source; None if none is found.

    Inputs of one length are looked at first, then others, the shortest first.

    Args:
        facts: The program.
        output: Label of its output.
        first: A variable.
        second: Another one, or "" for no intervention.
    """
    wanted = [label for label in (output, first, second) if label]
    if any(label not in facts.nodes for label in wanted):
        return None
    left = WHOLE_TIME
    lengths = sorted(product(facts.inputs.lengths, repeat=2), key=lambda x: (x[0] != x[1], x))
    for length, other in lengths:
        if left <= 0:
            return None
        if WORLDS * work(facts, (output,), max(length, other)) > MAX_WORK:
            continue
        base = _Base(facts, length, other)
        sides = [_Hybrid(base, label) if label else base for label in (first, second)]
        if not _differ(base, [[x.code(output, p) for p in x.positions] for x in sides]):
            return None
        found = solve(base, left)
        left -= found.time
        if found.outcome is Outcome.SOME:
            return found.tokens[:length], found.tokens[length:]
    return None


class _Base(World):
    """The base, with the source beside it.

    Attributes:
        source: The other input, in the same model.
    """

    def __init__(self, facts: Facts, length: int, other: int) -> None:
        super().__init__(facts, length, whole=True)
        self.source = _Beside(self, other)

    def tokens(self, solver: Any) -> tuple[Any, ...]:
        """The tokens of both, one after the other."""
        return (*super().tokens(solver), *self.source.tokens(solver))


class _Beside(World):
    """Another world in the model of one."""

    def __init__(self, base: World, length: int) -> None:
        super().__init__(base.facts, length, whole=True)
        self.model = base.model
        self.index = [self.model.new_constant(place) for place in self.positions]
        self.length = self.model.new_constant(len(self.positions))


class _Hybrid(_Beside):
    """The base with one variable set to what it is on the source, where that has the position."""

    def __init__(self, base: _Base, variable: str) -> None:
        super().__init__(base, len(base.positions))
        changed = {variable}
        for label, node in self.facts.nodes.items():
            if changed.intersection(operation_reads(node.operation)):
                changed.add(label)
            if label == variable or label not in changed:
                for place in self.positions:
                    taken = label == variable and place < len(base.source.positions)
                    side: World = base.source if taken else base
                    self._codes[label, place] = side.code(label, place)

    def _is_same(self, label: str) -> bool:
        """Nothing is presumed: what is so on inputs need not be so here."""
        self._same[label] = False
        return False

    def _tells_positions(self, label: str) -> bool:
        return False


def _differ(base: World, codes: list[list[Any]]) -> bool:
    """Asks that outputs differ at some position; false where they are not known."""
    literals = []
    for own, other in zip(*codes, strict=True):
        if own is None or other is None:
            return False
        literals.append(base.model.new_bool_var(""))
        base.model.add(own != other).only_enforce_if(literals[-1])
    base.model.add_bool_or(literals)
    return True

"""What can occur together, as the rooms that know of it say: joint rows, and the solver."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.errors import OptitracrError
from optitracr.graph.inference import inferred
from optitracr.graph.inputs import Inputs
from optitracr.graph.joint.values import JointValues
from optitracr.graph.program import Aggregate, ProgramGraph, Width, selector_reads
from optitracr.graph.reach.conditions import chosen_position
from optitracr.graph.reach.facts import Facts
from optitracr.graph.reach.search import FULL, Effort, Question, ask, work
from optitracr.graph.reach.selecting import averages
from optitracr.graph.reach.world import World
from optitracr.graph.tabled import TabledProgram
from optitracr.model.proof import Discharge

QUESTION, ENTRY = 1 << 20, 32
"""What a question to the solver counts for, in numbers that are made, and besides for each entry of
the tables that its models hold."""

ENTRIES = 1 << 18
"""Entries of the models of all lengths up to which they are made: some seconds' work. Beyond, only
what holds at any length is asked for."""

NOT_HELD = -2
"""The place of a value that a variable never has."""


class Relations:
    """What is known of values that occur together, and of what selectors select.

    Attributes:
        relates: Whether anything is known here.
        asks: Whether the solver is asked where tables do not tell.
        unasked: Whether it would have been.
    """

    def __init__(
        self,
        graph: ProgramGraph,
        inputs: Inputs,
        spend: Callable[[float], None],
        discharged: Counter[Discharge],
    ) -> None:
        """Nothing is asked yet.

        Args:
            graph: The program as it was written.
            inputs: The inputs that matter.
            spend: Notes work that is about to be done; raises where it is too much.
            discharged: Counts what the solver settles.
        """
        self.relates, self.asks, self.unasked = True, True, False
        self._spend, self._discharged = spend, discharged
        self.graph, self.inputs = graph, inputs
        self._tabled: TabledProgram | None = None
        self._asked = False
        self._joint: JointValues | None = None
        self._answers: dict[tuple[Settles, str], bool] = {}
        self._together: dict[tuple[str, ...], NDArray[np.bool_] | None] = {}

    @property
    def tabled(self) -> TabledProgram | None:
        """The program with its tables; None where they are not had."""
        if not self._asked and self.relates:
            self._asked = True
            try:
                self._tabled = inferred(self.graph, self.inputs, joint=True)
                self._joint = JointValues.of_program(self._tabled, self.inputs)
            except OptitracrError:
                self._tabled = None
        return self._tabled

    def together(
        self,
        given: Mapping[str, NDArray[np.int64]],
        values: Mapping[str, Sequence[Any]],
    ) -> NDArray[np.bool_] | None:
        """Which combinations may occur at one position; None if nothing is known.

        Args:
            given: For each variable its codes, combination by combination.
            values: What the codes stand for.
        """
        if self.tabled is None or self._joint is None:
            return None
        known = self.tabled.by_label()
        labels = [x for x in given if x in known and not known[x].value_set.exploded]
        allowed = self._allowed(tuple(labels)) if labels else None
        if allowed is None:
            return None
        places = [self._places(label, values[label])[given[label]] for label in labels]
        held = np.logical_and.reduce([place != NOT_HELD for place in places])
        inside = [np.where(place == NOT_HELD, 0, place) for place in places]
        return np.asarray(allowed[tuple(inside)] & held)

    def _allowed(self, labels: tuple[str, ...]) -> NDArray[np.bool_] | None:
        """Which values of variables occur together, one axis each, None last; None if not known."""
        assert self.tabled is not None
        assert self._joint is not None
        if labels not in self._together:
            rows = self._joint.listed(labels)
            found = None
            if rows is not None:
                sizes = [len(self.tabled.node(label).value_set.values) + 1 for label in labels]
                found = np.zeros(sizes, dtype=bool)
                found[tuple(rows.T)] = True
            self._together[labels] = found
        return self._together[labels]

    def listed(self, values: Mapping[str, Sequence[Any]]) -> dict[str, NDArray[np.int64]] | None:
        """The combinations of variables that may occur at one position, listed; None if not known.

        Args:
            values: For each variable what its codes stand for.
        """
        if self.tabled is None or self._joint is None:
            return None
        known = self.tabled.by_label()
        if not all(x in known and not known[x].value_set.exploded for x in values):
            return None
        rows = self._joint.listed(list(values)) if values else None
        if rows is None:
            return None
        found: dict[str, NDArray[np.int64]] = {}
        for column, (label, own) in enumerate(values.items()):
            # Several codes may stand for what the variable's set holds as one value.
            row, code = np.nonzero(rows[:, column, None] == self._places(label, own))
            rows = rows[row]
            found = {x: codes[row] for x, codes in found.items()}
            found[label] = code.astype(np.int64)
        return found

    def _places(self, label: str, values: Sequence[Any]) -> NDArray[np.int64]:
        """The place of each value in the variable's set; -1 for None."""
        assert self.tabled is not None
        place = {x: i for i, x in enumerate(self.tabled.node(label).value_set.values)}
        return np.array([-1 if x is None else place.get(x, NOT_HELD) for x in values])

    def copies(self, label: str) -> bool:
        """Whether an aggregate gives one value, whatever it selects; False if not known."""
        return self._settled(_never_averages, label)

    def selects_some(self, label: str) -> bool:
        """Whether an aggregate or a width always selects a key; False if not known."""
        return self._settled(_never_empty, label)

    def _settled(self, question: Settles, label: str) -> bool:
        """Whether the solver settles a question about a variable. Each is asked once."""
        if self.tabled is None:
            return False
        if not self.asks:
            self.unasked = True
            return False
        key = question, label
        if key not in self._answers:
            self._answers[key] = self._answer(question, label)
            self._discharged[Discharge.SOLVER] += self._answers[key]
        return self._answers[key]

    def _answer(self, question: Settles, label: str) -> bool:
        assert self.tabled is not None
        facts = Facts.of(self.graph, self.tabled, self.inputs)
        entries = sum(work(facts, (label,), length) for length in self.inputs.lengths)
        few = entries <= ENTRIES
        self._spend(QUESTION + ENTRY * (entries if few else 0))
        try:
            return question(facts, label, FULL if few else ANY_LENGTH)
        except OptitracrError:
            return False


Settles = Callable[[Facts, str, Effort], bool]
"""Whether the solver settles a question about a variable."""

ANY_LENGTH = Effort(whole=0.0)
"""What asks for what holds at any length alone."""


def _never_averages(facts: Facts, label: str, effort: Effort) -> bool:
    """Whether no query of an aggregate selects two different numbers."""
    return averages(facts, label, effort).never


def _never_empty(facts: Facts, label: str, effort: Effort) -> bool:
    """Whether no query of a selector selects nothing."""
    operation = facts.nodes[label].operation
    assert isinstance(operation, Width | Aggregate)
    selector = operation.selector

    def case(world: World) -> None:
        world.model.add(world.selections.width(selector, 0) == 0)

    def whole(world: World) -> None:
        for position, literal in enumerate(chosen_position(world)):
            width = world.selections.width(selector, position)
            world.model.add(width == 0).only_enforce_if(literal)

    # An input would be no proof, so that none has to be confirmed.
    reads = selector_reads(selector)
    question = Question(reads, ((1, case),), whole, lambda tokens: False, effort)
    return ask(facts, question).never

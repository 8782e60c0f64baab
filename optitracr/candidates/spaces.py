"""The candidate spaces of a program, with whatever care; where depth comes first, shallow ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from optitracr.candidates.births import Births, Born
from optitracr.candidates.care import Care
from optitracr.candidates.computable import computable, computable_views
from optitracr.candidates.deadlines import Deadlines
from optitracr.candidates.enumeration import enumerated, output_readings, with_usable_outputs
from optitracr.candidates.facts import Facts
from optitracr.candidates.problem import space_problem
from optitracr.candidates.proposals import Proposals
from optitracr.candidates.rule import Rule, repertoire
from optitracr.candidates.space import CandidateSpace, Stated
from optitracr.candidates.table_plans import Planned
from optitracr.candidates.ways import OutputReading
from optitracr.graph.tabled import TabledProgram
from solvers import Limits
from solvers.timing import earliest

SHALLOW_FORMS = 8
"""Forms of one variable beyond which new needs get only the joint one, where what comes too late is
left out: two more than else, as there are fewer of its own for each."""

WHOLE_FORMS = 9
"""Forms of one variable beyond which new needs get only the joint one, where depth is not what
counts most: three more than else, as components of more layers meet needs of their own."""

TRIED = 3
"""Numbers of layers for which candidates are planned, from the least on, until they lead to the
output: there are seldom more in a small program, and in a large one each takes its time."""

MANY = 100
"""Variables of a program beyond which all candidates are planned at once: the least depth of many
is seldom known beforehand, and what is planned for fewer layers is planned in vain."""

FEW = 50
"""Variables of a program up to which they have so many: larger problems are not always proven, and
get harder with each form."""


class Spaces:
    """The candidate spaces of a program by some rules.

    Attributes:
        facts: The program after the rewrites.
        program: The one before, for whose variables the candidates are.
        rules: What proposes candidates, in order.
        is_wary: Whether what is not zero at BOS is taken to be negative there, so that erasing it
            takes two neurons for each dimension. It seldom is, where that matters.
    """

    def __init__(
        self,
        facts: Facts,
        program: TabledProgram,
        rules: Sequence[Rule],
        is_wary: bool = False,
    ) -> None:
        """Nothing is proposed yet."""
        self.facts, self.program, self.rules, self.is_wary = facts, program, rules, is_wary
        self._planned = Planned()
        self._first: Proposals | None = None

    def whole(self, care: Care) -> CandidateSpace:
        """All candidates.

        Raises:
            LimitError: If they do not lead to the output.
        """
        proposals = self._proposals(care)
        proposals.most_forms = WHOLE_FORMS
        return self._all(proposals)

    def _all(self, proposals: Proposals) -> CandidateSpace:
        """What is proposed, however late it comes."""
        space = enumerated(proposals, self.program, self.rules, self.readings)
        return with_usable_outputs(space, proposals.tables)

    def shallow(self, care: Care) -> CandidateSpace:
        """Those of which a model of the least depth may be made; all if rules do not say which.

        Raises:
            LimitError: If they do not lead to the output.
        """
        births = self.births if len(self.facts.nodes) <= MANY else None
        if births is None:
            return self._all(self._proposals(care))
        least = (self._least(births) + 1) // 2
        for layers in range(least, least + TRIED):
            space = self._up_to(layers, births, care)
            if space is not None:
                return self._enough(space, births, care)
        return self._all(self._proposals(care))

    def _enough(self, space: CandidateSpace, births: Births, care: Care) -> CandidateSpace:
        """The space itself if its candidates make a model of as many layers as it is for."""
        if space.layers is None:
            return space
        problem = space_problem(space, Limits())
        depth = earliest(problem).layers
        if depth <= space.layers:
            return replace(space, stated=Stated(space, problem))
        deeper = self._up_to(depth, births, care)
        # Forms that more layers leave room for may have taken the place of others.
        return deeper or self._all(self._proposals(care))

    @cached_property
    def readings(self) -> list[OutputReading]:
        """The ways to read the output."""
        return output_readings(self._looked_at)

    @cached_property
    def births(self) -> Births | None:
        """When variables can be had; None where some rule does not say when it has them."""
        states: list[Born] = []
        for rule in self.rules:
            if rule.states is None:
                return None
            states.append(rule.states)
        return Births(self._looked_at, states)

    @cached_property
    def _looked_at(self) -> Proposals:
        """What all that is asked before anything is proposed is asked of."""
        self._first = self._proposals(Care.LEAST)
        return self._first

    def _proposals(self, care: Care) -> Proposals:
        """Proposals of which there are none as yet: where it can be those that were looked at."""
        if care is Care.LEAST and self._first is not None:
            first, self._first = self._first, None
            return first
        proposals = Proposals(self.facts, repertoire(self.rules), care, self._planned)
        proposals.is_wary = self.is_wary
        return proposals

    def _least(self, births: Births) -> int:
        """The state in which the output can be read at the earliest."""
        return min(
            max((births.as_number(label) for label in _read(births, way)), default=0)
            for way in self.readings
        )

    def _up_to(self, layers: int, births: Births, care: Care) -> CandidateSpace | None:
        """What a model of so many layers may be made of; None if these lead to no output."""
        proposals = self._proposals(care)
        outputs = (reading.need.label for way in self.readings for reading in way.readings)
        deadlines = Deadlines(births, outputs, layers)
        proposals.is_late = deadlines.is_late
        if len(self.facts.nodes) <= FEW:
            proposals.most_forms = SHALLOW_FORMS
        space = enumerated(proposals, self.program, self.rules, self.readings)
        views = computable_views(space, computable(space))
        if not views:
            return None
        return replace(space, outputs=views, layers=layers if deadlines.left_out else None)


def _read(births: Births, way: OutputReading) -> list[str]:
    """What has to be had for a way to read the output."""
    is_vacuous = births.proposals.readings.is_vacuous
    return [reading.need.label for reading in way.readings if not is_vacuous(reading.need)]

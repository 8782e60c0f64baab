"""How the components of a plan read what they need, and what they find at BOS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from optitracr.candidates.at_bos import Held, nothing, of_head, of_mlp
from optitracr.candidates.candidate import Candidate
from optitracr.candidates.space import NOTHING, CandidateSpace, held_rows
from optitracr.constructions.heads import HeadPlan
from optitracr.craft.spaces import FloatArray, Space
from solvers import Plan


@dataclass(frozen=True, slots=True)
class Located:
    """How a component reads what it needs.

    Attributes:
        name: The variable of the residual stream; NOTHING if none is read.
        space: Its directions.
        matrix: Shape [directions, columns of the need].
    """

    name: str
    space: Space
    matrix: FloatArray

    def at_bos(self, held: Mapping[str, Held]) -> Held:
        """What it reads at BOS.

        Args:
            held: What those variables hold there that are not zero.
        """
        own = held.get(self.name)
        return nothing(self.matrix.shape[1]) if own is None else own.through(self.matrix)

    def rows(self, space: CandidateSpace) -> FloatArray:
        """What it reads of each value, shape [values, columns of the need]."""
        if self.name == NOTHING:
            return np.zeros((0, self.matrix.shape[1]))
        return np.asarray(held_rows(space, space.forms[self.name]) @ self.matrix)


def readings_of(space: CandidateSpace, candidate: Candidate, reads: Sequence[str]) -> list[Located]:
    """How a component reads each of its needs.

    Args:
        space: The space.
        candidate: The component.
        reads: The forms that it reads, in order.
    """
    names = iter(reads)
    readings = []
    for need in candidate.needs:
        options = space.options[need]
        if NOTHING in options:
            readings.append(Located(NOTHING, Space(()), np.zeros((0, need.columns))))
        else:
            name = next(names)
            readings.append(Located(name, space.variables[name].space, options[name]))
    return readings


def held_at_bos(space: CandidateSpace, plan: Plan) -> dict[str, Held]:
    """What the variables of the residual stream hold at BOS that are not zero there.

    Args:
        space: The space.
        plan: Of its components.
    """
    held: dict[str, Held] = {}
    for placement in sorted(plan.placements, key=lambda placement: placement.sublayer):
        candidate = space.candidates[placement.alternative]
        if space.forms[candidate.form].clean:
            continue
        own, readings = candidate.plan, readings_of(space, candidate, placement.reads)
        reads = [each.at_bos(held) for each in readings]
        if isinstance(own, HeadPlan):
            values = slice(len(readings) - len(own.values), None)
            rows = [each.rows(space) for each in readings[values]]
            held[candidate.form] = of_head(own, reads[values], rows)
        else:
            held[candidate.form] = of_mlp(own, reads)
    return held

"""What a plan uses of the candidates, as the rules account for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from optitracr.candidates.candidate import Candidate
from optitracr.candidates.forms import Form
from optitracr.candidates.space import CandidateSpace, needs_read
from optitracr.constructions.needs import Need
from optitracr.graph.build import BOS
from solvers import Placement, Plan


@dataclass(frozen=True, slots=True)
class Use:
    """A candidate that a plan uses.

    Attributes:
        candidate: The candidate.
        placement: Where it stands, and which forms it reads.
        label: The variable that it computes a form of.
        target: The variable of the program that this one is, or is made for.
        reads: What it needs, and the form that each need is read from.
    """

    candidate: Candidate
    placement: Placement
    label: str
    target: str
    reads: tuple[tuple[Need, Form], ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """All that a plan uses.

    Attributes:
        space: What it was chosen from.
        plan: The plan.
        owner: For each variable the program's that it is, or is made for.
        uses: Its components.
        output: The forms that the output is read from.
    """

    space: CandidateSpace
    plan: Plan
    owner: Mapping[str, str]
    uses: tuple[Use, ...]
    output: tuple[Form, ...]

    @classmethod
    def of(cls, space: CandidateSpace, plan: Plan) -> Chosen:
        """What a plan uses of a space."""
        owner = {**space.owner, **space.program.stands_for}
        uses = tuple(
            _use(space, owner, space.candidates[placed.alternative], placed)
            for placed in plan.placements
        )
        output = tuple(space.forms[x] for x in space.outputs[plan.view][0] if x != BOS)
        return cls(space, plan, owner, uses, output)

    def by(self, rule: str) -> Iterator[Use]:
        """The components that one rule proposed."""
        return (use for use in self.uses if use.candidate.rule == rule)

    def held(self) -> dict[str, list[Form]]:
        """The forms that are computed or read, by variable."""
        forms = [self.space.forms[use.candidate.form] for use in self.uses]
        forms += [form for use in self.uses for _, form in use.reads]
        found: dict[str, list[Form]] = {}
        for form in dict.fromkeys([*forms, *self.output]):
            found.setdefault(form.label, []).append(form)
        return found

    def readings(self) -> list[tuple[str, Form]]:
        """Variables that are read, with the forms that they are read from, the output first."""
        pairs = [(self.space.program.output, form) for form in self.output]
        pairs += [(need.label, form) for use in self.uses for need, form in use.reads]
        return list(dict.fromkeys(pairs))


def _use(
    space: CandidateSpace, owner: Mapping[str, str], candidate: Candidate, placement: Placement
) -> Use:
    label = space.forms[candidate.form].label
    reads = tuple(
        (need, space.forms[name])
        for need, name in zip(needs_read(space, candidate), placement.reads, strict=False)
    )
    return Use(candidate, placement, label, owner[label], reads)

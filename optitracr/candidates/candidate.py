"""A candidate: a component that could compute one form of one variable."""

from __future__ import annotations

from dataclasses import dataclass

from optitracr.constructions.heads import HeadPlan
from optitracr.constructions.leaves import Plan
from optitracr.constructions.needs import Need


@dataclass(frozen=True, slots=True)
class Candidate:
    """A component that could compute a form.

    Attributes:
        name: Unique name.
        form: Name of the form computed.
        needs: What it reads.
        plan: An MLP's construction, or a head's.
        rule: Name of the rule that proposes it.
        selector: Candidates with equal selectors can share a head; "" for MLPs.
        reads_bos: Whether it reads the BOS dimension.
        cut: The variables that it is computed from, if by an MLP over a table.
        families: Names of the further rules without which it would not be proposed.
    """

    name: str
    form: str
    needs: tuple[Need, ...]
    plan: Plan | HeadPlan
    rule: str
    selector: str = ""
    reads_bos: bool = False
    cut: tuple[str, ...] = ()
    families: tuple[str, ...] = ()

    @property
    def neurons(self) -> int:
        """Neurons that it takes."""
        if isinstance(self.plan, HeadPlan):
            return 0
        return self.plan.neurons + int(self.reads_bos and bool(self.plan.bias.any()))

"""The enumeration: every new form is put to every rule until nothing is new."""

from __future__ import annotations

from collections.abc import Sequence

from optitracr.candidates.proposals import Proposals
from optitracr.candidates.rule import Rule
from optitracr.constructions.needs import Need


def enumerate_candidates(
    proposals: Proposals, rules: Sequence[Rule], rounds: Sequence[Sequence[Need]]
) -> None:
    """Proposes all that could serve some needs, then the joint forms of variables with several.

    A later round takes nothing from what an earlier one proposes: no model is larger for it.

    Args:
        proposals: What has been proposed so far; grows.
        rules: Those that are asked, in this order.
        rounds: What the output has to be read from, in further ways each round.
    """
    for needs in rounds:
        proposals.begin_round()
        for need in needs:
            proposals.demand(need)
        _drain(proposals, rules)
        for node in reversed(proposals.facts.program.nodes):
            proposals.demand_joint(node.label)
            _drain(proposals, rules)


def _drain(proposals: Proposals, rules: Sequence[Rule]) -> None:
    while (form := proposals.next_form()) is not None:
        found = [made for rule in rules for made in rule.propose(proposals, form)]
        for candidate in found:
            proposals.candidates.append(candidate)
            for need in candidate.needs:
                proposals.demand(need, must=need.label == form.label)

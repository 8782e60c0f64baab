"""The enumeration: every new form is put to every rule until nothing is new."""

from __future__ import annotations

from collections.abc import Sequence

from optitracr.candidates.candidate import Candidate
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
    for rule in rules:
        if rule.recasts:
            _recast(proposals, rules, rule)


def _drain(proposals: Proposals, rules: Sequence[Rule]) -> None:
    while (form := proposals.next_form()) is not None:
        found = [made for rule in rules for made in rule.propose(proposals, form)]
        _add(proposals, found, form.label)


def _recast(proposals: Proposals, rules: Sequence[Rule], rule: Rule) -> None:
    """Proposes what a rule makes of each candidate, those that this brings among them."""
    proposals.begin_round()
    place = 0
    while place < len(proposals.candidates):
        candidate = proposals.candidates[place]
        found = list(rule.recast(proposals, candidate))
        _add(proposals, found, proposals.form(candidate.form).label)
        _drain(proposals, rules)
        place += 1


def _add(proposals: Proposals, found: Sequence[Candidate], label: str) -> None:
    """Adds candidates for a variable, and demands what they read."""
    for candidate in found:
        proposals.candidates.append(candidate)
        for need in candidate.needs:
            proposals.demand(need, must=need.label == label)

"""Heads that look at the best key: ways to read how good a key is, and the candidates by these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from optitracr.candidates.candidate import Candidate
from optitracr.candidates.facts import Facts
from optitracr.candidates.forms import Form
from optitracr.candidates.proposals import Proposals
from optitracr.constructions.graded import GradeReading, plan_best
from optitracr.constructions.heads import Reading
from optitracr.constructions.needs import need_of_rows
from optitracr.craft.spaces import FloatArray
from optitracr.graph.grading import ranks_of
from optitracr.graph.program import Best, Selector


@dataclass(frozen=True, slots=True)
class Grading:
    """What a head is to look at: the best of the keys that a selector selects.

    Attributes:
        selector: What selects them.
        readings: How good a key is: steps of which no two keys of an input add up to the same.
        by: What tells it from others of the same selector.
    """

    selector: Selector
    readings: tuple[GradeReading, ...]
    by: tuple[object, ...]


def grading_of(facts: Facts, best: Best) -> Grading:
    """The steps by the values of a score, and by the position where these are the same."""
    by = ("best", best.score, best.smallest)
    sign = -1.0 if best.smallest else 1.0
    if facts.nodes[best.score].is_index:
        return Grading(best.selector, by_index(facts, sign), by)
    positions = float(facts.setting.max_seq_len)
    score = reading_of(best.score, _numbers(facts, best), sign * positions)
    return Grading(best.selector, (*score, *by_index(facts, 1.0)), by)


def _numbers(facts: Facts, best: Best) -> FloatArray:
    """A number for each score, a unit or more apart: the score itself if it is such a number."""
    own = np.asarray(facts.leaf(best.score).numbers)
    if own.size and (np.diff(np.sort(own)) == 1.0).all():
        return own
    ranks = ranks_of(best, facts.nodes).astype(np.float64)
    return ranks.max(initial=0.0) - ranks if best.smallest else ranks


def by_index(facts: Facts, weight: float) -> tuple[GradeReading, ...]:
    """So many steps for each position."""
    index = next(node.label for node in facts.nodes.values() if node.is_index)
    return reading_of(index, np.arange(facts.setting.max_seq_len, dtype=np.float64), weight)


def reading_of(label: str, numbers: FloatArray, weight: float) -> tuple[GradeReading, ...]:
    """The reading of a number for each value of a variable; nothing if all are 0."""
    need = need_of_rows(label, numbers[:, None], clean=True)
    if need is None:
        return ()
    return (GradeReading(need, weight, float(numbers.min()), float(numbers.max())),)


def graded_heads(
    rule: str,
    proposals: Proposals,
    form: Form,
    grading: Grading,
    values: Sequence[Reading],
    default: FloatArray,
) -> Iterator[Candidate]:
    """Candidates that look at the best key, for each way to decide what is selected.

    Args:
        rule: Name of the rule that proposes them.
        proposals: What has been proposed so far.
        form: What they write.
        grading: What they look at.
        values: What they copy.
        default: Shape [outputs]: what they write where nothing is selected.
    """
    cold = proposals.facts.cold
    for way, pattern in enumerate(proposals.patterns.of(grading.selector, False, False)):
        plan = plan_best(pattern.terms, grading.readings, values, default, cold)
        if plan is None:
            continue
        yield Candidate(
            name=proposals.name(form, f"best{way}.{len(values)}"),
            form=form.name,
            needs=plan.needs,
            plan=plan,
            rule=rule,
            selector=proposals.selector(grading.selector, way, *grading.by),
            reads_bos=plan.reads_bos,
            families=pattern.families,
        )

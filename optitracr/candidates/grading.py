"""Heads that look at the best key: ways to read how good a key is, and the candidates by these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optitracr.candidates.best_keys import BestKey
from optitracr.candidates.candidate import Candidate
from optitracr.candidates.facts import Facts
from optitracr.candidates.forms import EXACT, Form
from optitracr.candidates.heights import Height
from optitracr.candidates.proposals import Proposals
from optitracr.constructions.graded import GradeReading, plan_best, steep_by
from optitracr.constructions.heads import Reading
from optitracr.constructions.needs import Need, need_of_rows
from optitracr.craft.spaces import FloatArray
from optitracr.graph.grading import ranks_of
from optitracr.graph.program import Aggregate, Best
from optitracr.graph.relations import Relation


@dataclass(frozen=True, slots=True)
class Grading:
    """What a head is to look at: the best of the keys that a relation selects.

    Attributes:
        relation: What selects them.
        readings: How good a key is: steps of which no two keys of an input add up to the same.
        key: Equal for heads that look at the same.
    """

    relation: Relation
    readings: tuple[GradeReading, ...]
    key: tuple[object, ...]


def grading_of(facts: Facts, best: Best) -> Grading:
    """The steps by the values of a score, and by the position where these are the same."""
    key = (facts.selector_key(best.selector), best.score, best.smallest)
    sign = -1.0 if best.smallest else 1.0
    relation = facts.relation(best.selector)
    if facts.nodes[best.score].is_index:
        return Grading(relation, _by_index(facts, sign), key)
    score = _by_number(facts, best.score, sign * _numbers(facts, best))
    return Grading(relation, (*score, *_by_index(facts, 1.0)), key)


def raw_gradings(facts: Facts, best: Best) -> Iterator[Grading]:
    """The steps of a score by the number whose classes it is, as a head writes that.

    So a count is told by the share that its head gives, and a mean by itself, before any neuron.
    """
    ranks = ranks_of(best, facts.nodes)
    for (label,) in (cut for cut in facts.cuts.get(best.score, ()) if len(cut) == 1):
        if not facts.is_raw(label):
            continue
        codes = facts.tables.table(best.score, (label,))
        numbers = np.asarray(facts.leaf(label).numbers)
        if len(numbers) < 2 or (codes < 0).any() or len(np.unique(codes)) < len(codes):
            continue
        order = np.argsort(numbers)
        rising, gap = np.diff(ranks[codes[order]]), np.diff(numbers[order]).min()
        if (rising > 0).all() or (rising < 0).all():
            sign = 1.0 if rising[0] > 0 else -1.0
            weight = sign * facts.setting.max_seq_len / float(gap)
            need, ends = Need(label, ()), (float(numbers.min()), float(numbers.max()))
            score = GradeReading(need, weight, *ends, _at_bos(facts, label))
            key = (facts.selector_key(best.selector), best.score, best.smallest, label)
            readings = (score, *_by_index(facts, 1.0))
            yield Grading(facts.relation(best.selector), readings, key)


def _at_bos(facts: Facts, label: str) -> float:
    """What a head writes at BOS, where what it writes is not made clean."""
    operation = facts.operation(label)
    if isinstance(operation, Aggregate):
        return float(operation.default or 0)
    return 1.0


def grading_by(facts: Facts, best: BestKey, key: tuple[object, ...]) -> Grading:
    """The steps of a best key that a selector turned out to select."""
    by_index = _by_index(facts, best.by_index) if best.by_index else ()
    if not best.label:
        return Grading(best.relation, by_index, key)
    return Grading(best.relation, (*_by_number(facts, best.label, best.numbers), *by_index), key)


def grading_of_height(facts: Facts, height: Height) -> Grading:
    """The steps of a number whose largest is looked for: those of one number hold the same."""
    readings = _by_number(facts, height.label, height.numbers)
    return Grading(Relation.of(()), readings, ("height", height.label))


def _numbers(facts: Facts, best: Best) -> FloatArray:
    """A number for each score, a unit or more apart: the score itself if it is such a number."""
    own = np.asarray(facts.leaf(best.score).numbers)
    if own.size and (np.diff(np.sort(own)) == 1.0).all():
        return own
    ranks = ranks_of(best, facts.nodes).astype(np.float64)
    return ranks.max(initial=0.0) - ranks if best.smallest else ranks


def _by_number(facts: Facts, label: str, numbers: NDArray[np.float64]) -> tuple[GradeReading, ...]:
    """As many steps as there are positions for each unit of a variable's numbers.

    The number of None, which is read as 0, comes last where there is one.
    """
    own = facts.nodes[label].value_set
    if len(numbers) > len(own.values):
        numbers = numbers[:-1] - numbers[-1]
    sign = -1.0 if (numbers <= 0).all() else 1.0
    return _reading(label, sign * numbers, sign * facts.setting.max_seq_len, own.may_be_none)


def _by_index(facts: Facts, weight: float) -> tuple[GradeReading, ...]:
    """So many steps for each position."""
    index = next(node.label for node in facts.nodes.values() if node.is_index)
    places = np.arange(facts.setting.max_seq_len, dtype=np.float64)
    return _reading(index, places, weight, may_be_none=False)


def _reading(
    label: str, numbers: FloatArray, weight: float, may_be_none: bool
) -> tuple[GradeReading, ...]:
    """The reading of a number for each value of a variable; nothing if all are 0."""
    need = need_of_rows(label, numbers[:, None], clean=True)
    if need is None:
        return ()
    ends = numbers.min(), numbers.max(), *([0.0] if may_be_none else [])
    return (GradeReading(need, weight, float(min(ends)), float(max(ends))),)


def _as_copied(facts: Facts, grade: GradeReading, values: Sequence[Reading]) -> GradeReading:
    """The same steps, but for a constant, by the numbers that the head copies of the variable.

    What is added to all keys alike changes nothing, so that one number serves both.
    """
    if grade.need.raw or facts.nodes[grade.need.label].value_set.may_be_none:
        return grade
    numbers = grade.need.rows
    for need in (value.need for value in values if value.need.label == grade.need.label):
        if need.columns != 1 or not need.numbers:
            continue
        scale = np.ptp(numbers) / np.ptp(need.rows) if np.ptp(need.rows) else 0.0
        for slope in (scale, -scale):
            constant = numbers - slope * need.rows
            if slope and np.ptp(constant) <= EXACT * np.ptp(numbers):
                ends = [float(end - constant[0, 0]) / slope for end in (grade.least, grade.most)]
                return GradeReading(need, grade.weight * slope, min(ends), max(ends), grade.at_bos)
    return grade


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
    own = list(grading.readings)
    copied = [_as_copied(proposals.facts, grade, values) for grade in own]
    for apart, grades in enumerate((copied, own) if copied != own else (own,)):
        factor, read = steep_by(grades, cold), [grade.need for grade in grades]
        for way, pattern in enumerate(proposals.patterns.of_relation(grading.relation, factor)):
            plan = plan_best(pattern.terms, grades, values, default, cold)
            if plan is None:
                continue
            yield Candidate(
                name=proposals.name(form, f"best{way}.{len(values)}" + ".apart" * apart),
                form=form.name,
                needs=plan.needs,
                plan=plan,
                rule=rule,
                selector=proposals.pattern(("best", *grading.key, *read, way)),
                reads_bos=plan.reads_bos,
                families=pattern.families,
            )

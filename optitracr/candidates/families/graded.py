"""Graded attention: one head looks at the first, the last or the best key.

Its position may have been computed before, for a head that looks there; or the program counts, and
its selector turns out to select such a key (`optitracr.candidates.best_keys`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from optitracr.candidates.births import EMBEDDED, Births, written
from optitracr.candidates.candidate import Candidate
from optitracr.candidates.chosen import Chosen
from optitracr.candidates.facts import Facts
from optitracr.candidates.families import Family
from optitracr.candidates.families.heads import head_default, value_readings
from optitracr.candidates.forms import Form, form_rows
from optitracr.candidates.grading import (
    Grading,
    graded_heads,
    grading_by,
    grading_of,
    grading_of_height,
    raw_gradings,
)
from optitracr.candidates.heights import Height
from optitracr.candidates.proposals import Proposals
from optitracr.candidates.rule import Rule
from optitracr.candidates.savings import Saving, SavingKind
from optitracr.candidates.validity import EVERY_ACTIVATION, Condition, Validity
from optitracr.candidates.ways import Source
from optitracr.constructions.heads import Reading
from optitracr.constructions.needs import need_of_rows
from optitracr.graph.program import Aggregate, Best, Input, PairSelector, Selector, holds_of
from solvers import Kind


def propose(proposals: Proposals, form: Form) -> Iterator[Candidate]:
    """A head that looks at the best key itself, in place of one that looks at its position."""
    facts = proposals.facts
    operation = facts.operation(form.label)
    if isinstance(operation, Best):
        index = next(node.label for node in facts.nodes.values() if node.is_index)
        default, ways = np.zeros(form.width), value_readings(proposals, form, index)
        gradings = [*raw_gradings(facts, operation)]
    elif isinstance(operation, Aggregate):
        if form.clean and facts.is_dirty_head(form.label):
            return
        gradings, held = _gradings(proposals, operation.selector, operation.operand)
        if not gradings:
            return
        default = head_default(proposals, form, operation)
        ways = value_readings(proposals, form, operation.operand, held)
    elif (height := proposals.heights.of(form.label)) is not None:
        default, ways = np.zeros(form.width), _of_height(form, height)
        gradings = [grading_of_height(facts, height)]
    else:
        return
    for values in ways:
        for grading in gradings:
            yield from graded_heads(Family.GRADED, proposals, form, grading, values, default)


def _of_height(form: Form, height: Height) -> list[list[Reading]]:
    """What a form holds of the largest number, read where that is."""
    if not form.classes and not form.numbers:
        return []
    rows = np.concatenate([form_rows(form), np.zeros((1, form.width))])[height.held]
    need = need_of_rows(height.label, rows, True)
    return [[]] if need is None else [[Reading(need, np.eye(need.columns, form.width))]]


def born(births: Births, label: str) -> Iterator[int]:
    """After what tells how good a key is, and what is copied, where no input tells that."""
    proposals = births.proposals
    operation = proposals.facts.operation(label)
    if isinstance(operation, Best):
        yield written(EMBEDDED, Kind.ATTENTION)
    elif isinstance(operation, Aggregate):
        gradings, held = _gradings(proposals, operation.selector, operation.operand)
        copied = births.averaged(label, operation) if held is None else EMBEDDED
        for grading in gradings:
            states = [births.as_number(reading.need.label) for reading in grading.readings]
            yield written(max(copied, *states, EMBEDDED), Kind.ATTENTION)
    elif (height := proposals.heights.of(label)) is not None:
        yield written(births.as_number(height.label), Kind.ATTENTION)


def _gradings(
    proposals: Proposals, selector: Selector, operand: str
) -> tuple[list[Grading], Source | None]:
    """The best key that a selector selects, in each way to read how good a key is.

    Beside it an input that tells there what is to be copied, if that is no input itself.
    """
    facts, written = proposals.facts, selector
    while (below := _of_position(facts, selector)) is not None:
        if isinstance(below, Best):
            return [grading_of(facts, below), *raw_gradings(facts, below)], None
        selector = below.selector
    found = proposals.best_keys.of(selector)
    if found is None and selector is written:
        found = proposals.best_keys.alike(selector, operand)
    if found is None:
        return [], None
    told = facts.tables.leaves((operand,), proposals.best_keys.leaves)
    if found.by_index < 0 and told == (found.label,):
        # Keys that are alike in that hold the same: it does not matter which. Of the last keys
        # proofs of long inputs ask for the one.
        found = replace(found, by_index=0.0)
    is_input = isinstance(facts.operation(operand), Input)
    held = None if is_input else proposals.best_keys.held_at(selector, operand)
    return [grading_by(facts, found, (facts.selector_key(selector),))], held


def _of_position(facts: Facts, selector: Selector) -> Aggregate | Best | None:
    """What computes the position at which a selector looks, of a key that some other selects."""
    if not isinstance(selector, PairSelector) or not facts.nodes[selector.keys].is_index:
        return None
    holds = holds_of(selector)
    if not np.array_equal(holds, np.eye(len(holds), dtype=bool)):
        return None
    match facts.operation(selector.queries):
        case Best() as best:
            return best
        case Aggregate(operand=operand, default=None) as copy if facts.nodes[operand].is_index:
            return copy
        case _:
            return None


def account(chosen: Chosen) -> Iterator[Saving]:
    """Heads that look at the best key."""
    for use in chosen.by(Family.GRADED):
        detail = "looks at the best of what is selected, whose position is not computed"
        yield Saving(use.target, SavingKind.REWRITTEN, detail)


RULE = Rule(
    name=Family.GRADED,
    validity=Validity(
        activations=EVERY_ACTIVATION,
        needs_bos=True,
        conditions=frozenset({Condition.FINITE, Condition.BOUNDED, Condition.WITHIN_MARGIN}),
    ),
    propose=propose,
    born=born,
    account=account,
)

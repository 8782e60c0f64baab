"""Heads: an Aggregate, the raw output of a width or the best key, for each way to select."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from optitracr.candidates.births import EMBEDDED, Births, written
from optitracr.candidates.candidate import Candidate
from optitracr.candidates.forms import Form, form_rows
from optitracr.candidates.grading import graded_heads, grading_of
from optitracr.candidates.proposals import Proposals
from optitracr.candidates.rule import Rule
from optitracr.candidates.validity import EVERY_ACTIVATION, Condition, Validity
from optitracr.candidates.ways import Source
from optitracr.constructions.heads import HeadPlan, Reading, plan_head
from optitracr.constructions.needs import NO_CLASS, Need, need_of_rows
from optitracr.craft.spaces import FloatArray
from optitracr.graph.grading import too_steep
from optitracr.graph.program import Aggregate, Best, Width
from solvers import Kind

NAME = "head"


def propose(proposals: Proposals, form: Form) -> Iterator[Candidate]:
    """A head for each way to read what it averages and each pattern of its selector."""
    facts = proposals.facts
    operation = facts.operation(form.label)
    if isinstance(operation, Best):
        yield from _best(proposals, form, operation)
        return
    if not isinstance(operation, Aggregate | Width):
        return
    if isinstance(operation, Aggregate) and form.clean and facts.is_dirty_head(form.label):
        return
    default = head_default(proposals, form, operation)
    operand = operation.operand if isinstance(operation, Aggregate) else None
    for values in value_readings(proposals, form, operand):
        yield from heads(NAME, proposals, form, operation, values, default)


def born(births: Births, label: str) -> Iterator[int]:
    """After what is selected by, and what is averaged; of the best key nothing is known before."""
    operation = births.proposals.facts.operation(label)
    if isinstance(operation, Aggregate | Width):
        state = births.selected(operation.selector)
        if isinstance(operation, Aggregate):
            state = max(state, births.averaged(label, operation))
        yield written(state, Kind.ATTENTION)
    elif isinstance(operation, Best):
        yield written(EMBEDDED, Kind.ATTENTION)


def _best(proposals: Proposals, form: Form, operation: Best) -> Iterator[Candidate]:
    """A head that looks at the best key, and copies its index."""
    facts = proposals.facts
    index = next(node.label for node in facts.nodes.values() if node.is_index)
    grading, default = grading_of(facts, operation), np.zeros(form.width)
    found = [
        made
        for values in value_readings(proposals, form, index)
        for made in graded_heads(NAME, proposals, form, grading, values, default)
    ]
    if not found:
        raise too_steep(facts.nodes[form.label], operation)
    yield from found


def heads(
    rule: str,
    proposals: Proposals,
    form: Form,
    operation: Aggregate | Width,
    values: Sequence[Reading],
    default: FloatArray,
) -> Iterator[Candidate]:
    """Candidates for each way to decide what is selected.

    Args:
        rule: Name of the rule that proposes them.
        proposals: What has been proposed so far.
        form: What they write.
        operation: The head's operation.
        values: What the head averages.
        default: Shape [outputs]: what it writes where nothing is selected.
    """
    is_width = isinstance(operation, Width)
    exact_keys = form.is_number and not form.numbers
    patterns = proposals.patterns.of(operation.selector, is_width, exact_keys)
    for way, pattern in enumerate(patterns):
        plan = plan_head(pattern.terms, values, default, proposals.facts.cold, is_width)
        if form.sharp or (exact_keys and not is_width):
            plan = _sharpened(plan)
        yield Candidate(
            name=proposals.name(form, f"head{way}.{len(values)}"),
            form=form.name,
            needs=plan.needs,
            plan=plan,
            rule=rule,
            selector=proposals.selector(operation.selector, way, is_width, exact_keys),
            reads_bos=plan.reads_bos,
            families=pattern.families,
        )


def _sharpened(plan: HeadPlan) -> HeadPlan:
    """A head whose mean depends on the rounding errors of its keys and values."""
    keys, values = (
        tuple(
            reading
            if reading.need.raw
            else replace(reading, need=replace(reading.need, sharp=True))
            for reading in side
        )
        for side in (plan.keys, plan.values)
    )
    return replace(plan, keys=keys, values=values)


def head_default(proposals: Proposals, form: Form, operation: Aggregate | Width) -> FloatArray:
    """What the head writes where nothing is selected; for a width, what BOS counts."""
    written = np.zeros(form.width)
    if isinstance(operation, Width):
        written[:] = 1.0
    elif operation.default is not None:
        if not form.classes and not form.numbers:
            written[:] = float(operation.default)
        else:
            values = proposals.facts.nodes[form.label].value_set.values
            written = form_rows(form)[values.index(operation.default)]
    return written


def value_readings(
    proposals: Proposals, form: Form, operand: str | None, held: Source | None = None
) -> list[list[Reading]]:
    """Ways to read what a head averages; nothing for a width, which reads BOS alone.

    Args:
        proposals: What has been proposed so far.
        form: What the head writes.
        operand: What it averages.
        held: A variable that tells the operand wherever the head looks, read in its place.
    """
    if operand is None:
        return [[]]
    nodes = proposals.facts.nodes
    if form.is_number and not form.numbers:
        return proposals.readings.of_number(operand, 1.0, clean=True)
    place = {v: i for i, v in enumerate(nodes[form.label].value_set.values)}
    index = np.array([place[v] for v in nodes[operand].value_set.values], dtype=np.intp)
    if held is not None:
        operand, along = held
        assert along is not None, "a variable that tells the operand is another one"
        index = np.append(index, -1)[along]
    need: Need | None
    if form.is_number:
        need = need_of_rows(
            operand, np.where(index[:, None] < 0, 0.0, form_rows(form)[index]), True
        )
    else:
        classes = np.where(index < 0, NO_CLASS, np.asarray(form.classes)[index])
        need = Need(operand, tuple(int(c) for c in classes), (), True)
        if max(need.classes, default=NO_CLASS) == NO_CLASS:
            need = None
    if need is None:
        return [[]]
    return [[Reading(need, np.eye(need.columns, form.width))]]


RULE = Rule(
    name=NAME,
    validity=Validity(
        activations=EVERY_ACTIVATION,
        needs_bos=True,
        conditions=frozenset({Condition.BOUNDED, Condition.FINITE, Condition.ONE_VALUE}),
    ),
    propose=propose,
    born=born,
)

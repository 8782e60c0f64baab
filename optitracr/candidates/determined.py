"""Which forms the neurons of a candidate determine linearly, and so erase for nothing.

Neurons give hidden numbers $h$. Where a form holds $h U + c$ for every combination of what they may
read, and at BOS, the same neurons write $-(h U + c)$ to its dimensions: no further neuron erases
them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from math import prod

import numpy as np

from optitracr.candidates.candidate import Candidate
from optitracr.candidates.forms import Form
from optitracr.candidates.space import (
    NOTHING,
    CandidateSpace,
    Determinations,
    SideBySide,
    held_rows,
)
from optitracr.candidates.spanned import Neurons
from optitracr.constructions.distinct import distinct_rows
from optitracr.constructions.heads import HeadPlan
from optitracr.constructions.leaves import Plan
from optitracr.constructions.needs import Need
from optitracr.craft.blocks import Determined
from optitracr.craft.spaces import FloatArray
from solvers import Plan as Allotted

MOST_CELLS = 100_000
"""Combinations of what is read times neurons, beyond which nothing is looked for: it would take
longer than the rest of the problem, and so many neurons are seldom fewer for a few."""

NEAR = 1e-3
"""Distance from zero, as a part of nothing, within which a neuron may be on or off."""

GROWN = 4.0
"""How often errors of what is read may be left: what steps leave of a number, once or twice, is
borne as a rule. The larger of them are not worth another search, once they turn out to be."""

ERASING = "\x00erasing "
"""What stands before a form where it must not be erased, among what must not be read: no name."""


def erasing(form: str) -> str:
    """What stands for the erasure of a form among what a candidate must not read."""
    return ERASING + form


def determined(space: CandidateSpace, candidate: Candidate) -> tuple[Determined, ...]:
    """The forms that the neurons of a candidate determine, whatever it reads, and may erase.

    What they read comes first, and no more than takes as many neurons as they are: who frees more
    than it takes might be computed for that alone, which the solver has to look for.
    """
    known = space.determined
    if known is None or isinstance(candidate.plan, HeadPlan):
        return ()
    if candidate.name not in known.found:
        found = _found(space, candidate, candidate.plan)
        known.found[candidate.name] = tuple(_within(space, candidate, found))
    told = known.found[candidate.name]
    return tuple(x for x in told if (candidate.name, erasing(x.label)) not in space.excluded)


def _within(
    space: CandidateSpace, candidate: Candidate, found: Iterable[Determined]
) -> Iterator[Determined]:
    """Those that together take no more neurons than compute the candidate, what it reads first."""
    read = {name for need in candidate.needs for name in space.options[need]}
    left = candidate.neurons
    for told in sorted(found, key=lambda told: told.label not in read):
        form = space.forms[told.label]
        left -= form.width * (2 if form.signed else 1)
        if left >= 0:
            yield told


def erased_beside(space: CandidateSpace, plan: Allotted) -> dict[str, list[Determined]]:
    """For each component of a plan what its neurons erase beside what they compute."""
    if space.determined is None:
        return {}
    pending = {(e.variable, e.sublayer) for e in plan.erasures if e.sublayer % 2}
    found: dict[str, list[Determined]] = {}
    for placement in plan.placements if pending else ():
        for told in determined(space, space.candidates[placement.alternative]):
            if (told.label, placement.sublayer) in pending:
                pending.discard((told.label, placement.sublayer))
                found.setdefault(placement.alternative, []).append(told)
    return found


def _found(space: CandidateSpace, candidate: Candidate, plan: Plan) -> Iterator[Determined]:
    """Each form of what neurons read that is linear in them."""
    known = _known(space)
    if not plan.neurons:
        return
    at_bos = None if candidate.reads_bos else _read_at_bos(space, candidate, plan)
    if at_bos is None and not candidate.reads_bos:
        return
    bos = None if at_bos is None else _sums(candidate, at_bos)
    every = [_read(space, need)[1] for need in candidate.needs]
    for place, need in enumerate(candidate.needs):
        for label, rows in _read(space, need)[0].items():
            own = known.forms[label]
            forms = [
                each
                for each in own.forms
                if each[0].name != candidate.form
                and (each[0].is_number or each[0].width <= candidate.neurons)
            ]
            axes = [*every[:place], rows, *every[place + 1 :]]
            if not forms or prod(map(len, axes)) * plan.neurons > MOST_CELLS:
                continue
            neurons = Neurons(plan, candidate.neurons, axes, place, own, bos)
            found = neurons.spanned()
            told = [
                (form, found.weights[:, columns])
                for form, kinds, columns in forms
                if kinds <= found.most and found.told[columns].all()
            ]
            given = neurons.given() if told else np.empty(0)
            for form, weights in told:
                if _is_calm(space, candidate, plan, given, form, weights):
                    yield Determined(form.name, weights[:-1], weights[-1])


def _known(space: CandidateSpace) -> Determinations:
    """What was found before, with what every candidate asks for."""
    known = space.determined
    assert known is not None, "nothing is looked for where each form takes neurons of its own"
    if not known.forms:
        known.at_bos.update(_written_at_bos(space))
        of: dict[str, list[Form]] = {}
        for form in space.forms.values():
            of.setdefault(form.label, []).append(form)
        known.forms.update({label: _side_by_side(space, forms) for label, forms in of.items()})
    return known


def _side_by_side(space: CandidateSpace, forms: Sequence[Form]) -> SideBySide:
    at_bos = [(form, row) for form in forms if (row := _at_bos(space, form)) is not None]
    held = [_held(space, form) for form, _ in at_bos] or [np.empty((0, 0))]
    ends = np.cumsum([rows.shape[1] for rows in held]).tolist()
    return SideBySide(
        [
            (form, len(distinct_rows(rows)[0]), slice(end - rows.shape[1], end))
            for (form, _), rows, end in zip(at_bos, held, ends, strict=False)
        ],
        np.concatenate(held, axis=1),
        np.concatenate([np.empty(0), *(row for _, row in at_bos)]),
    )


def _is_calm(
    space: CandidateSpace,
    candidate: Candidate,
    plan: Plan,
    given: FloatArray,
    form: Form,
    found: FloatArray,
) -> bool:
    """Whether errors of what neurons read hardly grow in what they leave of a form."""
    told = found[: plan.neurons]
    for need, weights in zip(candidate.needs, plan.w_in, strict=True):
        options = space.options[need]
        read = [space.forms[name] for name in options if name not in (NOTHING, candidate.form)]
        if all(space.is_input(each.name) for each in read):
            continue
        matrix = options.get(form.name)
        slopes = weights if matrix is None else matrix @ weights
        for active in (given > NEAR, given >= -NEAR):
            gain = (active[:, None, :] * slopes) @ told
            if matrix is not None:
                gain = gain - np.eye(form.width)
            if abs(gain).max(initial=0.0) > GROWN:
                return False
    return True


def _read(space: CandidateSpace, need: Need) -> tuple[dict[str, FloatArray], FloatArray]:
    """What is read for a need: of each value of each variable that tells it; and all, each once."""
    known = space.determined
    assert known is not None, "nothing is looked for where each form takes neurons of its own"
    if need not in known.read:
        found: dict[str, FloatArray] = {}
        for name, matrix in space.options[need].items():
            if name != NOTHING and space.forms[name].label not in found:
                found[space.forms[name].label] = _held(space, space.forms[name]) @ matrix
        # What is always zero adds nothing.
        every = np.concatenate([*found.values()]) if found else np.zeros((1, 0))
        known.read[need] = found, distinct_rows(every)[0]
    return known.read[need]


def _held(space: CandidateSpace, form: Form) -> FloatArray:
    """What a form holds of each value, and of None where that may be."""
    held = held_rows(space, form)
    nothing = space.node(form).value_set.may_be_none
    return np.concatenate([held, np.zeros((1, held.shape[1]))]) if nothing else held


def _sums(candidate: Candidate, at_bos: list[FloatArray]) -> FloatArray:
    """What neurons give at BOS, for each choice of what they read."""
    assert isinstance(candidate.plan, Plan)
    given = [candidate.plan.b_in + sum(each) for each in product(*at_bos)]
    hidden: FloatArray = np.maximum(np.array(given), 0.0)
    return hidden


def _read_at_bos(
    space: CandidateSpace, candidate: Candidate, plan: Plan
) -> list[FloatArray] | None:
    """What each need may add to the neurons at BOS; None where that is not known."""
    found = []
    for need, weights in zip(candidate.needs, plan.w_in, strict=True):
        rows = {(0.0,) * len(weights)} if NOTHING in space.options[need] else set()
        for name, matrix in space.options[need].items():
            if name not in (NOTHING, candidate.form):
                form = space.forms[name]
                held = _at_bos(space, form)
                if held is None:
                    return None
                rows.add((0.0,) * len(weights) if form.clean else tuple((held @ matrix).tolist()))
        found.append(np.array(sorted(rows)) @ weights)
    return found


def _at_bos(space: CandidateSpace, form: Form) -> FloatArray | None:
    """What a form holds at BOS; None where that is not known.

    There the heads of one that is not clean find BOS alone, and write what they write of it.
    """
    assert space.determined is not None, "nothing is looked for where nothing is determined"
    return np.zeros(form.width) if form.clean else space.determined.at_bos.get(form.name)


def _written_at_bos(space: CandidateSpace) -> dict[str, FloatArray | None]:
    """What the heads that make a form write at BOS; None where others make it, or all differ."""
    found: dict[str, FloatArray | None] = {}
    for candidate in space.candidates.values():
        plan, name = candidate.plan, candidate.form
        written = None
        if isinstance(plan, HeadPlan) and plan.bos_key.any():
            written = plan.at_bos(space.forms[name].width)
        before = found.setdefault(name, written)
        if before is None or written is None or (before != written).any():
            found[name] = None
    return found

"""What float32 makes of a plan: the error of every value of every variable in it.

Each candidate is proposed by what its own steps round to. Whether a reader bears what the
forms that it was given have gathered shows only once all are chosen: a number times twenty
has twenty times the error of the one-hot that it is read from, and a key's error counts as
often as a logit's coldness. So errors are followed through the plan: an MLP is evaluated in
float32 on every combination of what it reads, errors included, and a head's logits are
followed by what its keys and queries are off. What comes out wrong by more than is allowed is
reported, with the readings to blame.

This guides the choice of components and proves nothing: roundings depend on the order in which
sums are added up. What is chosen is checked as ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from optitracr.candidates.candidate import Candidate
from optitracr.candidates.determined import erased_beside, erasing
from optitracr.candidates.forms import Form
from optitracr.candidates.mlp_noise import left_over, mlp_error
from optitracr.candidates.noise import Read, gather, together
from optitracr.candidates.offence import Offence
from optitracr.candidates.output_margins import unclear_output
from optitracr.candidates.space import NOTHING, CandidateSpace, held_rows
from optitracr.candidates.tolerances import ONE_HOT_TOLERANCE, code_tolerance
from optitracr.constructions.heads import HeadPlan, Reading
from optitracr.constructions.needs import Need
from optitracr.craft.blocks import Determined
from optitracr.craft.numerics import FLOAT32_EPSILON
from optitracr.craft.spaces import FloatArray
from optitracr.graph.numbers import ABSOLUTE_TOLERANCE, RELATIVE_TOLERANCE
from optitracr.graph.program import Aggregate, Width
from optitracr.graph.selecting import selects_at_most_one
from optitracr.rounding import ATTENTION_LEAK
from solvers import Allocation, Placement, Plan

SAFETY = 4.0
"""By how much an error is taken to be larger than that found: sums may be added up in another
order, and errors differ in sign."""

ALONE = 1.125
"""How much all keys together weigh less than one does that does so alone: those before it differ by
a base less each, of 2^3 at least, and by what is taken off the count itself."""

NOISY = 2.0**-11
"""Error of what a head counts from which on a quieter way is looked for: a hundred times that of
one which reads what the embedding supplies, and a twentieth of the distance of ten from eleven."""

LEFT = 1e-3
"""What neurons may leave of what they erase beside what they compute, whatever is written to those
dimensions afterwards: what a one-hot bears by which no head weighs several positions. What comes of
less is followed."""


def offences(space: CandidateSpace, allocation: Allocation) -> list[Offence]:
    """The components of a plan whose results can be wrong by more than is allowed.

    Those that only pass on what another of them got wrong are left out.
    """
    plan = allocation.plan
    assert plan is not None, "an allocation without a plan is an error before this stage"
    left: list[Offence] = []
    found = _wrong(space, plan, left)
    if found and left:
        # What is wrong whatever is erased how is no fault of that.
        found = _wrong(space, plan, None) or [*left]
    return found or [offence for offence in left if offence.error > offence.allowed]


def _wrong(space: CandidateSpace, plan: Plan, left: list[Offence] | None) -> list[Offence]:
    """The components whose results are wrong, and the output if it is unclear."""
    errors = _embedded(space)
    found: list[Offence] = []
    for candidate, reads, error in followed(space, plan, errors, left):
        allowed = _allowed_of(space, candidate)
        if _excess(error, allowed) > 1.0:
            found.append(_offence(space, candidate, reads, float(error.max(initial=0.0)), allowed))
    unclear = unclear_output(space, plan.view, errors, SAFETY)
    return found if unclear is None else [*found, unclear]


def noisy_counts(space: CandidateSpace, allocation: Allocation) -> list[Offence]:
    """Components in whose place another one may count better, if the plan takes no more for it.

    What a head counts by one-hots is off by their errors, times its coldness. A plan that bears
    that as a rule need not bear it in whatever order sums are added up.
    """
    plan = allocation.plan
    assert plan is not None, "an allocation without a plan is an error before this stage"
    makers = {space.candidates[p.alternative].form: p.alternative for p in plan.placements}
    if not any(_is_share(space, space.forms[name]) for name in makers):
        return []
    found: dict[str, float] = {}
    for candidate, reads, error in followed(space, plan, _embedded(space)):
        most = float(error.max(initial=0.0))
        noisy = NOISY + _uneven(candidate)
        if not _is_share(space, space.forms[candidate.form]) or most <= noisy:
            continue
        written = (makers.get(read.form) for read in reads)
        for maker in (x for x in written if x is not None and space.candidates[x].cut):
            found[maker] = max(most, found.get(maker, 0.0))
    ranked = sorted(found.items(), key=lambda item: -item[1])
    return [Offence(name, (), error, NOISY) for name, error in ranked]


def _uneven(candidate: Candidate) -> float:
    """How far what a head counts is off by its plan, whatever reads what."""
    return candidate.plan.most_uneven if isinstance(candidate.plan, HeadPlan) else 0.0


def followed(
    space: CandidateSpace,
    plan: Plan,
    errors: dict[str, FloatArray],
    left: list[Offence] | None = None,
) -> Iterator[tuple[Candidate, Sequence[Read], FloatArray]]:
    """Each component with what it reads, and the error of what it writes, in order.

    Args:
        space: All that was chosen among.
        plan: What was chosen.
        errors: Of each form; what a component writes is noted there, at most as much as is allowed.
        left: What neurons leave of what they erase beside what they compute is noted there. It
            stays in dimensions that are given to others, whichever they are. None if nothing is
            taken to be left.
    """
    beside = erased_beside(space, plan)
    alone = _erased_alone(space, plan, beside) if space.carrier.remains else []
    erased = {} if left is None else beside
    left = [] if left is None else left
    for placement in sorted(plan.placements, key=lambda placed: placed.sublayer):
        candidate = space.candidates[placement.alternative]
        reads = _reads(space, candidate, placement, errors)
        for told in erased.get(candidate.name, ()):
            left.append(_left(candidate, reads, told, errors))
        remains = [float(errors[x].max(initial=0.0)) for x, s in alone if s <= placement.sublayer]
        remains += [each.error for each in left]
        error = _error(space, candidate, reads) + sum(min(each, LEFT) for each in remains)
        yield candidate, reads, error
        allowed = _allowed_of(space, candidate)
        within = error if _excess(error, allowed) <= 1.0 else np.minimum(error, allowed)
        errors[candidate.form] = within


def _erased_alone(
    space: CandidateSpace, plan: Plan, beside: Mapping[str, Sequence[Determined]]
) -> list[tuple[str, int]]:
    """What neurons of their own erase, and where, but for what is below zero: its noise stays."""
    told = {each.label for own in beside.values() for each in own}
    return [
        (e.variable, e.sublayer)
        for e in plan.erasures
        if e.sublayer % 2 and e.variable in space.forms and e.variable not in told
        if not space.forms[e.variable].signed
    ]


def _left(
    candidate: Candidate, reads: Sequence[Read], told: Determined, errors: Mapping[str, FloatArray]
) -> Offence:
    """What the neurons of a candidate leave of what they erase."""
    plan = candidate.plan
    assert not isinstance(plan, HeadPlan), "neurons are no head's"
    weights, constant = told.weights[: plan.neurons], told.weights[plan.neurons :].sum(axis=0)
    bias = constant + (0.0 if told.constant is None else told.constant)
    telling = replace(plan, w_out=weights, bias=bias)
    error = left_over(telling, reads, told.label, float(errors[told.label].max(initial=0.0)))
    return Offence(candidate.name, (erasing(told.label),), error, LEFT)


def _allowed_of(space: CandidateSpace, candidate: Candidate) -> FloatArray:
    """The error allowed in what a component writes: a head's is bounded, an MLP's is found."""
    safety = 1.0 if isinstance(candidate.plan, HeadPlan) else SAFETY
    return _allowed(space, space.forms[candidate.form]) / safety


def _excess(error: FloatArray, allowed: FloatArray) -> float:
    return float((error / allowed).max(initial=0.0))


def _offence(
    space: CandidateSpace,
    candidate: Candidate,
    reads: Sequence[Read],
    error: float,
    allowed: FloatArray,
) -> Offence:
    """Blames the readings without whose error the component would be right."""
    clean = [read.exact() for read in reads]
    blamed: dict[str, None] = {}
    if _excess(_error(space, candidate, clean), allowed) <= 1.0:
        for place, read in enumerate(reads):
            alone = [*clean[:place], read, *clean[place + 1 :]]
            share = _excess(_error(space, candidate, alone), allowed)
            if share > 1.0 / max(len(reads), 1) and not space.is_input(read.form):
                blamed[read.form] = None
    return Offence(candidate.name, tuple(blamed), error, float(allowed.min()))


def _embedded(space: CandidateSpace) -> dict[str, FloatArray]:
    """For each form that the embedding supplies the error of its numbers: a one-hot has none."""
    held = {name: held_rows(space, f) for name, f in space.forms.items() if space.is_input(name)}
    return {name: abs(rows - rows.astype(np.float32)) for name, rows in held.items()}


def _allowed(space: CandidateSpace, form: Form) -> FloatArray:
    """The error that a check of the model allows each value of a form."""
    rows = held_rows(space, form)
    if form.numbers:
        return np.full((len(rows), 1), code_tolerance(rows))
    if not form.is_number:
        return np.full((len(rows), 1), ONE_HOT_TOLERANCE)
    if space.owner[form.label] != form.label or _is_share(space, form):
        # No variable of the program: each reader's own result shows what it bears.
        return np.full((len(rows), 1), np.inf)
    allowed: FloatArray = np.maximum(ABSOLUTE_TOLERANCE, RELATIVE_TOLERANCE * abs(rows))
    return allowed


def _reads(
    space: CandidateSpace,
    candidate: Candidate,
    placement: Placement,
    errors: Mapping[str, FloatArray],
) -> list[Read]:
    names = iter(placement.reads)
    found = []
    for need in candidate.needs:
        options = space.options[need]
        name = NOTHING if NOTHING in options else next(names)
        found.append(_read(space, need, name, options[name], errors))
    return found


def _read(
    space: CandidateSpace,
    need: Need,
    name: str,
    matrix: FloatArray,
    errors: Mapping[str, FloatArray],
) -> Read:
    """What a need reads of a form, for each value of the needed variable and for None."""
    values = space.program.node(need.label).value_set
    if need.raw:
        rows = np.array([[float(value)] for value in values.values] or [[0.0]])
    else:
        rows = need.rows
    rows = np.concatenate([rows, np.zeros((int(values.may_be_none), rows.shape[1]))])
    if name == NOTHING:
        nothing = np.zeros((1, 0))
        return Read(name, rows, np.zeros_like(rows), nothing, nothing, np.zeros((0, rows.shape[1])))
    held = held_rows(space, space.forms[name])
    error = np.broadcast_to(errors[name], held.shape) + space.carrier.read_error * abs(held)
    read = held @ matrix
    noise = together(error + FLOAT32_EPSILON * abs(held), matrix)
    if need.raw and len(read) == len(rows):
        return Read(name, rows, noise, held, error, matrix)
    worst = np.zeros_like(rows)
    gather(worst, rows, read, noise)
    if space.node(space.forms[name]).value_set.may_be_none:
        held, error = (np.concatenate([x, np.zeros((1, x.shape[1]))]) for x in (held, error))
    return Read(name, rows, worst, held, error, matrix)


def _error(space: CandidateSpace, candidate: Candidate, reads: Sequence[Read]) -> FloatArray:
    """Shape [values of the form, width]: the error of what a component writes."""
    if isinstance(candidate.plan, HeadPlan):
        return _head_error(space, candidate, candidate.plan, reads)
    form = space.forms[candidate.form]
    return mlp_error(
        candidate.plan,
        reads,
        held_rows(space, form),
        form.is_number and not form.numbers,
        space.carrier.bend,
    )


def _head_error(
    space: CandidateSpace, candidate: Candidate, plan: HeadPlan, reads: Sequence[Read]
) -> FloatArray:
    form = space.forms[candidate.form]
    rows = held_rows(space, form)
    count, keys = len(plan.queries), len(plan.queries) + len(plan.keys)
    logit = _logit_error(plan, reads[:count], reads[count:keys])
    if _is_share(space, form):
        coded = zip(reads[count:keys], plan.keys, strict=True)
        safety = SAFETY if any(_is_computed_code(space, *each) for each in coded) else 1.0
        error: FloatArray = rows * (1.0 - rows) * np.expm1(min(safety * logit + plan.uneven, 50.0))
        # Of w selected keys one weighs less, so that 1 / (1 + w) becomes 1 / (1 + w - alone).
        alone = np.minimum(ALONE * rows**2, rows * (1.0 - rows)) * np.expm1(plan.alone)
        error = error + alone
        return error + 4 * FLOAT32_EPSILON * rows
    spread = min(2.0 * logit + plan.most_uneven, 50.0)
    leak = ATTENTION_LEAK * float(np.exp(spread))
    values = [_mixed(read, own) for read, own in zip(reads[keys:], plan.values, strict=True)]
    if form.is_number and not form.numbers:
        shift = leak if _copies(space, form.label) else float(np.expm1(spread)) / 4
        return _mean_error(rows, values, plan.bos_value, shift)
    # A copy's weight is 1 but for the rounding of a sum and of a quotient, a half each.
    own = (leak + 2 * FLOAT32_EPSILON) * abs(rows).max(initial=0.0) + np.zeros_like(rows)
    for read in values:
        gather(own, rows, read.rows, read.noise + own.max(initial=0.0))
    return np.asarray(own)


def _is_computed_code(space: CandidateSpace, read: Read, reading: Reading) -> bool:
    """Whether keys are points of a curve that no embedding supplies: a radius multiplies errors."""
    return bool(reading.need.numbers) and read.form != NOTHING and not space.is_input(read.form)


def _is_share(space: CandidateSpace, form: Form) -> bool:
    """Whether a form is what a width's head writes."""
    return isinstance(space.node(form).operation, Width)


def _copies(space: CandidateSpace, label: str) -> bool:
    """Whether a head reads one position, so that no weight moves between several."""
    operation = space.program.node(label).operation
    return isinstance(operation, Aggregate) and selects_at_most_one(
        operation.selector, space.program.by_label()
    )


def _mean_error(
    rows: FloatArray, values: Sequence[Read], default: FloatArray, shift: float
) -> FloatArray:
    """The mean of several: what the weights shift from one to another, and their own errors."""
    low = sum(float(read.rows.min(initial=0.0)) for read in values)
    high = sum(float(read.rows.max(initial=0.0)) for read in values)
    spread = max(high, *default) - min(low, *default)
    noise = sum(float(read.noise.max(initial=0.0)) for read in values)
    rounding = 4 * FLOAT32_EPSILON * max(abs(low), abs(high), float(abs(default).max()))
    return np.full_like(rows, noise + shift * spread + rounding)


def _mixed(read: Read, reading: Reading) -> Read:
    rows, noise = read.rows @ reading.weights, together(read.noise, reading.weights)
    return replace(read, rows=rows, noise=noise)


def _logit_error(plan: HeadPlan, queries: Sequence[Read], keys: Sequence[Read]) -> float:
    """By how much a logit may be wrong, beside what its plan makes uneven."""
    asked, given = _parts(queries, plan.queries), _parts(keys, plan.keys)
    bias = abs(plan.b_query)
    wrong = 4 * FLOAT32_EPSILON * float(bias @ abs(plan.bos_key))
    for query in asked:
        wrong += float((query.noise @ abs(plan.bos_key)).max(initial=0.0))
        for key in given:
            rounding = 4 * FLOAT32_EPSILON * together(query.rows, key.rows.T)
            shift = together(query.rows, key.noise.T) + together(query.noise, key.rows.T)
            wrong += float((rounding + shift).max(initial=0.0))
    for key in given:
        wrong += float(together(key.noise, bias).max(initial=0.0))
    return float(wrong)


def _parts(reads: Sequence[Read], readings: Sequence[Reading]) -> list[Read]:
    """What one side adds to logits, but powers: logits of what is selected are hardly any of it."""
    both = zip(reads, readings, strict=True)
    return [_mixed(read, own) for read, own in both if not own.need.steep]

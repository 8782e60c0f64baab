"""MLPs that compute a variable from a table over variables that determine it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from optitracr.candidates.births import Births, written
from optitracr.candidates.candidate import Candidate
from optitracr.candidates.care import Care
from optitracr.candidates.cuts import MAX_TABLE, Cut
from optitracr.candidates.facts import Facts
from optitracr.candidates.forms import Form
from optitracr.candidates.proposals import Proposals
from optitracr.candidates.rule import Rule
from optitracr.candidates.validity import Activation, Condition, Validity
from optitracr.candidates.ways import Freedom
from optitracr.constructions.leaves import Plan
from optitracr.graph.program import Aggregate, Elementwise, Input, Width
from solvers import Kind

NAME = "table"

MAX_NEURONS = 1024
"""Neurons of a fused component: more seldom make a smaller model than components in sequence do.
The cut over the immediate operands may take more, as it has no substitute; so may that over the
raw numbers whose classes they are, where no lines lead to the same."""

WIDE_NEURONS = 256
"""The same over more combinations than a small table has, of which few can occur: planes and lines
take far fewer, and a step or more for each count beside each length is better made from a number
by another component."""

BARE_NEURONS = 64 * 65 + 64
"""The same over raw numbers, where lines lead to the same in one layer more: what a function of a
count of up to 64 positions takes beside the length, two for each count and length, one a length."""

MAX_NUMBERS = 3
"""Numbers that a fused component may read: weighted sums of more are seldom told apart by
thresholds, and the ways to weigh them double with each."""

PLANS = 2
"""Constructions kept for each cut: the fewest neurons, and another that reads less."""

MUCH = 3
"""Times the fewest neurons beyond which no plan is kept beside the others for what it reads: it is
seldom chosen, and what it reads takes the place of forms that serve several."""


def propose(proposals: Proposals, form: Form) -> Iterator[Candidate]:
    """An MLP over each cut of the variable that may be read, in up to two constructions."""
    if not _has_table(proposals.facts, form):
        return
    facts = proposals.facts
    again = bool(facts.nodes[form.label].definitions) or facts.is_dirty_head(form.label)
    again = again or proposals.tables.on_lines(form.label)
    itself = ((form.label,),) if again and not facts.is_raw(form.label) else ()
    for cut in (*facts.cuts.get(form.label, ()), *itself):
        freedoms = _freedoms(facts, form.label, cut)
        if proposals.repertoire.frees(*freedoms) and not proposals.is_late(form, cut):
            families = proposals.repertoire.that_free(freedoms)
            yield from _over(proposals, form, cut, families)


def born(births: Births, label: str) -> Iterator[int]:
    """After the latest of what a cut has to be told by."""
    for cut in births.proposals.facts.cuts.get(label, ()):
        if label not in cut:
            yield written(births.over(label, cut), Kind.MLP)


def _has_table(facts: Facts, form: Form) -> bool:
    """Whether the variable is a function of others, or a head's output to be cleaned."""
    match facts.operation(form.label):
        case Input():
            return False
        case Elementwise():
            return not facts.is_raw(form.label)
        case Aggregate() if form.clean and facts.is_dirty_head(form.label):
            return not facts.is_raw(form.label)
        case _:
            return form.label in facts.cuts


def _freedoms(facts: Facts, label: str, cut: Cut) -> list[Freedom]:
    """What it takes to read a cut: nothing if it is the operands of a definition."""
    if cut in facts.immediate(label):
        return []
    found = [] if cut == (label,) else [Freedom.OTHER_LEAVES]
    if any(isinstance(facts.operation(x), Width) for x in cut):
        found.append(Freedom.RAW_WIDTHS)
    return found


def _over(
    proposals: Proposals, form: Form, cut: Cut, families: tuple[str, ...]
) -> Iterator[Candidate]:
    facts = proposals.facts
    leaves = [facts.leaf(label) for label in cut]
    if sum(leaf.numerical for leaf in leaves) > MAX_NUMBERS:
        return
    plans = proposals.tables.of(form, cut, leaves)
    most = _most_neurons(proposals, form.label, cut)
    fitting = [plan for plan in plans if plan.neurons <= most]
    kept = fitting if proposals.care.is_robust else _fewest(fitting)
    if proposals.care is Care.EITHER:
        flat = pareto([plan for plan in fitting if not plan.passes])[:PLANS]
        kept += [plan for plan in flat if all(plan is not other for other in kept)]
    if cut == (form.label,) and proposals.tables.on_lines(form.label):
        kept = _with_a_number(kept, fitting)
    for plan in kept:
        expansions = proposals.repertoire.expansions(facts, plan)
        for way, (expanded, further) in enumerate(expansions):
            yield Candidate(
                name=proposals.name(form, f"{'+'.join(cut)}.{plan.neurons}.{way}"),
                form=form.name,
                needs=tuple(axis.need for axis in expanded.axes),
                plan=expanded,
                rule=NAME,
                reads_bos=form.clean,
                cut=cut,
                families=(*families, *further),
            )


def _most_neurons(proposals: Proposals, label: str, cut: Cut) -> float:
    """How many neurons a component over a cut may take."""
    if cut in proposals.facts.immediate(label):
        return math.inf
    if cut not in proposals.facts.bare(label):
        wide = proposals.facts.tables.size(cut) > MAX_TABLE
        return WIDE_NEURONS if wide else MAX_NEURONS
    return BARE_NEURONS if proposals.tables.on_lines(label) else math.inf


def _with_a_number(kept: Sequence[Plan], fitting: Sequence[Plan]) -> list[Plan]:
    """Some plans, with one among them that reads a number and no classes."""
    if any(axis.numbers for plan in kept for axis in plan.axes):
        return [*kept]
    return [*kept, *[plan for plan in fitting if any(axis.numbers for axis in plan.axes)][:1]]


def _fewest(fitting: Sequence[Plan]) -> list[Plan]:
    """The plans that are kept: those that would be if none might pass on noise, and the fewest.

    One that passes on noise stands for one that reads as much of the same. Where it stood for one
    that reads less, the model might be wider.
    """
    kept = pareto([plan for plan in fitting if not plan.passes])[:PLANS]
    for plan in (plan for plan in fitting if plan.passes):
        for place, other in enumerate(kept):
            if _shape(other) == _shape(plan):
                kept[place] = min(other, plan, key=lambda one: one.neurons)
    best = [one for one in pareto(fitting)[:PLANS] if one.neurons <= MUCH * fitting[0].neurons]
    return [*kept, *[plan for plan in best if all(plan is not other for other in kept)]]


def _shape(plan: Plan) -> list[tuple[str, bool, int]]:
    """What a plan reads: of which leaves, whether as numbers, and how many columns."""
    return [(axis.leaf.label, bool(axis.numbers), axis.width) for axis in plan.axes]


def pareto(plans: Sequence[Plan]) -> list[Plan]:
    """Plans, fewest neurons first, each of which reads less than those before."""
    kept: list[Plan] = []
    for plan in plans:
        if all(plan.width < other.width for other in kept):
            kept.append(plan)
    return kept


RULE = Rule(
    name=NAME,
    validity=Validity(
        activations=frozenset({Activation.RELU}),
        conditions=frozenset({Condition.FINITE, Condition.BOUNDED, Condition.WITHIN_MARGIN}),
    ),
    propose=propose,
    born=born,
)

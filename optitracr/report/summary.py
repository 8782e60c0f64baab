"""What a report says first: one sentence, the proof, and the key figures."""

from __future__ import annotations

from markupsafe import Markup

from optitracr.draw.markup import joined, markup
from optitracr.draw.residual import plural
from optitracr.levels import ALLOCATED_LEVELS
from optitracr.model.proof import Proof
from optitracr.report.facts import Facts
from solvers import Allocation, Status
from solvers.allocation import LONGEST_PATH

SHOWN = 3
"""Obligations that are named where a proof falls short; a model's `proof` has them all."""


def saved(before: int, after: int) -> str:
    """How much smaller, for instance "−89 %"; more is said with a plus."""
    if before == after:
        return "same"
    if before == 0:
        return f"+{after:,}"
    percent = round(100 * (after - before) / before)
    return f"{'−' if after < before else '+'}{abs(percent)} %"


def summary(facts: Facts) -> Markup:
    """One sentence for who reads no further."""
    size, before = facts.model.size, facts.baseline.size
    told = markup(
        "A transformer of <b>{}</b> and <b>width {}</b> that computes the RASP program <b>{}</b>",
        plural(size.layers, "layer"),
        size.width,
        facts.name,
    )
    if facts.baseline is facts.model:
        return markup("{}, with {} parameters.", told, f"{size.parameters:,}")
    return markup(
        "{}. {} takes {} and width {}; this one has <b>{} parameters in place of {}</b>.",
        told,
        _lowest(facts),
        plural(before.layers, "layer"),
        before.width,
        f"{size.parameters:,}",
        f"{before.parameters:,}",
    )


def _lowest(facts: Facts) -> str:
    level = facts.baseline.level
    return (
        f"Level {level}" if level in ALLOCATED_LEVELS else f"The standard heuristic (level {level})"
    )


def proof(facts: Facts) -> Markup:
    """What is proven of the size, and of what it computes."""
    parts = (_proven(facts.model.allocation), _checked(facts))
    return joined((markup('<p class="proof">{}</p>', part) for part in parts), "\n")


def _proven(allocation: Allocation) -> Markup:
    order = ", then ".join(name.replace("_", " ") for name in allocation.objective)
    if allocation.status is Status.OPTIMAL:
        return markup(
            '<span class="badge good">proven optimal</span> '
            "A solver proved that, within the compiler's formulation, no model is smaller ({}).",
            order,
        )
    if allocation.solver == LONGEST_PATH:
        return Markup(
            '<span class="badge">heuristic</span> '
            "Components are placed by longest paths; nothing is proven of the size."
        )
    return markup(
        '<span class="badge">not proven optimal</span> '
        "The best that was found ({}) in the time given; {}.",
        order,
        gap(allocation),
    )


def gap(allocation: Allocation) -> str:
    """How far the value may be from the optimum."""
    pairs = zip(allocation.objective, allocation.value, allocation.bound, strict=False)
    told = [
        f"{name.replace('_', ' ')} {value}, "
        + ("proven" if value == bound else f"proven at least {bound}")
        for name, value, bound in pairs
    ]
    return "; ".join(told) or "no bound is known"


def _checked(facts: Facts) -> Markup:
    if facts.checked is None:
        return Markup("It was not compared with the interpreter.")
    known = facts.checked
    return _known_of_all(known) if known.proven else _known_of_some(known)


def _known_of_all(known: Proof) -> Markup:
    scope = f"every input of the domain {known.domain}" if known.domain else "every input"
    ways = ", ".join(f"{count:,} by {way.value}" for way, count in known.discharged.items())
    sizes = f"largest error {known.largest_error:.1e}"
    if known.smallest_separation is not None:
        sizes += f", smallest separation {known.smallest_separation:.3f}"
    return markup(
        '<span class="badge good">proven</span> It says what the RASP interpreter says on {}, '
        "output and inner variables, whatever the order of summation: {} ({}; {}{}).",
        scope,
        plural(known.obligations, "obligation"),
        ways,
        sizes,
        _undefined(known),
    )


def _known_of_some(known: Proof) -> Markup:
    scope = f" of the domain {known.domain}" if known.domain else ""
    more = len(known.open) - SHOWN
    return markup(
        '<span class="badge">checked</span> When compiled, it was compared with the RASP '
        "interpreter on {} inputs{}, output and inner variables{}. Not proven: {}.",
        f"{known.inputs:,}",
        scope,
        _undefined(known),
        "; ".join([*known.open[:SHOWN], *([f"{more:,} more"] if more > 0 else [])]),
    )


def _undefined(known: Proof) -> str:
    return f"; on {known.undefined:,} more the program is undefined" * bool(known.undefined)


def key_figures(facts: Facts) -> Markup:
    """Layers, width, neurons and parameters: before, after, and what is saved."""
    return joined(
        (_key_figure(name, facts) for name in ("layers", "width", "neurons", "parameters")), "\n"
    )


def _key_figure(name: str, facts: Facts) -> Markup:
    old, new = getattr(facts.baseline.size, name), getattr(facts.model.size, name)
    was = less = Markup()
    if facts.baseline is not facts.model:
        tone = "less" if new < old else "quiet"
        was = markup('<span class="was">{} →</span> ', f"{old:,}")
        less = markup('<span class="change {}">{}</span>', tone, saved(old, new))
    return markup(
        '<div class="figure"><dt>{}</dt><dd>{}<b>{}</b> {}</dd></div>',
        "neurons per layer" if name == "neurons" else name,
        was,
        f"{new:,}",
        less,
    )

"""What a report says first: one sentence, the proof, and the key figures."""

from __future__ import annotations

from optitracr.draw.residual import plural
from optitracr.report.facts import Facts
from optitracr.report.html import escaped
from solvers import Allocation, Status

HEURISTIC = "longest_path"


def saved(before: int, after: int) -> str:
    """How much smaller, for instance "−89 %"; more is said with a plus."""
    if before == after:
        return "same"
    if before == 0:
        return f"+{after:,}"
    percent = round(100 * (after - before) / before)
    return f"{'−' if after < before else '+'}{abs(percent)} %"


def summary(facts: Facts) -> str:
    """One sentence for who reads no further."""
    size, before = facts.model.size, facts.baseline.size
    told = (
        f"A transformer of <b>{plural(size.layers, 'layer')}</b> and <b>width {size.width}</b> "
        f"that computes the RASP program <b>{escaped(facts.name)}</b>"
    )
    if facts.baseline is facts.model:
        return f"{told}, with {size.parameters:,} parameters."
    return (
        f"{told}. {_lowest(facts)} takes {plural(before.layers, 'layer')} and width "
        f"{before.width}; this one has <b>{size.parameters:,} parameters in place of "
        f"{before.parameters:,}</b>."
    )


def _lowest(facts: Facts) -> str:
    if facts.baseline.level == 0:
        return "The standard heuristic (level 0)"
    return f"Level {facts.baseline.level}"


def proof(facts: Facts) -> str:
    """What is proven of the size, and what was compared with the interpreter."""
    parts = (_proven(facts.model.allocation), _checked(facts))
    return "\n".join(f'<p class="proof">{part}</p>' for part in parts)


def _proven(allocation: Allocation) -> str:
    order = ", then ".join(name.replace("_", " ") for name in allocation.objective)
    if allocation.status is Status.OPTIMAL:
        return (
            '<span class="badge good">proven optimal</span> '
            f"A solver proved that, within the compiler's formulation, no model is smaller "
            f"({order})."
        )
    if allocation.solver == HEURISTIC:
        return (
            '<span class="badge">heuristic</span> '
            "Components are placed by longest paths; nothing is proven of the size."
        )
    return (
        '<span class="badge">not proven optimal</span> '
        f"The best that was found ({order}) in the time given; {gap(allocation)}."
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


def _checked(facts: Facts) -> str:
    if facts.checked is None:
        return "It was not compared with the interpreter."
    check = facts.checked
    scope = (
        "all there are"
        if check.exhaustive
        else f"every input up to length {check.exhaustive_length}, and samples up to length "
        f"{check.max_seq_len}"
    )
    undefined = f"; on {check.undefined:,} more the program is undefined" * bool(check.undefined)
    return (
        '<span class="badge good">checked</span> When compiled, it was compared with the RASP '
        f"interpreter on {check.inputs:,} inputs ({scope}{undefined}), output and inner variables."
    )


def key_figures(facts: Facts) -> str:
    """Layers, width, neurons and parameters: before, after, and what is saved."""
    after, before = facts.model.size, facts.baseline.size
    figures = []
    for name in ("layers", "width", "neurons", "parameters"):
        old, new = getattr(before, name), getattr(after, name)
        alone = facts.baseline is facts.model
        was = "" if alone else f'<span class="was">{old:,} →</span> '
        tone = "less" if new < old else "quiet"
        less = "" if alone else f'<span class="change {tone}">{saved(old, new)}</span>'
        label = "neurons per layer" if name == "neurons" else name
        figures.append(
            f'<div class="figure"><dt>{label}</dt><dd>{was}<b>{new:,}</b> {less}</dd></div>'
        )
    return "\n".join(figures)

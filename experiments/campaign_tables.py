"""What a campaign found, as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from campaign_programs import FAILURES, GENERATORS, Outcome, Run
from reporting import print_table

from optitracr.levels import LEVELS

Runs = Mapping[int, Sequence[Run]]

SHOWN = 40
"""Seeds and reasons listed in one table at most."""

SLOWEST = 10
"""Slowest programs listed."""


def show(generator: str, runs: Runs) -> None:
    """Prints all tables of a campaign."""
    _levels(runs)
    _kinds(generator, runs)
    _reasons("Refused", runs, (Outcome.REFUSED,))
    _reasons("FAILURES", runs, FAILURES)
    _higher(runs)
    _slowest(runs)


def every(runs: Runs) -> Iterator[tuple[int, Run]]:
    """Seed and run, by seed."""
    for seed in sorted(runs):
        for run in runs[seed]:
            yield seed, run


def _levels(runs: Runs) -> None:
    outcomes = Counter((run.level, run.causal, run.outcome) for _, run in every(runs))
    readings = [causal for causal in (False, True) if any(key[1] is causal for key in outcomes)]
    cells = []
    for level in LEVELS:
        for causal in readings:
            counted = [outcomes[level, causal, outcome] for outcome in Outcome]
            reading = "causal" if causal else "full"
            share = f"{100 * counted[1] / max(1, sum(counted)):.2f} %"
            cells.append([f"{level} {reading}", *(f"{n:,}" for n in counted), share])
    inputs = sum(run.inputs for _, run in every(runs))
    title = f"{len(runs):,} random programs, {inputs:,} comparisons"
    print_table(title, ("level", *Outcome, "share refused"), cells)


def _kinds(generator: str, runs: Runs) -> None:
    kinds = Counter(kind for seed in sorted(runs) for kind in GENERATORS[generator](seed).kinds)
    cells = [[kind, f"{number:,}"] for kind, number in sorted(kinds.items())]
    print_table("Programs with each kind of thing", ("kind", "programs"), cells)


def _reasons(title: str, runs: Runs, outcomes: Sequence[Outcome]) -> None:
    """How often each reason was given at each level, and a program for it."""
    numbers: Counter[tuple[str, int]] = Counter()
    first: dict[str, int] = {}
    for seed, run in every(runs):
        if run.outcome in outcomes:
            reason = run.reason if title == "Refused" else f"{run.outcome}: {run.reason}"
            numbers[reason, run.level] += 1
            first.setdefault(reason, seed)
    if not first:
        return
    total = {reason: sum(numbers[reason, level] for level in LEVELS) for reason in first}
    ranked = sorted(first, key=lambda reason: (-total[reason], reason))[:SHOWN]
    cells = [
        [reason, *(f"{numbers[reason, level]:,}" for level in LEVELS), str(first[reason])]
        for reason in ranked
    ]
    levels = tuple(f"level {level}" for level in LEVELS)
    print_table(f"{title}: runs by reason", ("reason", *levels, "first seed"), cells)


def _higher(runs: Runs) -> None:
    """What a lower level compiles and level 2 refuses."""
    cells = []
    for seed in sorted(runs):
        found = {(run.level, run.causal): run for run in runs[seed]}
        for (level, causal), run in found.items():
            lower = [found.get((below, causal)) for below in LEVELS if below < level]
            compiled = any(other and other.outcome is Outcome.EXACT for other in lower)
            if level == LEVELS[-1] and run.outcome is Outcome.REFUSED and compiled:
                cells.append([run.reason, str(seed), "causal" if causal else "full"])
    if cells:
        title = f"{len(cells)} compiled at a lower level and refused at level 2"
        print_table(title, ("reason", "seed", "reading"), sorted(cells)[:SHOWN])


def _slowest(runs: Runs) -> None:
    ranked = sorted(runs, key=lambda seed: (-_time(runs[seed]), seed))[:SLOWEST]
    cells = []
    for seed in ranked:
        slowest = max(runs[seed], key=lambda run: run.seconds)
        cells.append([str(seed), f"{_time(runs[seed]):.1f}", str(slowest.level), slowest.outcome])
    title = f"Slowest programs, of {sum(map(_time, runs.values())):,.0f} s CPU time in all"
    print_table(title, ("seed", "seconds", "slowest level", "outcome"), cells)


def _time(runs: Sequence[Run]) -> float:
    return sum(run.seconds for run in runs)

"""Which forms of a space some chain of candidates can supply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from optitracr.candidates.candidate import Candidate
from optitracr.candidates.space import NOTHING, CandidateSpace, View, needs_read, view_name
from optitracr.constructions.needs import Need
from optitracr.graph.build import BOS

_Wish = tuple[Need, str]
"""A need, and the candidate that must not read all forms that would serve; NOTHING for others."""


def exclude(space: CandidateSpace, pairs: Iterable[tuple[str, str]]) -> CandidateSpace | None:
    """The space without some readings; None if then nothing computes the output."""
    smaller = replace(space, excluded=space.excluded.union(pairs))
    views = computable_views(smaller, computable(smaller))
    return replace(smaller, outputs=views) if views else None


def computable_views(space: CandidateSpace, usable: Mapping[str, None]) -> tuple[View, ...]:
    """The ways to read the output from forms that can be supplied, but those that are excluded."""
    return tuple(
        view
        for view in space.outputs
        if all(name == BOS or name in usable for name in view[0])
        and (view_name(view[0]), NOTHING) not in space.excluded
    )


def computable(space: CandidateSpace) -> dict[str, None]:
    """Forms that the inputs or some chain of candidates can supply.

    Each candidate and each form is looked at once, however long the chains are.
    """
    barred = _barred(space)
    usable = {name: None for name in space.forms if space.is_input(name)}
    waiting: dict[_Wish, list[Candidate]] = {}
    missing: dict[str, int] = {}
    ready: list[str] = list(usable)
    for candidate in space.candidates.values():
        own = barred.get(candidate.name, set())
        if NOTHING in own:
            continue
        reader = candidate.name if own else NOTHING
        wishes = dict.fromkeys((need, reader) for need in needs_read(space, candidate))
        missing[candidate.name] = len(wishes)
        for wish in wishes:
            waiting.setdefault(wish, []).append(candidate)
        if not wishes and candidate.form not in usable:
            usable[candidate.form] = None
            ready.append(candidate.form)
    readers: dict[str, list[_Wish]] = {}
    for wish in waiting:
        for name in space.options[wish[0]]:
            if name not in barred.get(wish[1], ()):
                readers.setdefault(name, []).append(wish)
    met: set[_Wish] = set()
    while ready:
        for wish in readers.get(ready.pop(), ()):
            if wish in met:
                continue
            met.add(wish)
            for candidate in waiting[wish]:
                missing[candidate.name] -= 1
                if missing[candidate.name] == 0 and candidate.form not in usable:
                    usable[candidate.form] = None
                    ready.append(candidate.form)
    return usable


def _barred(space: CandidateSpace) -> dict[str, set[str]]:
    """For each candidate the forms that it must not read; NOTHING if it must not be used."""
    barred: dict[str, set[str]] = {}
    for candidate, form in space.excluded:
        barred.setdefault(candidate, set()).add(form)
    return barred


def choices(
    space: CandidateSpace, candidate: Candidate, usable: Mapping[str, None]
) -> list[tuple[str, ...]] | None:
    """For each need of a candidate the forms that it can be read from; None if one has none."""
    if (candidate.name, NOTHING) in space.excluded:
        return None
    reads = [
        tuple(
            name
            for name in space.options[need]
            if name != candidate.form
            and name in usable
            and (candidate.name, name) not in space.excluded
        )
        for need in needs_read(space, candidate)
    ]
    return reads if all(reads) else None

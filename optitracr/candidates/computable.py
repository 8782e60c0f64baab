"""Which forms of a space some chain of candidates can supply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from optitracr.candidates.candidate import Candidate
from optitracr.candidates.space import NOTHING, CandidateSpace, needs_read
from optitracr.constructions.needs import Need


def exclude(space: CandidateSpace, pairs: Iterable[tuple[str, str]]) -> CandidateSpace | None:
    """The space without some readings; None if then nothing computes the output."""
    smaller = replace(space, excluded=space.excluded.union(pairs))
    usable = computable(smaller)
    views = tuple(view for view in space.outputs if all(name in usable for name in view[0]))
    return replace(smaller, outputs=views) if views else None


def computable(space: CandidateSpace) -> dict[str, None]:
    """Forms that the inputs or some chain of candidates can supply."""
    return _computable_but(space) if space.excluded else _allcomputable(space)


def _computable_but(space: CandidateSpace) -> dict[str, None]:
    """The same where some candidates must not read all forms that would serve."""
    usable = {name: None for name in space.forms if space.is_input(name)}
    while True:
        found = [
            candidate.form
            for candidate in space.candidates.values()
            if candidate.form not in usable and choices(space, candidate, usable) is not None
        ]
        if not found:
            return usable
        usable |= dict.fromkeys(found)


def _allcomputable(space: CandidateSpace) -> dict[str, None]:
    usable = {name: None for name in space.forms if space.is_input(name)}
    waiting: dict[Need, list[Candidate]] = {}
    missing: dict[str, int] = {}
    ready: list[str] = list(usable)
    for candidate in space.candidates.values():
        needs = dict.fromkeys(needs_read(space, candidate))
        missing[candidate.name] = len(needs)
        for need in needs:
            waiting.setdefault(need, []).append(candidate)
        if not needs and candidate.form not in usable:
            usable[candidate.form] = None
            ready.append(candidate.form)
    readers: dict[str, list[Need]] = {}
    for need in waiting:
        for name in space.options[need]:
            readers.setdefault(name, []).append(need)
    met: set[Need] = set()
    while ready:
        for need in readers.get(ready.pop(), ()):
            if need in met:
                continue
            met.add(need)
            for candidate in waiting[need]:
                missing[candidate.name] -= 1
                if missing[candidate.name] == 0 and candidate.form not in usable:
                    usable[candidate.form] = None
                    ready.append(candidate.form)
    return usable


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

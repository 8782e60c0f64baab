"""Which forms of a space some chain of candidates can supply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from optitracr.candidates.candidate import Candidate
from optitracr.candidates.space import NOTHING, CandidateSpace, View, needs_read, view_name
from optitracr.constructions.needs import Need
from optitracr.graph.build import BOS


def exclude(
    space: CandidateSpace, pairs: Iterable[tuple[str, str]], chains: Chains | None = None
) -> CandidateSpace | None:
    """The space without some readings; None if then nothing computes the output.

    Args:
        space: The space.
        pairs: Candidates and what each must not read.
        chains: Those of the space, or of one of which it is a part, where they are known.
    """
    smaller = replace(space, excluded=space.excluded.union(pairs))
    views = computable_views(smaller, (chains or Chains(space)).supplied(smaller.excluded))
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
    """Forms that the inputs or some chain of candidates can supply."""
    return Chains(space).supplied(space.excluded)


class Chains:
    """What each candidate waits for and what each form serves, whatever is left out."""

    def __init__(self, space: CandidateSpace) -> None:
        """Looks at each candidate and each form once."""
        self._candidates = [*space.candidates.values()]
        self._place = {name: place for place, name in enumerate(space.candidates)}
        self._inputs = [name for name in space.forms if space.is_input(name)]
        self._needs = [tuple(dict.fromkeys(needs_read(space, c))) for c in self._candidates]
        self._waiting: dict[Need, list[int]] = {}
        for place, needs in enumerate(self._needs):
            for need in needs:
                self._waiting.setdefault(need, []).append(place)
        self._served: dict[str, list[Need]] = {}
        for need in self._waiting:
            for name in space.options[need]:
                self._served.setdefault(name, []).append(need)

    def supplied(self, excluded: Iterable[tuple[str, str]]) -> dict[str, None]:
        """Forms that the inputs or some chain of candidates supply without some readings."""
        barred: dict[int, set[str]] = {}
        for name, form in excluded:
            if name in self._place:
                barred.setdefault(self._place[name], set()).add(form)
        missing = [len(needs) for needs in self._needs]
        for place, own in barred.items():
            if NOTHING in own:
                missing[place] = -1
        usable = dict.fromkeys(self._inputs)
        for place, count in enumerate(missing):
            if not count:
                usable[self._candidates[place].form] = None
        self._follow([*usable], usable, missing, barred)
        return usable

    def _follow(
        self,
        ready: list[str],
        usable: dict[str, None],
        missing: list[int],
        barred: Mapping[int, set[str]],
    ) -> None:
        """Adds all that follows from some forms, each need of each candidate met once."""
        left = dict(self._waiting)
        while ready:
            name = ready.pop()
            for need in self._served.get(name, ()):
                waiting = left[need]
                # Who must not read this form for the need waits for another that serves it.
                left[need] = [x for x in waiting if x in barred and name in barred[x]]
                for place in waiting:
                    if place in barred and name in barred[place]:
                        continue
                    missing[place] -= 1
                    form = self._candidates[place].form
                    if missing[place] == 0 and form not in usable:
                        usable[form] = None
                        ready.append(form)


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

"""How much has to stand side by side in the residual stream, whatever the plan.

Whatever reads, all that it reads stands in one state; and what is embedded is there from the start
until its last reader, so also where anything is computed that a later reader needs beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product

from solvers import Alternative, Kind, Problem

Read = frozenset[str]
"""The variables of which one would do for something that is read."""

Reads = frozenset[Read]

State = tuple[str, Reads]
"""A variable, or an alternative, and what is embedded and read by whatever it is for."""

MAX_STATES = 2_000
"""Variables with what is read later, beyond which that is not told apart further: they take some
tenths of a second, and only large programs have so many."""

MAX_CHOICES = 256
"""Choices of variables for what is read at once, up to which all are tried: some tenths of a
millisecond."""

UNKNOWN = 1 << 30
"""Dimensions of what is not computed, or not known yet: more than any has."""


def least_width(problem: Problem) -> int:
    """Dimensions of the largest state that every plan has at least."""
    standing = _Standing(problem)
    inputs = standing.inputs
    embedded = frozenset(read for read in unavoidable_reads(problem) if inputs.issuperset(read))
    views = [frozenset(Read([name]) for name in view.reads) for view in problem.views]
    return max(standing.together(embedded), min(map(standing.of_view, views)))


class _Standing:
    """The least width of the states up to each variable, by relaxation to a fixpoint."""

    def __init__(self, problem: Problem) -> None:
        self.inputs = {v.name for v in problem.variables if v.is_input}
        self._widths = {v.name: v.width for v in problem.variables}
        self._alternatives = problem.alternatives_of()
        own = problem.self_attention
        ways = () if own is None else own.ways
        self._erasing = [frozenset(Read([name]) for name in way) for way in ways]
        self._known: dict[State, int] = {}
        self._together: dict[Reads, int] = {}
        self._own: dict[State, int] = {}
        self._waiting: dict[tuple[Reads, Reads], Reads] = {}
        self._reads = {a.name: frozenset(map(Read, a.reads)) for a in problem.alternatives}

    def of_view(self, reads: Reads) -> int:
        """The least width of a model whose output is read so."""
        found = self._discovered(reads)
        changed = True
        while changed:
            changed = False
            for name, later in found:
                ways = self._alternatives[name]
                least = min((self._of(way, later) for way in ways), default=UNKNOWN)
                if least < self._known[name, later]:
                    self._known[name, later], changed = least, True
        return max(self.together(reads), self._below(reads, frozenset()))

    def together(self, reads: Reads) -> int:
        """Dimensions of what is read at once, of the variables that take the fewest."""
        if reads not in self._together:
            choices = math.prod(map(len, reads))
            few = choices <= MAX_CHOICES
            self._together[reads] = self._fewest(reads) if few else self._packed(reads)
        return self._together[reads]

    def _fewest(self, reads: Reads) -> int:
        """The same by trying every choice of a variable for each read."""
        chosen = (set(names) for names in product(*reads))
        return min(sum(self._widths[name] for name in names) for names in chosen)

    def _packed(self, reads: Reads) -> int:
        """At most that: reads that have a variable in common with one before count nothing."""
        least = [(-min(self._widths[name] for name in read), sorted(read)) for read in reads]
        total, counted = 0, set[str]()
        for width, names in sorted(least):
            if counted.isdisjoint(names):
                total -= width
                counted.update(names)
        return total

    def _discovered(self, reads: Reads) -> list[State]:
        """The variables that may be computed for some reads, those first that come last."""
        found: dict[State, None] = {}
        pending = [(name, self._later(reads, frozenset())) for read in reads for name in read]
        while pending:
            state = pending.pop()
            name, later = state
            if state in found or name in self.inputs:
                continue
            found[state] = None
            self._known.setdefault(state, UNKNOWN)
            for way in self._alternatives[name]:
                below = self._later(self._reads[way.name], later)
                pending += [(other, below) for read in way.reads for other in read]
        return list(found)[::-1]

    def _later(self, reads: Reads, later: Reads) -> Reads:
        """What is embedded and still to be read where something is computed for a reader."""
        key = reads, later
        if key not in self._waiting:
            full = len(self._known) >= MAX_STATES
            more = {read for read in reads if self.inputs.issuperset(read)}
            self._waiting[key] = frozenset() if full else later | more
        return self._waiting[key]

    def _of(self, way: Alternative, later: Reads) -> int:
        """The least width if a variable is computed so."""
        key = way.name, later
        if key not in self._own:
            self._own[key] = self._beside(way, later)
        return max(self._own[key], self._below(self._reads[way.name], later))

    def _beside(self, way: Alternative, later: Reads) -> int:
        """What stands where an alternative reads, and where it has written."""
        reads, written = self._reads[way.name], self._widths[way.variable]
        standing = self.together(reads | later)
        if way.kind is Kind.MLP:
            # What it reads may be erased by the same sublayer, for neurons; what is read later not.
            return max(standing, written + self.together(later))
        beside = standing + written
        for erasing in self._erasing:
            beside = min(beside, max(standing, self.together(reads | later | erasing)))
        return beside

    def _below(self, reads: Reads, later: Reads) -> int:
        """The largest of what is least for each read."""
        below = self._later(reads, later)
        return max((min(self._at(name, below) for name in read) for read in reads), default=0)

    def _at(self, name: str, later: Reads) -> int:
        if name in self.inputs:
            return self._widths[name]
        return self._known.get((name, later), 0)


def unavoidable_reads(problem: Problem) -> Reads:
    """What every plan reads.

    What an alternative needs is what it reads, and for each of these what all that would do need.
    A variable needs what all of its alternatives do. From the assumption that everything is needed,
    this is put right until nothing changes.
    """
    needed: dict[str, Reads | None] = {
        v.name: frozenset() if v.is_input else None for v in problem.variables
    }
    alternatives = problem.alternatives_of()
    changed = True
    while changed:
        changed = False
        for name, ways in alternatives.items():
            known = [one for way in ways if (one := _needed(way.reads, needed)) is not None]
            if known and (found := frozenset.intersection(*known)) != needed[name]:
                needed[name], changed = found, True
    views = [_needed([[name] for name in view.reads], needed) for view in problem.views]
    return frozenset.intersection(*(view for view in views if view is not None))


def _needed(reads: Sequence[Sequence[str]], needed: Mapping[str, Reads | None]) -> Reads | None:
    """What some reads need, themselves among it; None if one is not known to be computed."""
    found: set[Read] = set()
    for names in reads:
        known = [one for name in names if (one := needed[name]) is not None]
        if not known:
            return None
        found |= {Read(names), *frozenset.intersection(*known)}
    return frozenset(found)

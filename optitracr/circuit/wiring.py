"""Who reads whom: the edges between a model's parts, read off weights and lifetimes.

A part reads another where some column that its weights read was written by the other. What
a column's tenant is made of are the parts that compute it ("value"). A column that had a
tenant before still holds the sum of what wrote that tenant and of what erased it: zero
together, but not one without the other, as path patching sees ("erasure").
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.circuit.parts import Part
from optitracr.circuit.stays import Stay, held_at

VALUE, ERASURE = "value", "erasure"
ROLES = (VALUE, ERASURE)

Pairs = NDArray[np.bool_]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Edge:
    """That one part reads another.

    Attributes:
        writer: Name of the part that writes.
        reader: Name of the part that reads.
        role: "value" if it reads what the writer computes, else "erasure".
        stays: What carries it, as places in the list of stays.
    """

    writer: str
    reader: str
    role: str
    stays: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Wiring:
    """Which part computes, erases, disturbs and reads which stay.

    All matrices have the shape [parts, stays].

    Attributes:
        parts: The parts.
        stays: Every dimension by lifetime.
        computes: The part is what the stay holds, or a summand of it.
        disturbs: It wrote to the stay's column before, or erases an earlier tenant of it.
        erases: It erases an earlier tenant of the stay's column.
        reads: It reads the stay.
        pattern: Its attention pattern depends on the stay.
    """

    parts: tuple[Part, ...]
    stays: tuple[Stay, ...]
    computes: Pairs
    disturbs: Pairs
    erases: Pairs
    reads: Pairs
    pattern: Pairs

    def edges(self) -> Iterator[Edge]:
        """Every edge, by writer, then reader."""
        carried = _reached(self.computes, self.reads)
        disturbed = _reached(self.disturbs, self.reads) & ~carried
        for writer, reader in np.argwhere(carried | disturbed).tolist():
            value = bool(carried[writer, reader])
            through = (self.computes if value else self.disturbs)[writer] & self.reads[reader]
            yield Edge(
                self.parts[writer].name,
                self.parts[reader].name,
                VALUE if value else ERASURE,
                tuple(np.flatnonzero(through).tolist()),
            )

    def carried(self) -> Iterator[tuple[Part, Part, Places]]:
        """Every writer and reader, with all that it reads of what the other wrote, as places.

        Beside what makes up an edge's role it holds tenants whose column the writer wrote before:
        to patch the edge changes these too.
        """
        written = self.computes | self.disturbs
        for writer, reader in np.argwhere(_reached(written, self.reads)).tolist():
            stays = np.flatnonzero(written[writer] & self.reads[reader])
            yield self.parts[writer], self.parts[reader], stays

    def reaching(self) -> frozenset[str]:
        """Names of the parts from which a path of edges leads to the output."""
        place = {part.name: i for i, part in enumerate(self.parts)}
        leads = _reached(self.computes | self.disturbs, self.reads)
        for i, part in enumerate(self.parts):
            if part.writer:
                leads[i, place[part.writer]] = True
        found = np.zeros(len(self.parts), dtype=bool)
        fresh = found.copy()
        fresh[-1] = True
        while fresh.any():
            found |= fresh
            fresh = leads[:, fresh].any(axis=1) & ~found
        return frozenset(
            part.name for part, reaches in zip(self.parts, found, strict=True) if reaches
        )

    def possible(self) -> Pairs:
        """Shape [parts, parts]: whether a part could read another in this architecture."""
        last = max(part.sublayer for part in self.parts)
        sublayer = np.array([part.sublayer for part in self.parts])
        split = {part.writer for part in self.parts if part.writer}
        writers = [not part.writer and part.sublayer < last for part in self.parts]
        readers = [part.name not in split and part.sublayer >= 0 for part in self.parts]
        earlier = sublayer[:, None] < sublayer[None, :]
        found: Pairs = earlier & np.array(writers)[:, None] & np.array(readers)[None, :]
        return found

    def ancestors(self, wanted: Iterable[int]) -> frozenset[int]:
        """Places of the parts that stays are made of.

        These are the parts that compute them and in turn what those read, and the parts that
        erased earlier tenants of their columns. What wrote a tenant that is only passed
        through with weight -1 is not among them, for it is erased whatever it was; but where
        some of what wrote it is there, all of it is: a mixture of values need not be a value,
        and only values are erased.

        Args:
            wanted: Places of the stays.

        Raises:
            InputError: If there is no such stay.
        """
        stays = len(self.stays) - 1
        wanted = [
            arguments.integer("a place of wanted", place, least=0, most=stays)
            for place in arguments.collection("wanted", wanted, "places of stays")
        ]
        makers: set[int] = set()
        erasers: set[int] = set()
        pending, seen = set(wanted), set[int]()
        while pending:
            while pending:
                stay = pending.pop()
                seen.add(stay)
                gone = set(np.flatnonzero(self.erases[:, stay]).tolist()) - erasers
                found = {place for place in gone if self.parts[place].computes}
                found |= set(np.flatnonzero(self.computes[:, stay]).tolist())
                found -= makers
                makers |= found
                erasers |= gone
                pending |= self._stays(self.reads, found) | self._stays(self.pattern, gone)
                pending -= seen
            pending = self._mixed(erasers - makers, makers | erasers) - seen
        return frozenset(makers | erasers)

    def _stays(self, matrix: Pairs, places: set[int]) -> set[int]:
        return set(np.flatnonzero(matrix[sorted(places)].any(axis=0)).tolist())

    def _mixed(self, erasers: set[int], found: set[int]) -> set[int]:
        """Stays that are read to be erased, and written by parts found and others not found."""
        inside = np.zeros(len(self.parts), dtype=bool)
        inside[sorted(found)] = True
        some = self.computes[inside].any(axis=0)
        others = self.computes[~inside].any(axis=0)
        return self._stays(self.reads, erasers) & set(np.flatnonzero(some & others).tolist())


def wire(
    parts: tuple[Part, ...],
    stays: tuple[Stay, ...],
    states: int,
    width: int,
    taken_over: Collection[tuple[str, str]] = (),
) -> Wiring:
    """Matches the columns of every part with their tenants.

    Args:
        parts: The parts.
        stays: Every dimension by lifetime.
        states: Number of states of the residual stream.
        width: Number of columns.
        taken_over: Pairs of a variable and the one computed by the neurons that erase it.
    """
    column = np.array([stay.column for stay in stays], dtype=np.intp)
    birth = np.array([stay.first for stay in stays], dtype=np.intp)
    sublayer = np.array([part.sublayer for part in parts])[:, None]
    written = np.stack([part.touched.writes for part in parts])[:, column] & (sublayer < birth)
    computes = written & _own(parts, stays) & (sublayer + 1 == birth)
    for before, after in _successors(stays, taken_over):
        # What erases and what computes is one sum there, and the tenant may be left in it.
        computes[:, after] |= computes[:, before]
    held = held_at(stays, states, width)
    return Wiring(
        parts,
        stays,
        computes,
        written & ~computes,
        written & _erasing(parts, stays, column),
        _matched(held, [part.touched.reads for part in parts], parts, len(stays)),
        _matched(held, [part.touched.pattern for part in parts], parts, len(stays)),
    )


def _own(parts: Sequence[Part], stays: Sequence[Stay]) -> Pairs:
    """Shape [parts, stays]: whether the part computes the variable; embeddings compute any."""
    numbers = {name: i for i, name in enumerate(dict.fromkeys(stay.name for stay in stays))}
    held = np.array([numbers[stay.name] for stay in stays], dtype=np.intp)
    own = np.zeros((len(parts), len(stays)), dtype=bool)
    for row, part in zip(own, parts, strict=True):
        if part.sublayer < 0 or part.computes:
            made = [numbers.get(name, -1) for name in part.computes]
            row[:] = part.sublayer < 0 or np.isin(held, made)
    return own


def _successors(
    stays: Sequence[Stay], taken_over: Collection[tuple[str, str]]
) -> Iterator[tuple[int, int]]:
    """Places of tenants and of those that take their columns at once, of such variables."""
    born = {(stay.column, stay.first): place for place, stay in enumerate(stays)}
    for place, stay in enumerate(stays):
        after = born.get((stay.column, stay.last + 1))
        if after is not None and (stay.name, stays[after].name) in taken_over:
            yield place, after


def _erasing(parts: Sequence[Part], stays: Sequence[Stay], column: Places) -> Pairs:
    """Shape [parts, stays]: whether the part erases a tenant of the stay's column."""
    erasing = np.zeros((len(parts), len(stays)), dtype=bool)
    for place, part in enumerate(parts):
        if part.erases:
            gone = [s.column for s in stays if s.name in part.erases and s.last == part.sublayer]
            erasing[place] = np.isin(column, gone)
    return erasing


def _matched(held: Places, columns: Sequence[Pairs], parts: Sequence[Part], stays: int) -> Pairs:
    """Shape [parts, stays]: the tenants of some columns at the states that the parts read."""
    found = np.zeros((len(parts), stays), dtype=bool)
    for row, part, read in zip(found, parts, columns, strict=True):
        tenants = held[max(part.sublayer, 0)][read]
        row[tenants[tenants >= 0]] = True
    return found


def _reached(writes: Pairs, reads: Pairs) -> Pairs:
    """Shape [parts, parts]: whether some stay that one writes is one that the other reads."""
    joint: Pairs = writes.astype(np.float32) @ reads.T.astype(np.float32) > 0
    return joint

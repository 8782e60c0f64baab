"""Which entries of a variable its readers tell apart: each class of them takes one column."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from optitracr.hosts.guest import Codes, Guest, HeadPart, Held, Kind, Part, TablePart
from optitracr.hosts.selecting import mismatched

NOWHERE = -1
"""The class of an entry that cannot occur; classes are counted from 0."""

Classes = Mapping[str, Codes]
"""For each variable by name the class of each of its entries."""


def classes_of(guest: Guest) -> Classes:
    """The classes of each one-hot, from the output down to what it is made of."""
    read: dict[str, list[Codes]] = {held.name: [] for held in guest.held}
    output = guest.output
    read[output.held.name].append(_numbered(output.values))
    found: dict[str, Codes] = {}
    makers = {part.output.name: part for part in guest.parts}
    for held in reversed(guest.held):
        if held.kind is Kind.SHARE:
            _read_conditions(makers[held.name], read)
            continue
        found[held.name] = _classes(held, read[held.name])
        part = makers.get(held.name)
        if isinstance(part, HeadPart):
            assert part.copying is not None, "a head that copies nothing writes a share"
            read[part.copying.held.name].append(found[held.name][part.copying.entry])
            _read_conditions(part, read)
        elif part is not None:
            _read_table(part, found[held.name], read)
    return found


def _read_conditions(part: Part, read: dict[str, list[Codes]]) -> None:
    """What a head asks of keys and queries."""
    assert isinstance(part, HeadPart), "what reads keys is a head"
    for condition in part.conditions:
        fails = mismatched(condition).astype(np.intp)
        read[condition.query.name].append(fails)
        read[condition.key.name].append(fails.T)


def _read_table(part: TablePart, written: Codes, read: dict[str, list[Codes]]) -> None:
    for axis, held in enumerate(part.axes):
        rows = np.moveaxis(written[part.table], axis, 0)
        for other, at in enumerate(x for x in part.axes if x is not held):
            rows = np.compress(at.possible, rows, axis=other + 1)
        read[held.name].append(rows.reshape(len(rows), -1))


def _numbered(values: tuple[object, ...]) -> Codes:
    places: dict[tuple[type, object], int] = {}
    return np.array([places.setdefault((type(x), x), len(places)) for x in values], dtype=np.intp)


def _classes(held: Held, read: list[Codes]) -> Codes:
    rows = [part.reshape(held.size + 1, -1) for part in read]
    together = np.concatenate([np.zeros((held.size + 1, 1), dtype=np.intp), *rows], axis=1)
    possible = held.possible
    found = np.full(held.size + 1, NOWHERE, dtype=np.intp)
    if possible.any():
        _, inverse = np.unique(together[possible], axis=0, return_inverse=True)
        found[possible] = inverse.ravel()
    return found


def members(classes: Codes) -> Codes:
    """The first entry of each class."""
    count = int(classes.max(initial=NOWHERE)) + 1
    return np.array([int(np.argmax(classes == each)) for each in range(count)], dtype=np.intp)

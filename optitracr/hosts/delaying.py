"""Heads that count, as late as what reads them allows: there the host's stream is larger.

What is written may be a part of the stream, so that of a share that is written later less has to
be made by those who read it.
"""

from __future__ import annotations

from dataclasses import replace

from optitracr.hosts.guest import Guest, HeadPart, Kind, Part, TablePart


def delayed(guest: Guest) -> Guest:
    """The same guest with heads that write shares in the layers of those who read them first."""
    first: dict[str, int] = {}
    for part in guest.parts:
        for axis in part.axes if isinstance(part, TablePart) else ():
            first[axis.name] = min(part.sublayer, first.get(axis.name, part.sublayer))
    parts = tuple(_delayed(part, first) for part in guest.parts)
    return replace(guest, parts=tuple(sorted(parts, key=lambda part: part.sublayer)))


def _delayed(part: Part, first: dict[str, int]) -> Part:
    name = part.output.name
    if not isinstance(part, HeadPart) or part.output.kind is not Kind.SHARE or name not in first:
        return part
    # The attention of the layer whose MLP reads it.
    return replace(part, sublayer=max(part.sublayer, first[name] - 1))

"""Sets of programs that scripts measure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from optitracr import library
from optitracr.library.program import BHATTAMISHRA, LINDNER, WEISS
from optitracr.rasp import (
    Comparison,
    Select,
    SelectorWidth,
    SequenceMap,
    SOp,
    indices,
    tokens,
)


def papers() -> list[library.Program]:
    """The programs of the RASP paper, of Tracr and of its shuffle-dyck examples."""
    sources = {WEISS, LINDNER, BHATTAMISHRA}
    return [entry for entry in library.programs() if entry.source in sources]


def realistic() -> list[library.Program]:
    """Five programs with vocabularies and lengths as they are in use."""
    letters = tuple(map(chr, range(ord("a"), ord("z") + 1)))
    sort = replace(
        library.get("sort"),
        make=lambda: library.make_sort(tokens, tokens, max_seq_len=20, min_key=1),
    )
    return [
        _sized(library.get("hist"), tuple(f"t{i}" for i in range(100)), 50),
        _sized(library.get("reverse"), letters, 32),
        _sized(sort, tuple(range(1, 21)), 20),
        library.get("sort_freq"),
        library.get("shuffle_dyck3"),
    ]


def wide() -> list[library.Program]:
    """Programs whose models are wide where every value has a dimension."""
    hist = library.get("hist")
    return [
        _sized(hist, hist.vocab, 200),
        _written("quotient", _quotient, tuple(range(1, 31)), 30),
        _written("puzzle", _puzzle, tuple(range(100)), 128),
    ]


def _quotient() -> SOp:
    """A token divided by its position."""
    return SequenceMap(lambda x, i: x / (i + 1), tokens, indices).named("quotient")


def _puzzle() -> SOp:
    """A digit of each token and position, and how often it occurs."""
    digit = SequenceMap(lambda x, i: (7 * x + 3 * i) % 10, tokens, indices).named("digit")
    return SelectorWidth(Select(digit, digit, Comparison.EQ)).named("puzzle")


SETS: dict[str, Callable[[], list[library.Program]]] = {
    "papers": papers,
    "realistic": realistic,
    "wide": wide,
    "library": lambda: list(library.programs()),
}


def _sized(entry: library.Program, vocab: tuple[object, ...], length: int) -> library.Program:
    name = f"{entry.name}_{len(vocab)}x{length}"
    return replace(entry, name=name, vocab=vocab, max_seq_len=length)


def _written(
    name: str, make: Callable[[], SOp], vocab: tuple[object, ...], length: int
) -> library.Program:
    return _sized(library.Program(name, make, "", make.__doc__ or "", vocab, length), vocab, length)

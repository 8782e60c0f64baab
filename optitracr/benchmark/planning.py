"""What a suite is made of: programs, the forms that they are compiled in, and how many of each."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil

from optitracr import arguments, corpus, library
from optitracr.corpus.programs import LARGEST_SEED, unplaced
from optitracr.variety.ways import PUBLISHED


class Tier(StrEnum):
    """What the models of a suite are made of."""

    PLAIN = "plain"
    """Transformers without norms: library programs, other circuits of programs, random ones."""
    BUSY = "busy"
    """The same as in `plain`, with a head in each layer that attends and writes for nothing."""
    ARCHITECTURES = "architectures"
    """GPT-2 and Llama, with their norms: causal readings of library programs and random ones."""
    ROTATED = "rotated"
    """The same models as in `architectures`, in a residual stream that is turned."""


SHARES = {Tier.PLAIN: 4, Tier.BUSY: 1, Tier.ARCHITECTURES: 2, Tier.ROTATED: 1}
"""How many models of each tier there are for eight: most methods are for plain ones, and rotated
ones are compared with the same models as they were."""

SORTS = {"library": 4, "circuits": 1, "random": 5}
"""Models of the plain tier for ten: as many as the library has for the smallest suites of 200."""

IN_OTHERS = {"library": 1, "random": 1}
"""The same of other tiers."""

BUSY_HEADS = 1
"""Of a layer of a model in the tier of that name: as many edges again as a small layer has."""

SPARE = {"library": 1.2, "circuits": 3.0, "random": 1.6}
"""How many times as many programs are compiled as are taken: some are equal to others, some do not
fit an architecture, a fifth of random ones has no edge that an input changes, and small programs
have one circuit."""

CIRCUIT_SECONDS = 2.0
"""Of the solver, for another circuit: enough for a proof of most programs of this size."""

APART = 1 << 30
"""How far seeds of programs held back are from others: no user counts so far."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Programs of one sort in one tier.

    Attributes:
        tier: The tier.
        items: Programs that are compiled.
        count: How many of their models are taken, the first that are of use.
    """

    tier: Tier
    items: tuple[corpus.Item, ...]
    count: int


def parse_tiers(tiers: Collection[str] | str) -> tuple[Tier, ...]:
    """Tiers by name.

    Raises:
        InputError: If there is no such one, or none.
    """
    known = [tier.value for tier in Tier]
    wanted = f"names of tiers: {', '.join(known)}"
    names = arguments.names("tiers", tiers, known, wanted)
    if not names:
        arguments.refuse("tiers", tiers, wanted)
    return tuple(tier for tier in Tier if tier.value in names)


def divided(total: int, shares: Sequence[int]) -> list[int]:
    """A number in parts that are as shares are, by largest remainders."""
    whole = sum(shares)
    parts = [total * share // whole for share in shares]
    rest = [total * share % whole for share in shares]
    for place in sorted(range(len(shares)), key=lambda i: (-rest[i], i))[: total - sum(parts)]:
        parts[place] += 1
    return parts


def names_held_back(seed: int, share: float) -> frozenset[str]:
    """The library programs of the private split.

    Args:
        seed: Of the split.
        share: Of all.
    """
    names = library.names()
    return frozenset(random.Random(f"private {seed}").sample(names, round(share * len(names))))


@dataclass(frozen=True, slots=True)
class Plan:
    """What one split of a suite is made of.

    Attributes:
        wanted: Programs by sort and tier.
        rotated: How many models of published architectures are taken rotated besides.
        listed: Tiers whose models are in the suite as they are.
    """

    wanted: tuple[Wanted, ...]
    rotated: int
    listed: tuple[Tier, ...]

    @property
    def items(self) -> list[corpus.Item]:
        """All programs, in order."""
        return [item for wanted in self.wanted for item in wanted.items]


def planned(
    count: int, seed: int, names: Sequence[str], tiers: Sequence[Tier], idle: int = 0
) -> Plan:
    """What some models are made of.

    Args:
        count: How many models.
        seed: Of the choice of library programs, and of random ones.
        names: Library programs that may be taken.
        tiers: Tiers.
        idle: Heads that do nothing, where all edges would be true.
    """
    of_tiers = dict(zip(tiers, divided(count, [SHARES[tier] for tier in tiers]), strict=True))
    rotated = of_tiers.get(Tier.ROTATED, 0)
    published = max(of_tiers.get(Tier.ARCHITECTURES, 0), rotated)
    drawing = _Drawing(seed, names, idle)
    wanted = [
        *drawing.plain(of_tiers.get(Tier.PLAIN, 0)),
        *drawing.busy(of_tiers.get(Tier.BUSY, 0)),
        *drawing.published(published),
    ]
    return Plan(tuple(wanted), rotated, tuple(tiers))


class _Drawing:
    """Draws programs, each once in a tier."""

    def __init__(self, seed: int, names: Sequence[str], idle: int) -> None:
        self._seed, self._idle = seed % LARGEST_SEED, idle
        self._names = list(names)
        self._random = random.Random(f"suite {seed}")
        self._drawn = 0

    def plain(self, count: int) -> list[Wanted]:
        """Library programs, other circuits, and random programs."""
        parts = dict(zip(SORTS, divided(count, list(SORTS.values())), strict=True))
        drawn = self._of_random(_spare(parts, "random", extra=parts["circuits"]))
        known = self._of_library(_spare(parts, "library"))
        shared = [item for pair in zip(known, drawn, strict=False) for item in pair]
        others = tuple(
            replace(
                item,
                name=f"{item.name}-circuit1",
                circuit=1,
                idle=0,
                options={"time_limit": CIRCUIT_SECONDS},
            )
            for item in shared[: _spare(parts, "circuits")]
        )
        sorts = {"library": known, "circuits": others, "random": drawn}
        return [Wanted(Tier.PLAIN, tuple(items), parts[sort]) for sort, items in sorts.items()]

    def busy(self, count: int) -> list[Wanted]:
        """Library programs and random ones, with heads beside their circuits."""
        return self._others(Tier.BUSY, count, lambda item, place: _busy(item))

    def published(self, count: int) -> list[Wanted]:
        """The same in their causal readings, for each published architecture in turn."""

        def form(item: corpus.Item, place: int) -> corpus.Item:
            return _form(item, PUBLISHED[place % len(PUBLISHED)])

        return self._others(Tier.ARCHITECTURES, count, form)

    def _others(
        self, tier: Tier, count: int, form: Callable[[corpus.Item, int], corpus.Item]
    ) -> list[Wanted]:
        parts = dict(zip(IN_OTHERS, divided(count, list(IN_OTHERS.values())), strict=True))
        sorts = {
            "library": self._of_library(_spare(parts, "library")),
            "random": self._of_random(_spare(parts, "random")),
        }
        return [
            Wanted(tier, tuple(map(form, items, range(len(items)))), parts[sort])
            for sort, items in sorts.items()
        ]

    def _of_library(self, count: int) -> list[corpus.Item]:
        names = self._random.sample(self._names, min(count, len(self._names)))
        return [replace(corpus_item(name), idle=self._idle) for name in names]

    def _of_random(self, count: int) -> list[corpus.Item]:
        first, self._drawn = self._drawn, self._drawn + count
        if not count:
            return []
        drawn = corpus.RandomPrograms(self._drawn, seed=self._seed)
        return [replace(drawn.item(i), idle=self._idle) for i in range(first, self._drawn)]


def _spare(parts: dict[str, int], sort: str, extra: int = 0) -> int:
    """Programs that are compiled, for as many models of a sort."""
    count = parts[sort] + extra
    return ceil(SPARE[sort] * count) + 1 if count else 0


def _busy(item: corpus.Item) -> corpus.Item:
    """A program with heads beside its circuit."""
    return replace(item, name=f"{item.name}-busy", busy=BUSY_HEADS, idle=0)


def _form(item: corpus.Item, architecture: str) -> corpus.Item:
    """The causal reading of a program in a published architecture."""
    options = {"architecture": architecture}
    return replace(item, name=f"{item.name}-{architecture}", causal=True, options=options)


def corpus_item(name: str) -> corpus.Item:
    """A library program as a corpus takes it."""
    entry = library.get(name)
    # Wherever it is asked for, it is the same program.
    program = unplaced(entry.make())
    return corpus.Item(entry.name, program, entry.vocab, entry.max_seq_len, entry.causal)

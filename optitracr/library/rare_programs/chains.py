"""Deep programs: many s-ops or selectors in a row, each cheap."""

from __future__ import annotations

from collections.abc import Callable

from optitracr import rasp
from optitracr.library.rare_programs.functions import Before, Lookup, Modular, PairIs
from optitracr.library.rare_programs.maker import Maker, Typed
from optitracr.library.rare_programs.selectors import simple
from optitracr.rasp import Comparison

LONGEST = 250
"""Maps or selectors in a row: beyond what recursion in Python's thousand frames could follow, with
several frames each."""

LONGEST_PAIRS = 100
"""Maps of two in a row: fewer, since each is a node of its own and no chain of maps becomes one."""

LONGEST_COPIES = 8
"""Aggregates in a row: each is an attention layer, and checking a deeper model takes too long for a
campaign."""


def maps(maker: Maker) -> Typed:
    """Maps of maps, which are not taken together, permuting a few values."""
    values = maker.palette()
    start = rasp.Map(Lookup(maker.vocab, _any(maker, values, len(maker.vocab))), rasp.tokens)
    chain: rasp.SOp = start
    for _ in range(maker.rng.randint(20, LONGEST)):
        step = Lookup(values, tuple(maker.rng.sample(values, len(values))))
        chain = rasp.Map(step, chain, simplify=False)
    return maker.add(Typed(chain, values))


def pairs(maker: Maker) -> Typed:
    """A sum that takes the position in again and again."""
    modulus = maker.rng.randint(2, 3)
    chain = rasp.Map(Lookup(maker.vocab, _any(maker, (0, 1), len(maker.vocab))), rasp.tokens)
    sop: rasp.SOp = chain
    for _ in range(maker.rng.randint(10, LONGEST_PAIRS)):
        factors = maker.rng.choice([(1, 1), (2, 1), (1, 2)])
        sop = rasp.SequenceMap(Modular(factors, modulus), sop, rasp.indices)
    return maker.add(Typed(sop, tuple(range(max(2, modulus)))))


def selectors(maker: Maker) -> Typed:
    """Negations of negations, with a selector put in now and then."""
    pair = PairIs(maker.rng.choice(maker.vocab), maker.rng.choice(maker.vocab))
    chain: rasp.Selector = rasp.Select(rasp.tokens, rasp.tokens, pair)
    for step in range(maker.rng.randint(20, LONGEST)):
        chain = rasp.SelectorNot(chain)
        other = simple(maker) if step % 40 == 7 else None
        if other is not None:
            chain = rasp.SelectorAnd(chain, other.selector)
    return maker.add(Typed(rasp.SelectorWidth(chain), tuple(range(maker.length + 1))))


def copies(maker: Maker) -> Typed:
    """What stands one before what stands one before ..."""
    chain = rasp.tokens
    for _ in range(maker.rng.randint(2, LONGEST_COPIES)):
        before = rasp.Select(rasp.indices, rasp.indices, Before(1))
        chain = rasp.Aggregate(before, chain)
        if maker.chance(0.5):
            step = Lookup(maker.vocab, tuple(maker.rng.sample(maker.vocab, len(maker.vocab))))
            chain = rasp.Map(step, chain)
    return maker.add(Typed(chain, maker.vocab))


def counts(maker: Maker) -> Typed:
    """How many are as many as ... are equal."""
    chain = rasp.tokens
    for _ in range(maker.rng.randint(2, 5)):
        chain = rasp.SelectorWidth(rasp.Select(chain, chain, Comparison.EQ))
    return maker.add(Typed(chain, tuple(range(maker.length + 1))))


KINDS: tuple[tuple[int, Callable[[Maker], Typed]], ...] = (
    (3, maps),
    (2, pairs),
    (2, selectors),
    (1, copies),
    (1, counts),
)


def chain(maker: Maker) -> Typed:
    """One of these."""
    maker.note("deep chains")
    return maker.rng.choices([m for _, m in KINDS], [weight for weight, _ in KINDS])[0](maker)


def _any(maker: Maker, values: tuple[object, ...], count: int) -> tuple[object, ...]:
    return tuple(maker.rng.choice(values) for _ in range(count))

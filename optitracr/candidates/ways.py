"""Ways to read, hold, decide and build that families add to what every program needs.

Without any a program compiles all the same: variables are read as themselves, held as one-hots,
selectors are decided over their own operands, and an MLP reads just the operands of what it
computes. A `Freedom` lifts one of these restrictions; the other fields of `Ways` are functions
that answer a question in a further way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from optitracr.candidates.facts import Facts
from optitracr.constructions.bilinear import Bilinear
from optitracr.constructions.conjunctions import Condition
from optitracr.constructions.heads import Reading
from optitracr.constructions.leaves import Plan
from optitracr.constructions.tasks import Construction
from optitracr.craft.spaces import FloatArray


class Freedom(Enum):
    """A restriction that does not hold while some family is on."""

    OTHER_LEAVES = "an MLP reads other variables than the operands of what it computes"
    RAW_WIDTHS = "an MLP that is not a width's own reads the raw output of its head"
    CLASSES = "a variable is held as what its readers distinguish"
    CLASSES_OF_HEADS = "so is what a head writes"
    SHARED_HEADS = "equal selectors share a head"
    FINER_SELECTORS = "a selector is decided over variables of which its operands are functions"
    NOISE = "a table passes on some of what the numbers that it reads are off by"
    UNREACHED = "a table says anything where no input leads"
    ERASURE = "neurons that determine a variable erase it beside what they compute"


Source = tuple[str, NDArray[np.integer] | None]
"""A variable, and for each of its values the index of the value of what is a function of it, -1
for None; None where it is that variable itself."""


Possible = Callable[[tuple[str, ...]], NDArray[np.bool_] | None]
"""Which combinations of the values of some variables can occur; None if all can."""


@dataclass(frozen=True, slots=True)
class Decision:
    """How a head is to decide a condition.

    Attributes:
        condition: What to select.
        is_width: Whether BOS is to be attended like a selected key.
        exact_keys: Whether the head averages numbers, so that several keys count alike.
        slots: Points of the circle on which variables whose values stand for themselves have
            their places.
        spans: The largest span of an order over each variable of keys (see
            `optitracr.constructions.powers`).
        most_uneven: By how much logits of what is selected may differ.
        halved: Whether the logit of BOS need not lie between those of what is selected and what is
            not, so that they may be half as far apart.
        factor: By how much its logits will be multiplied.
        computed: Whether what is computed may be read off fewer numbers than a one-hot has, where
            several keys are averaged or counted.
    """

    condition: Condition
    is_width: bool
    exact_keys: bool
    slots: Mapping[str, int]
    spans: Mapping[str, int]
    most_uneven: float
    halved: bool
    factor: float
    computed: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class OutputReading:
    """A way for the unembedding to read the output.

    Attributes:
        readings: What it reads, all added up.
        constant: Shape [outputs]: what is added at every position, which is read of the BOS
            dimension; all zero where none is needed.
    """

    readings: tuple[Reading, ...]
    constant: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What one rule adds.

    Attributes:
        frees: The restrictions that it lifts.
        sources: The variables off which one is read; nothing if there are none but itself.
        readings: Ways to read a multiple of a number beside itself, the farthest last.
        outputs: Ways for the unembedding to read a category beside its one-hot.
        expand: A plan with other things read in the place of some.
        decide: A bilinear form for a condition; None where the rule has none.
        span: The span of the order by which a condition selects, 0 where it has none.
        divide: Two conditions that together are one; None where a rule has none.
        tables: Constructions of MLPs for a function table.
    """

    frees: frozenset[Freedom] = frozenset()
    sources: Callable[[Facts, str], list[Source]] | None = None
    readings: Callable[[Facts, str, float, bool], list[list[Reading]]] | None = None
    outputs: Callable[[Facts, str, Possible], Iterable[OutputReading]] | None = None
    expand: Callable[[Facts, Plan], Iterator[Plan]] | None = None
    decide: Callable[[Facts, Decision], Bilinear | None] | None = None
    span: Callable[[Facts, Condition], int] | None = None
    divide: Callable[[Facts, Condition], tuple[Condition, Condition] | None] | None = None
    tables: tuple[Construction, ...] = ()


@dataclass(frozen=True, slots=True)
class Repertoire:
    """The ways of all rules that are on, in their order.

    Attributes:
        ways: What each rule adds, by its name.
        freed: The restrictions that some of them lift.
    """

    ways: Mapping[str, Ways]
    freed: frozenset[Freedom] = field(init=False)

    def __post_init__(self) -> None:
        """Puts together what the rules lift."""
        freed = frozenset(f for way in self.ways.values() for f in way.frees)
        object.__setattr__(self, "freed", freed)

    def frees(self, *freedoms: Freedom) -> bool:
        """Whether none of some restrictions holds."""
        return self.freed.issuperset(freedoms)

    def that_free(self, freedoms: Collection[Freedom]) -> tuple[str, ...]:
        """The rules that lift some of these restrictions."""
        return tuple(name for name, way in self.ways.items() if way.frees.intersection(freedoms))

    def sources(self, facts: Facts, label: str) -> list[Source]:
        """The variables off which one can be read."""
        given = [way.sources(facts, label) for way in self.ways.values() if way.sources]
        return [source for found in given for source in found]

    def readings(self, facts: Facts, label: str, factor: float, clean: bool) -> list[list[Reading]]:
        """Further ways to read a number."""
        given = [way.readings for way in self.ways.values() if way.readings is not None]
        return [reading for read in given for reading in read(facts, label, factor, clean)]

    def outputs(self, facts: Facts, label: str, possible: Possible) -> list[OutputReading]:
        """Further ways to read the output."""
        given = [way.outputs for way in self.ways.values() if way.outputs is not None]
        return [reading for read in given for reading in read(facts, label, possible)]

    def expansions(self, facts: Facts, plan: Plan) -> Iterator[tuple[Plan, tuple[str, ...]]]:
        """A plan as it is, then with other things read; each with the rules that it takes."""
        yield plan, ()
        for name, way in self.ways.items():
            if way.expand is not None:
                yield from ((made, (name,)) for made in way.expand(facts, plan))

    def decide(self, facts: Facts, decision: Decision) -> tuple[Bilinear, tuple[str, ...]] | None:
        """The bilinear form of the first rule that has one, and the name of that rule."""
        for name, way in self.ways.items():
            if way.decide is not None:
                found = way.decide(facts, decision)
                if found is not None:
                    return found, (name,)
        return None

    def span(self, facts: Facts, condition: Condition) -> int:
        """The span of the order by which a condition selects, 0 where no rule asks for it."""
        asked = (way.span for way in self.ways.values() if way.span is not None)
        return max((span(facts, condition) for span in asked), default=0)

    def divide(self, facts: Facts, condition: Condition) -> tuple[Condition, ...]:
        """Two conditions that together are one, by the first rule that has some; else that one."""
        for way in self.ways.values():
            if way.divide is not None and (found := way.divide(facts, condition)) is not None:
                return found
        return (condition,)

    @property
    def tables(self) -> tuple[Construction, ...]:
        """Constructions of function tables beside those that are always tried."""
        return tuple(made for way in self.ways.values() for made in way.tables)

"""One attention head over all values that queries and keys can hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.attention import Port, Ports, linear
from optitracr.checking.proof.bounded import UNIT, Bounded, FloatArray, gamma
from optitracr.checking.proof.looks import EXPONENTIAL, logits
from optitracr.checking.proof.symbolic.contents import Span, State
from optitracr.checking.proof.symbolic.meaning import rows_of
from optitracr.checking.proof.symbolic.values import Assignment, OpenError
from optitracr.graph.program import Selector, Source

if TYPE_CHECKING:
    from jaxtyping import Float

LEANING = 1.5
"""More than the factor by which roundings of large logits' differences change small weights: four
units of each, of logits up to a million."""

HALF_WAY = 5.0
"""By how much the logit of what is not counted is less than that of BOS at least: some fraction of
what any length needs. What is nearer is looked at as counted, and then found uneven."""


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """Where a head looks, for every query.

    Attributes:
        keys: The codes of what keys are told by.
        queries: The codes of what queries are told by.
        center: Logits, [queries, keys]; as real numbers make them.
        off: How far each is off at most.
        bos: The logit of BOS for each query, [queries].
        bos_off: How far it is off at most.
    """

    keys: Assignment
    queries: Assignment
    center: Float[FloatArray, "queries keys"]
    off: Float[FloatArray, "queries keys"]
    bos: Float[FloatArray, " queries"]
    bos_off: Float[FloatArray, " queries"]

    def part(self, keys: NDArray[np.bool_], queries: NDArray[np.bool_]) -> Pattern:
        """The same for some keys and queries."""
        return Pattern(
            {label: codes[keys] for label, codes in self.keys.items()},
            {label: codes[queries] for label, codes in self.queries.items()},
            self.center[queries][:, keys],
            self.off[queries][:, keys],
            self.bos[queries],
            self.bos_off[queries],
        )


@dataclass(frozen=True, slots=True)
class Selection:
    """How well a head selects what a selector selects.

    Attributes:
        spread: By how much logits of what one query selects differ at most, and in a width that of
            BOS from them.
        leak: The weight of all that is not selected, where something is.
        empty: The same where nothing is selected, and BOS is looked at.
        least: Keys that every query selects at least.
    """

    spread: float
    leak: float
    empty: float
    least: int


def pattern(ports: Ports, size: int, head: int, state: State) -> Pattern:
    """Where a head looks.

    Args:
        ports: The weights of its sublayer.
        size: The head size.
        head: Which head.
        state: The stream before it.

    Raises:
        OpenError: If combinations are too many.
    """
    query, query_given = _side(ports.query, head, state)
    key, key_given = _side(ports.key, head, state)
    start = read(ports.key, head, state.bos)
    both = Bounded(
        np.concatenate([key.center, start.center]), np.concatenate([key.error, start.error])
    )
    state.meaning.spend(4 * len(query.center) * len(both.center))
    center, off = logits(size, query, both)
    return Pattern(key_given, query_given, center[:, :-1], off[:, :-1], center[:, -1], off[:, -1])


def _side(
    port: Port, head: int, state: State, given: Assignment | None = None
) -> tuple[Bounded, Assignment]:
    """Queries, keys or values of a head for each combination of what they are told by."""
    columns = (port.weights[:, head] != 0.0).any(axis=1)
    if given is None:
        given = state.meaning.combinations(state.labels(columns))
    rows = state.rows(np.flatnonzero(columns), given)
    part = Port(port.weights[columns][:, [head]], port.bias[[head]])
    return linear(part, rows)[:, 0], given


def read(port: Port, head: int, rows: Bounded) -> Bounded:
    """What a head reads of whole rows."""
    return linear(Port(port.weights[:, [head]], port.bias[[head]]), rows)[:, 0]


def values(port: Port, head: int, state: State, given: Assignment | None = None) -> Bounded:
    """What a head takes from keys for each combination of variables, [combinations, columns].

    Args:
        port: What it takes values through.
        head: Which head.
        state: The stream.
        given: The variables' codes; None for those that tell what is taken.
    """
    return _side(port, head, state, given)[0]


def span(port: Port, head: int, state: State) -> Span:
    """What a head takes from all keys, and from BOS, and by how much any two differ at most."""
    key = id(port), head
    if key not in state.spans:
        state.spans[key] = port, _span(port, head, state)
    return state.spans[key][1]


def _span(port: Port, head: int, state: State) -> Span:
    own, start = values(port, head, state), read(port, head, state.bos)
    least = np.minimum((own.center - own.error).min(axis=0), (start.center - start.error)[0])
    most = np.maximum((own.center + own.error).max(axis=0), (start.center + start.error)[0])
    return own, start, most - least


def looks_at_itself(found: Pattern, state: State) -> float | None:
    """The weight of all others, where each position looks at itself; None where not all do."""
    index = state.meaning.input(Source.INDICES)
    if set(found.keys) != {index} or set(found.queries) != {index}:
        return None
    same = found.queries[index][:, None] == found.keys[index]
    least = (found.center - found.off)[same]
    other = np.where(same, -np.inf, found.center + found.off).max(axis=1)
    other = np.maximum(other, found.bos + found.bos_off)
    gap = float((least - other).min()) - EXPONENTIAL
    others = LEANING * (state.meaning.setting.max_seq_len + 1)
    return others * float(np.exp(-gap)) if gap > 0.0 else None


def selection(found: Pattern, selector: Selector, state: State, width: bool) -> Selection:
    """How well a head selects what a selector selects.

    Args:
        found: Where it looks.
        selector: What it ought to select.
        state: The stream before it.
        width: Whether it counts, so that BOS has to weigh as much as what is selected.

    Raises:
        OpenError: If what keys and queries are told by does not tell what is selected.
    """
    meaning = state.meaning
    chosen, keys, queries = meaning.told_selection(selector, found.keys, found.queries)
    return judged(found.part(keys, queries), chosen[keys][:, queries].T, state, width)


def judged(found: Pattern, chosen: NDArray[np.bool_], state: State, width: bool) -> Selection:
    """How well a head selects what it ought to select.

    Args:
        found: Where it looks.
        chosen: What it ought to select, [queries, keys].
        state: The stream before it.
        width: Whether it counts.
    """
    meaning = state.meaning
    least, most = found.center - found.off, found.center + found.off
    lowest = np.where(chosen, least, np.inf).min(axis=1)
    highest = np.where(chosen, most, -np.inf).max(axis=1)
    other = np.where(chosen, -np.inf, most).max(axis=1)
    bos_low, bos_high = found.bos - found.bos_off, found.bos + found.bos_off
    some = chosen.any(axis=1)
    with np.errstate(invalid="ignore"):
        spread = np.where(some, highest - lowest, 0.0)
        leak = np.exp(np.where(some, other - lowest, -np.inf))
        leak *= meaning.setting.max_seq_len
        if width:
            apart = np.maximum(highest - bos_low, bos_high - lowest)
            spread = np.where(some, np.maximum(spread, apart), 0.0)
        else:
            leak += np.exp(np.where(some, bos_high - lowest, -np.inf))
        empty = meaning.setting.max_seq_len * np.exp(other - bos_low)
    return Selection(
        float(spread.max(initial=0.0)),
        float(leak.max(initial=0.0)),
        float(empty.max(initial=0.0)),
        int(always_selects(chosen, found, state)),
    )


def counted(found: Pattern) -> NDArray[np.bool_]:
    """What a head weighs as BOS, [queries, keys]: what it counts, if it counts."""
    return np.asarray(found.center > found.bos[:, None] - HALF_WAY)


def always_selects(chosen: NDArray[np.bool_], found: Pattern, state: State) -> bool:
    """Whether every query selects some key that is there at every length.

    It does where it selects itself, or a position up to its own whatever stands there.

    Args:
        chosen: What is selected, [queries, keys].
        found: What queries and keys are told by.
        state: The stream.
    """
    meaning = state.meaning
    index = meaning.input(Source.INDICES)
    if set(meaning.free(found.keys)) == {index}:
        own = found.queries.get(index)
        place = found.keys[index]
        before = place[None, :] <= (0 if own is None else own[:, None])
        return bool((chosen & before).any(axis=1).all())
    try:
        both = meaning.combinations((*found.keys, *found.queries))
    except OpenError:
        return False
    key, query = (rows_of(part, both) for part in (found.keys, found.queries))
    return bool(chosen[query, key][(key >= 0) & (query >= 0)].all())


def uneven(spread: float, count: int) -> float:
    """By how much the weight of one of some differs from what it ought to be, as a part of it.

    Args:
        spread: By how much logits that ought to be equal differ.
        count: How many are added up.
    """
    rounding = 4 * UNIT + float(gamma(count + 2.0))
    return float(np.expm1(min(spread + 2 * EXPONENTIAL + rounding, 100.0)))


def leaning(spread: float) -> float:
    """By how much a mean differs from what it ought to be, as a part of what its values span.

    Where weights are between 1 and E, the mean of values between 0 and 1 is at most that of
    one share m of ones that weigh E and zeros that weigh 1, which is m (1 - m) (E - 1) /
    (1 + m (E - 1)) too large, and that is at most the hyperbolic tangent of a quarter of log E.

    Args:
        spread: By how much logits that ought to be equal differ.
    """
    return float(np.tanh((spread + 2 * EXPONENTIAL + 4 * UNIT) / 4.0))

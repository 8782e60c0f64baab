"""An MLP sublayer over all values that positions can hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.bounded import SLACK, Bounded, places
from optitracr.checking.proof.distinct import groups_of_integers
from optitracr.checking.proof.neurons import Neurons, passed
from optitracr.checking.proof.symbolic.contents import (
    CELLS,
    Content,
    State,
    covering,
    gathered,
    split,
)
from optitracr.checking.proof.symbolic.firing import Fired
from optitracr.checking.proof.symbolic.hints import Hints
from optitracr.checking.proof.symbolic.values import Assignment, OpenError, count_of
from optitracr.model.forward import Layer
from optitracr.model.names import Linear

Cluster = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Neurons, and columns."""

ANYWHERE = 2.0**-10
"""Error of what stands at BOS from which on it is taken for a number that may be anywhere between
two: what is rounded is far less."""

QUICK = 8
"""Pairs of a combination and a neuron that are looked at in the time of one number of a table."""


def transformed(layer: Layer, state: State, hints: Hints, number: int) -> State:
    """The stream after an MLP sublayer.

    Neurons that write to one column are looked at together, with what stood there, and with all
    others that look at the same variables: for each combination of these, what stands there then is
    bounded as in the proof by inputs.

    Args:
        layer: Its weights.
        state: The stream before it.
        hints: What columns are said to hold.
        number: The number of the state after it.

    Raises:
        OpenError: If the combinations are too many.
    """
    into, out = (layer.weights[part] for part in (Linear.NEURONS_IN, Linear.NEURONS_OUT))
    neurons = Neurons(into["w"], into["b"], out["w"], out["b"])
    fresh: list[Content] = []
    for labels, (some, columns) in _clusters(neurons, state).items():
        given = state.meaning.combinations(labels)
        fresh += _written(neurons, some, columns, state, given, partial(hints.at, number))
    return state.written(fresh, _at_bos(neurons, state.bos))


def _at_bos(neurons: Neurons, bos: Bounded) -> Bounded:
    """What stands at BOS afterwards, [1, width].

    What a head leaves there that looks anywhere may be any number between two. Neurons make of
    such a column a function that is piecewise linear, and each piece is looked at alone: over all
    of them together each neuron would count as if it were off by the whole range.
    """
    read = (neurons.w_in != 0.0).any(axis=1)
    wide = np.flatnonzero(read & (bos.error[0] > ANYWHERE))
    if len(wide) != 1:
        return passed(neurons, bos)
    center, error = bos.center[0].astype(np.float64), bos.error[0]
    least, most = (center[wide] - error[wide]).item(), (center[wide] + error[wide]).item()
    still = np.where(np.arange(len(center)) == wide, 0.0, center)
    slope = neurons.w_in[wide[0]]
    with np.errstate(divide="ignore", invalid="ignore"):
        bends = -(still @ neurons.w_in + neurons.b_in) / slope
    ends = np.unique([least, most, *bends[(bends > least) & (bends < most)]])
    # A hair more, so that what is rounded at an end belongs to a piece all the same.
    reach = (np.diff(ends) / 2) * (1.0 + SLACK) + SLACK * max(abs(least), abs(most))
    centers, errors = (np.repeat(x, len(reach), axis=0) for x in (bos.center, bos.error))
    centers[:, wide[0]], errors[:, wide[0]] = (ends[1:] + ends[:-1]) / 2, reach
    return covering(passed(neurons, Bounded(centers, errors)))


def _clusters(neurons: Neurons, state: State) -> dict[tuple[str, ...], Cluster]:
    """Neurons and the columns that they write, none of which others write, by what these look at.

    Args:
        neurons: All neurons of the sublayer.
        state: The stream before it.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    hidden, width = neurons.w_out.shape
    rows, columns = places(neurons.w_out != 0.0)
    ends = (np.ones(len(rows), dtype=np.int8), (rows, hidden + columns))
    both = csr_array(ends, shape=(hidden + width, hidden + width))
    count, group = connected_components(both, directed=False)
    written = neurons.b_out != 0.0
    written[columns] = True
    touched = np.zeros(count, dtype=bool)
    touched[group[hidden + np.flatnonzero(written)]] = True
    # Which contents each group looks at: those that its neurons read, and where it writes.
    source, neuron = places(neurons.w_in != 0.0)
    looks = np.zeros((count, len(state.contents)), dtype=bool)
    content = state.places()
    looks[group[neuron], content[source]] = True
    looks[group[hidden:], content] = True
    first, kind = groups_of_integers(looks.astype(np.int64))
    found: dict[tuple[str, ...], NDArray[np.bool_]] = {}
    for number in np.unique(kind[touched]):
        labels = state.labelled(np.flatnonzero(looks[first[number]]))
        same = touched & (kind == number)
        found[labels] = found.get(labels, False) | same
    return {
        labels: (np.flatnonzero(same[group[:hidden]]), np.flatnonzero(same[group[hidden:]]))
        for labels, same in found.items()
    }


def _written(
    neurons: Neurons,
    some: NDArray[np.intp],
    columns: NDArray[np.intp],
    state: State,
    given: Assignment,
    label_of: Callable[[int], str | None],
) -> Iterator[Content]:
    """What columns hold afterwards that neurons write, for combinations of what is looked at."""
    meaning = state.meaning
    looked_at = (neurons.w_in[:, some] != 0.0).any(axis=1)
    looked_at[columns] = True
    there = np.flatnonzero(looked_at)
    part = Neurons(
        neurons.w_in[np.ix_(there, some)],
        neurons.b_in[some],
        neurons.w_out[np.ix_(some, there)],
        neurons.b_out[there],
    )
    count = count_of(given)
    if count * len(columns) > CELLS:
        raise OpenError(f"{', '.join(given)} have too many values together ({count:,})")
    meaning.spend(count * (len(some) // QUICK + 4 * len(columns)))
    fired = Fired(part, np.searchsorted(there, columns), state.tables(there, given))
    rows = fired.rows(count)
    for label, same in split(columns, label_of):
        place = np.searchsorted(columns, same)
        yield gathered(meaning, rows[:, place], same, given, label)

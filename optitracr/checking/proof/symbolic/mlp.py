"""An MLP sublayer over all values that positions can hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from optitracr.checking.proof.bounded import Bounded
from optitracr.checking.proof.neurons import Neurons, passed
from optitracr.checking.proof.symbolic.contents import (
    CELLS,
    Content,
    State,
    gathered,
    split,
)
from optitracr.checking.proof.symbolic.firing import Fired
from optitracr.checking.proof.symbolic.hints import Hints
from optitracr.checking.proof.symbolic.values import Assignment, OpenError, count_of
from optitracr.model.forward import Layer
from optitracr.model.names import Linear

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
    together: dict[tuple[str, ...], list[tuple[NDArray[np.intp], NDArray[np.intp]]]] = {}
    for some, columns in _clusters(neurons):
        labels = state.labels(_looked_at(neurons, some, columns))
        together.setdefault(labels, []).append((some, columns))
    fresh: list[Content] = []
    for labels, clusters in together.items():
        some, columns = (np.sort(np.concatenate(x)) for x in zip(*clusters, strict=True))
        given = state.meaning.combinations(labels)
        fresh += _written(neurons, some, columns, state, given, partial(hints.at, number))
    return state.written(fresh, passed(neurons, state.bos))


def _looked_at(
    neurons: Neurons, some: NDArray[np.intp], columns: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """What some neurons read, and the columns that they write, [width]."""
    found = (neurons.w_in[:, some] != 0.0).any(axis=1)
    found[columns] = True
    return np.asarray(found)


def _clusters(neurons: Neurons) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Neurons and the columns that they write, none of which others write."""
    links = csr_array(neurons.w_out != 0.0)
    hidden, width = links.shape
    rows, columns = links.nonzero()
    ends = (np.ones(len(rows), dtype=np.int8), (rows, hidden + columns))
    both = csr_array(ends, shape=(hidden + width, hidden + width))
    _, group = connected_components(both, directed=False)
    touched = np.flatnonzero((neurons.w_out != 0.0).any(axis=0) | (neurons.b_out != 0.0))
    for kind in np.unique(group[hidden + touched]):
        same = group == kind
        yield np.flatnonzero(same[:hidden]), np.flatnonzero(same[hidden:])


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
    there = np.flatnonzero(_looked_at(neurons, some, columns))
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
    chunks = list(fired.chunks(count))
    center, error = (
        np.concatenate([getattr(x, name) for x in chunks]) for name in ("center", "error")
    )
    for label, same in split(columns, label_of):
        place = np.searchsorted(columns, same)
        yield gathered(meaning, Bounded(center, error)[:, place], same, given, label)

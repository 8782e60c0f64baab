"""An MLP sublayer over all values that positions can hold."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from optitracr.checking.proof.neurons import Neurons, passed
from optitracr.checking.proof.symbolic.contents import (
    Content,
    State,
    gathered,
    split,
)
from optitracr.checking.proof.symbolic.hints import Hints
from optitracr.checking.proof.symbolic.values import count_of
from optitracr.model.forward import Layer
from optitracr.model.names import Linear


def transformed(layer: Layer, state: State, hints: Hints, number: int) -> State:
    """The stream after an MLP sublayer.

    Neurons that write to one column are looked at together, with what stood there: for each
    combination of what they read, what stands there then is bounded as in the proof by inputs.

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
    for some, columns in _clusters(neurons):
        fresh += _written(neurons, some, columns, state, hints, number)
    return state.written(fresh, passed(neurons, state.bos))


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
    hints: Hints,
    number: int,
) -> Iterator[Content]:
    """What a cluster of columns holds afterwards."""
    meaning = state.meaning
    looked_at = (neurons.w_in[:, some] != 0.0).any(axis=1)
    looked_at[columns] = True
    there = np.flatnonzero(looked_at)
    given = meaning.combinations(state.labels(looked_at))
    part = Neurons(
        neurons.w_in[np.ix_(there, some)],
        neurons.b_in[some],
        neurons.w_out[np.ix_(some, there)],
        np.where(np.isin(there, columns), neurons.b_out[there], 0.0),
    )
    meaning.spend(4 * count_of(given) * len(some))
    after = passed(part, state.rows(there, given))
    for label, same in split(columns, partial(hints.at, number)):
        yield gathered(meaning, after[:, np.searchsorted(there, same)], same, given, label)

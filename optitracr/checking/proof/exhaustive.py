"""The proof by every input: each is run within bounds that hold for every order of summation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.attention import attended
from optitracr.checking.proof.bounded import Bounded, added
from optitracr.checking.proof.distinct import Stream, kinds, merged
from optitracr.checking.proof.expected import Judgement, Known, judged_output
from optitracr.checking.proof.neurons import transformed
from optitracr.checking.proof.told import Told
from optitracr.inputs import InputSet, with_bos
from optitracr.model.current import Current
from optitracr.model.forward import Layer, Network, visible
from optitracr.model.names import POSITIONS, TOKENS, Linear, linear_name
from optitracr.model.transformer import Transformer

if TYPE_CHECKING:
    from jaxtyping import Bool, Int

CELLS = 1 << 21
"""Entries of one head's pattern, over the inputs that are run together: 16 MB for each of the some
ten arrays that are made of them."""


def chunks(inputs: InputSet, heads: int) -> Iterator[InputSet]:
    """Inputs in parts that are run together."""
    cells = max(1, heads) * (inputs.codes.shape[1] + 1) ** 2
    size = max(1, CELLS // cells)
    for first in range(0, len(inputs.codes), size):
        part = slice(first, first + size)
        yield InputSet(inputs.codes[part], inputs.lengths[part], 0)


def judged(model: Transformer, now: Current, inputs: InputSet, known: Known) -> Iterator[Judgement]:
    """What is to be said of each variable at each state, and of the output, on some inputs.

    Args:
        model: The model.
        now: Its weights.
        inputs: The inputs.
        known: What the interpreter says of them.
    """
    encoder = model.input_encoder
    tokens = with_bos(inputs.codes, encoder.bos_encoding, encoder.pad_encoding)
    for state, stream in enumerate(states(now, tokens)):
        yield from known.judged(state, stream, touched(now, state))
    used, ids = kinds(stream.ids, len(stream.rows.center))
    yield judged_output(known, Told.by(stream.rows[used], now.unembed), ids)


def touched(now: Current, state: int) -> Bool[NDArray[np.bool_], " width"]:
    """The columns that the sublayer before a state writes; all of them at the first state."""
    if state == 0:
        return np.ones(len(now.unembed), dtype=bool)
    part = Linear.HEADS_OUT if state % 2 else Linear.NEURONS_OUT
    out = now.params[linear_name((state - 1) // 2, part)]
    return np.asarray((out["w"] != 0.0).any(axis=0) | (out["b"] != 0.0))


def states(now: Current, tokens: Int[NDArray[np.integer], "batch seq"]) -> Iterator[Stream]:
    """The residual stream of some inputs at every state, within bounds.

    Args:
        now: The weights.
        tokens: BOS first, PAD last.
    """
    network = Network(np, now.architecture, now.params)
    seen = tokens != now.architecture.pad_encoding
    stream = _where_seen(embedded(now.params, tokens), seen)
    yield stream
    mask = visible(np, now.architecture, seen)
    for number in range(now.architecture.layers):
        layer = network.layer(number)
        for sublayer in _sublayers(layer, mask):
            stream = _where_seen(sublayer(stream), seen)
            yield stream


def _where_seen(stream: Stream, seen: NDArray[np.bool_]) -> Stream:
    """The same, with what BOS holds at PAD: nobody looks there, whatever its own heads give.

    What is off there would count where something else holds nearly the same.
    """
    return Stream(stream.rows, np.where(seen, stream.ids, stream.ids[:, :1]))


def _sublayers(layer: Layer, mask: NDArray[np.bool_]) -> Iterator[Any]:
    yield lambda stream: attended(layer, stream, mask)
    yield lambda stream: transformed(layer, stream)


def embedded(params: Mapping[str, Any], tokens: NDArray[np.integer]) -> Stream:
    """The first state: each token at each position."""
    rows, length = params[TOKENS]["embeddings"], tokens.shape[1]
    keys = tokens.astype(np.intp) * length + np.arange(length)
    different, ids = kinds(keys, len(rows) * length)
    own = added(
        Bounded.exact(rows[different // length]),
        Bounded.exact(params[POSITIONS]["embeddings"][different % length]),
    )
    return merged(own, ids)

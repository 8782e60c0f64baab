"""How large each column of the guest is, so that what reads it has no weights beyond the largest.

A column may be held larger by a power of two: its writers have weights as much larger, and its
readers as much smaller. A step between numbers that are close has a steep reader, and its number is
small; where it is held larger, both are of ordinary size. The constant beside which the norm sees
nothing stays as it is, so that only small numbers may grow, and not by much; and large ones, of
which the norm would see something, are held smaller.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optitracr.architectures.activations import LEAST_FACTOR
from optitracr.architectures.architecture import Architecture
from optitracr.craft.spaces import FloatArray
from optitracr.stock.guest import Guest, GuestLayer
from optitracr.stock.heads import PlainHead, balance, largest
from optitracr.stock.host import LARGEST
from optitracr.stock.weights import Affine

STEEPER = 4.0
"""Times the largest weight that readers of large numbers may have: a norm that sees these is as bad
as a weight that is larger, and what they are is only estimated."""


def amplitudes(
    guest: Guest, held: FloatArray, architecture: Architecture, head_size: int
) -> FloatArray:
    """By what each column is multiplied, [guest].

    Args:
        guest: The guest.
        held: What each holds at most, [guest].
        architecture: What is to hold it.
        head_size: The dimensions of a head.
    """
    readers = np.abs(_readers(guest, architecture, head_size))
    needed = readers.max(axis=1, initial=0.0)
    excess = np.maximum(needed / architecture.largest_weight, 1.0)
    room = LARGEST / held
    grown = np.minimum(np.ceil(np.log2(excess)), np.floor(np.log2(np.maximum(room, 1.0))))
    most = STEEPER * architecture.largest_weight
    shrunk = np.maximum(room, np.minimum(needed / most, 1.0))
    return np.asarray(2.0 ** np.where(room < 1.0, np.floor(np.log2(shrunk)), grown))


def evened(
    guest: Guest,
    held: FloatArray,
    amplitude: FloatArray,
    architecture: Architecture,
    head_size: int,
    zeros: int,
) -> FloatArray:
    """Amplitudes by which no reader's weights sum to more than columns of zeros may take.

    Of a reader whose weights sum to too much, those on columns that can still be held larger are
    made smaller, the largest first.

    Args:
        guest: The guest.
        held: What each column holds at most, [guest].
        amplitude: As `amplitudes` gives it, [guest].
        architecture: What is to hold it.
        head_size: The dimensions of a head.
        zeros: Columns of zeros, which take the differences.
    """
    readers, most = _readers(guest, architecture, head_size), zeros * architecture.largest_weight
    found = amplitude.copy()
    for _ in range(ROUNDS if readers.size else 0):
        weights = readers / found[:, None]
        sums = weights.sum(axis=0)
        grows = (2.0 * found * held <= LARGEST)[:, None] & (weights * sums > 0.0)
        excess = np.where(grows.any(axis=0), np.abs(sums), 0.0)
        worst = int(excess.argmax())
        if excess[worst] <= most:
            break
        found[np.where(grows[:, worst], np.abs(weights[:, worst]), -1.0).argmax()] *= 2.0
    return found


ROUNDS = 64
"""Columns that are held larger at most, one after another; each of some twenty may be so thrice."""


def _readers(guest: Guest, architecture: Architecture, head_size: int) -> FloatArray:
    """The weights of neurons, queries and keys, as large as they are at least, [guest, readers]."""
    least = 2.0 ** LEAST_FACTOR[architecture.activation]
    found = [np.zeros((guest.width, 0))]
    for layer in guest.layers:
        found.append(least * layer.neurons_in.w)
        for head in layer.heads:
            factor = balance(largest(head.query) * np.sqrt(head_size), largest(head.key))
            found += [factor * np.sqrt(head_size) * head.query.w, head.key.w / factor]
    return np.hstack(found)


def held(guest: Guest) -> FloatArray:
    """The largest number of each column, as far as it is embedded or copied, and at least 1."""
    found = np.abs(guest.tokens).max(axis=0)
    if guest.positions is not None:
        found = found + np.abs(guest.positions).max(axis=0)
    written = np.zeros(guest.width, dtype=bool)
    for layer in guest.layers:
        for head in layer.heads:
            value = found @ np.abs(head.value.w) + np.abs(head.value.b)
            if not head.value.w[written].any():
                value = np.minimum(value, _embedded(guest, head.value))
            found = np.maximum(found, value @ np.abs(head.out))
        for head in layer.heads:
            written |= head.out.any(axis=0)
        written |= layer.neurons_out.w.any(axis=0)
    return np.asarray(np.maximum(found, 1.0))


def _embedded(guest: Guest, part: Affine) -> FloatArray:
    """The largest number that a map makes of what is embedded, [outputs]."""
    told = np.abs(guest.tokens @ part.w + part.b).max(axis=0)
    if guest.positions is None:
        return np.asarray(told)
    return np.asarray(told + np.abs(guest.positions @ part.w).max(axis=0))


def amplified(guest: Guest, amplitude: FloatArray) -> Guest:
    """The same guest with columns multiplied with numbers."""
    positions = guest.positions
    return replace(
        guest,
        tokens=guest.tokens * amplitude,
        positions=None if positions is None else positions * amplitude,
        layers=tuple(_layer(layer, amplitude) for layer in guest.layers),
        unembedding=guest.unembedding / amplitude[:, None],
    )


def _layer(layer: GuestLayer, amplitude: FloatArray) -> GuestLayer:
    def read(part: Affine) -> Affine:
        return Affine(part.w / amplitude[:, None], part.b)

    return GuestLayer(
        tuple(
            PlainHead(read(head.query), read(head.key), read(head.value), head.out * amplitude)
            for head in layer.heads
        ),
        layer.heads_bias * amplitude,
        read(layer.neurons_in),
        Affine(layer.neurons_out.w * amplitude, layer.neurons_out.b * amplitude),
    )

"""A stock transformer in another basis, in which no column is one variable's.

An orthogonal matrix between what writes to the stream and what reads it changes nothing that
RMSNorm with one gain for all columns computes, nor LayerNorm if it leaves the vector of ones as it
is. The columns of the constant stay apart: spread over all of them, so large a number would leave
fewer digits to what the others hold. Gains of other columns are all alike.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optitracr.architectures.architecture import Norm
from optitracr.craft.spaces import FloatArray
from optitracr.stock.host import EmptyHost
from optitracr.stock.weights import Affine, StockLayer, StockWeights


def basis_of(host: EmptyHost, seed: int) -> FloatArray:
    """A random orthogonal matrix that the norm allows, [width, width].

    Args:
        host: Where the constant stands.
        seed: Of the matrix.
    """
    free = np.flatnonzero(host.constant == 0.0)
    rng = np.random.default_rng(seed)
    if host.architecture.norm is Norm.LAYER_NORM:
        within = _keeping_ones(rng, free.size)
    else:
        within = _orthogonal(rng, free.size)
    basis = np.eye(host.width)
    basis[np.ix_(free, free)] = within
    return basis


def _orthogonal(rng: np.random.Generator, size: int) -> FloatArray:
    found, triangle = np.linalg.qr(rng.standard_normal((size, size)))
    # With the signs of the diagonal every matrix is as likely as another.
    return np.asarray(found * np.sign(np.diag(triangle)))


def _keeping_ones(rng: np.random.Generator, size: int) -> FloatArray:
    """One that leaves the vector of ones as it is: any on what is orthogonal to it."""
    first = np.ones((size, 1)) / np.sqrt(size)
    whole, _ = np.linalg.qr(np.hstack([first, rng.standard_normal((size, size - 1))]))
    rest = whole[:, 1:]
    return np.asarray(first @ first.T + rest @ _orthogonal(rng, size - 1) @ rest.T)


def rotated(weights: StockWeights, basis: FloatArray) -> StockWeights:
    """The same weights with a stream that is multiplied with a matrix.

    Args:
        weights: The weights.
        basis: As `basis_of` makes it, [width, width].
    """
    return replace(
        weights,
        tokens=weights.tokens @ basis,
        positions=None if weights.positions is None else weights.positions @ basis,
        layers=tuple(_layer(layer, basis) for layer in weights.layers),
        unembedding=basis.T @ weights.unembedding,
    )


def _layer(layer: StockLayer, basis: FloatArray) -> StockLayer:
    def read(part: Affine) -> Affine:
        return Affine(basis.T @ part.w, part.b)

    def written(part: Affine) -> Affine:
        return Affine(part.w @ basis, part.b @ basis)

    return replace(
        layer,
        query=read(layer.query),
        key=read(layer.key),
        value=read(layer.value),
        heads_out=written(layer.heads_out),
        neurons_in=read(layer.neurons_in),
        up=None if layer.up is None else read(layer.up),
        neurons_out=written(layer.neurons_out),
    )

"""Random networks, and float32 as any machine may compute it, for tests of bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from optitracr.model.current import Current
from optitracr.model.forward import Hyperparameters, Network, walk
from optitracr.model.names import LINEAR, POSITIONS, TOKENS, Linear, linear_name

VOCABULARY = 3
"""Tokens; BOS and PAD come behind them."""

LENGTH = 4
"""Tokens of an input at most."""

BOS, PAD = VOCABULARY, VOCABULARY + 1

Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def weights(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Weights of one array: of one kind or mixed, with zeros in between."""
    kinds: list[Draw] = [
        lambda rng, shape: rng.normal(size=shape),
        lambda rng, shape: rng.integers(-3, 4, size=shape),
        lambda rng, shape: rng.choice([-1, 1], size=shape) * 2.0 ** rng.integers(-4, 5, shape),
        lambda rng, shape: rng.normal(size=shape) * 10.0 ** rng.integers(-4, 4, shape),
        lambda rng, shape: rng.choice([-1.0, 1.0, 0.1, 100.0, 1 / 3], size=shape),
    ]
    drawn = np.stack([kind(rng, shape) for kind in kinds])
    kind = rng.integers(len(kinds), size=shape if rng.random() < 0.3 else ())
    chosen = np.take_along_axis(drawn, np.broadcast_to(kind, (1, *shape)), axis=0)[0]
    return np.where(rng.random(shape) < rng.choice([0.3, 0.9]), chosen, 0.0).astype(np.float32)


def network(rng: np.random.Generator) -> Current:
    """A small network: neurons in steep pairs, and heads that erase, among others."""
    width, neurons = int(rng.integers(2, 7)), int(rng.choice([0, 1, 4, 9]))
    layers, heads, size = (int(rng.integers(*ends)) for ends in ((1, 4), (0, 3), (1, 5)))
    inner = heads * size
    shapes = {
        Linear.QUERY: (width, inner),
        Linear.KEY: (width, inner),
        Linear.VALUE: (width, inner),
        Linear.HEADS_OUT: (inner, width),
        Linear.NEURONS_IN: (width, neurons),
        Linear.NEURONS_OUT: (neurons, width),
    }
    params: dict[str, dict[str, np.ndarray]] = {
        TOKENS: {"embeddings": weights(rng, (VOCABULARY + 2, width))},
        POSITIONS: {"embeddings": weights(rng, (LENGTH + 1, width))},
    }
    for layer in range(layers):
        for part, shape in shapes.items():
            params[linear_name(layer, part)] = {
                "w": weights(rng, shape),
                "b": weights(rng, shape[1:]),
            }
        _steps(rng, params, layer)
    architecture = Hyperparameters(layers, heads, size, bool(rng.integers(2)), PAD, True)
    return Current(architecture, params, weights(rng, (width, 3)))


def _steps(rng: np.random.Generator, params: dict[str, Any], layer: int) -> None:
    """Makes every second neuron the end of a step that its neighbour begins."""
    into, out = (params[linear_name(layer, x)] for x in (Linear.NEURONS_IN, Linear.NEURONS_OUT))
    for neuron in range(0, into["w"].shape[1] - 1, 2):
        if rng.random() < 0.5:
            into["w"][:, neuron] *= np.float32(100.0)
            into["w"][:, neuron + 1] = into["w"][:, neuron]
            into["b"][neuron + 1] = into["b"][neuron] - np.float32(1.0)
            out["w"][neuron + 1] = -out["w"][neuron]


def inputs(rng: np.random.Generator, count: int) -> np.ndarray:
    """Inputs of every length, BOS first and PAD last."""
    tokens = rng.integers(VOCABULARY, size=(count, LENGTH))
    lengths = rng.integers(1, LENGTH + 1, size=(count, 1))
    tokens = np.where(np.arange(LENGTH) < lengths, tokens, PAD)
    return np.concatenate([np.full((count, 1), BOS), tokens], axis=1)


class Summed(np.ndarray[Any, Any]):
    """Numbers of float32, of which products are summed as `Summed.order` says."""

    order: Callable[[np.ndarray, np.ndarray], np.ndarray]

    def __matmul__(self, other: Any) -> Any:
        return multiplied(np.asarray(self), np.asarray(other))

    def __rmatmul__(self, other: Any) -> Any:
        return multiplied(np.asarray(other), np.asarray(self))

    def sum(self, *args: Any, **keywords: Any) -> Any:
        """Sums over the last axis, which is all that softmax asks for."""
        del args, keywords
        ones = np.ones((self.shape[-1], 1), dtype=np.float32)
        return multiplied(np.asarray(self), ones)


def multiplied(left: np.ndarray, right: np.ndarray) -> Any:
    """Products of matrices in float32, summed in the order of `Summed`."""
    if not left.shape[-1]:
        return (left @ right).view(Summed)
    return Summed.order(left[..., None], right[..., None, :, :]).view(Summed)


def in_random_order(rng: np.random.Generator) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    def order(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        products = np.moveaxis(left * right, -2, 0)
        total = np.zeros_like(products[0])
        for place in rng.permutation(len(products)):
            total = total + products[place]
        return total

    return order


def in_pairs(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    parts = list(np.moveaxis(left * right, -2, 0))
    while len(parts) > 1:
        odd = parts[len(parts) // 2 * 2 :]
        parts = [a + b for a, b in zip(parts[::2], parts[1::2], strict=False)] + odd
    return parts[0]


def fused(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """One rounding for a product and its addition."""
    products = np.moveaxis(left.astype(np.float64) * right, -2, 0)
    total = np.zeros(products.shape[1:], dtype=np.float32)
    for product in products[::-1]:
        total = (product + total).astype(np.float32)
    return total


def walked(now: Current, tokens: np.ndarray, exp: Any = np.exp) -> Iterator[np.ndarray]:
    """Every state of a forward pass, and the scores, by `Summed.order`."""
    xp = SimpleNamespace(
        exp=lambda x: exp(np.asarray(x)).view(Summed),
        where=lambda *arrays: np.where(*arrays).view(Summed),
        maximum=np.maximum,
        asarray=np.asarray,
    )
    params = {
        part: {key: array.view(Summed) for key, array in arrays.items()}
        for part, arrays in now.params.items()
    }
    for step in walk(Network(xp, now.architecture, params), tokens):
        yield np.asarray(step.stream)
    yield np.asarray(step.stream.view(Summed) @ now.unembed)


def shuffled(now: Current, rng: np.random.Generator) -> tuple[Current, np.ndarray]:
    """The same network with columns, heads and neurons elsewhere, and the place of each column."""
    _, heads, size = now.architecture[:3]
    columns = rng.permutation(now.unembed.shape[0])
    params = {
        part: {"embeddings": now.params[part]["embeddings"][:, columns]}
        for part in (TOKENS, POSITIONS)
    }
    for layer in range(now.architecture.layers):
        part = {x: now.params[linear_name(layer, x)] for x in LINEAR}
        inner = np.arange(heads * size).reshape(heads, size)[rng.permutation(heads)]
        inner = inner[:, rng.permutation(size)].reshape(-1).astype(np.intp)
        neurons = rng.permutation(part[Linear.NEURONS_IN]["w"].shape[1])
        places = dict.fromkeys((Linear.QUERY, Linear.KEY, Linear.VALUE), (columns, inner))
        places |= {Linear.HEADS_OUT: (inner, columns)}
        places |= {Linear.NEURONS_IN: (columns, neurons), Linear.NEURONS_OUT: (neurons, columns)}
        for name, (rows, cols) in places.items():
            w, b = part[name]["w"][rows][:, cols], part[name]["b"][cols]
            params[linear_name(layer, name)] = {"w": w, "b": b}
    return Current(now.architecture, params, now.unembed[columns]), columns

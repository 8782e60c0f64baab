"""Runs a model's forward pass, in NumPy or jitted in JAX at full matmul precision."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr.model.forward import (
    Array,
    Edit,
    ForwardOutput,
    Hyperparameters,
    Layer,
    Network,
    Step,
    TransformerOutput,
    choose,
    forward,
    multiplied,
    run_layer,
    unchanged,
    walk,
)
from optitracr.model.names import POSITIONS
from solvers.interrupts import load_whole

if TYPE_CHECKING:
    from jaxtyping import Float, Int

WHOLE_LAYERS = 32
"""Layers up to which JAX compiles a model as a whole. What XLA takes to compile grows faster than
the number of layers (6 seconds for 100, a minute for 600), so that of a deeper model one layer is
compiled, for all of them."""

LEAST_ROWS, LEAST_LENGTH = 8, 16
"""Sequences, if not one alone, and positions that JAX is compiled for at least: fewer take hardly
less time, and each shape takes a third of a second to compile."""


def run_numpy(
    architecture: Hyperparameters,
    params: Any,
    unembedding: Float[NDArray[np.float32], "d_model outputs"],
    tokens: Int[NDArray[np.integer], "batch seq"],
    edit: Edit | None = None,
) -> ForwardOutput:
    """Runs in NumPy, float32: no compilation, so the quickest way to a first answer."""
    network = Network(np, architecture, params, edit or unchanged)
    return forward(network, unembedding, tokens)


@lru_cache(maxsize=1)
def _jitted() -> Any:
    load_whole("jax")
    import jax
    import jax.numpy as jnp

    def run(architecture: Hyperparameters, params: Any, unembedding: Any, tokens: Any) -> Any:
        with jax.default_matmul_precision("highest"):
            return forward(Network(jnp, architecture, params), unembedding, tokens)

    return jax.jit(run, static_argnums=0)


@lru_cache(maxsize=1)
def _jitted_layer() -> Any:
    load_whole("jax")
    import jax
    import jax.numpy as jnp

    def run(architecture: Hyperparameters, weights: Any, stream: Any, mask: Any) -> Any:
        with jax.default_matmul_precision("highest"):
            return run_layer(Layer(jnp, architecture, weights), stream, mask)

    return jax.jit(run, static_argnums=0)


def run_jax(
    architecture: Hyperparameters,
    params: Any,
    unembedding: Float[Array, "d_model outputs"],
    tokens: Int[Array, "batch seq"],
) -> ForwardOutput:
    """Runs in JAX, float32 at full matmul precision; compiled once for many shapes alike.

    Tokens are padded to one of a few shapes, and what is padded is cut off again.
    """
    load_whole("jax")
    import jax

    rows, length = tokens.shape
    # An array that is being traced has a shape for which the caller is compiled anyway.
    if not isinstance(tokens, jax.core.Tracer):
        longest = len(params[POSITIONS]["embeddings"])
        tokens = _padded(np.asarray(tokens), longest, architecture.pad_encoding)
    output = _run_jax(architecture, params, unembedding, tokens)
    return output if tokens.shape == (rows, length) else _cut(output, rows, length)


def _padded(
    tokens: Int[NDArray[np.integer], "batch seq"], longest: int, pad: int
) -> Int[NDArray[np.integer], "rows length"]:
    rows, length = tokens.shape
    shape = (_rounded(rows, LEAST_ROWS), max(length, min(longest, _rounded(length, LEAST_LENGTH))))
    if shape == tokens.shape:
        return tokens
    found = np.full(shape, pad, dtype=tokens.dtype)
    found[:rows, :length] = tokens
    return found


def _rounded(count: int, least: int) -> int:
    """The next power of two, from some least one on; none and one stay what they are."""
    return count if count <= 1 else max(least, 1 << (count - 1).bit_length())


def _cut(output: ForwardOutput, rows: int, length: int) -> ForwardOutput:
    """What the forward pass gives, without what was padded."""

    def cut(array: Any) -> Any:
        return _taken(array, (slice(rows), slice(length)))

    inner = output.transformer_output
    square = (slice(rows), slice(None), slice(length), slice(length))
    states = TransformerOutput(
        tuple(map(cut, inner.layer_outputs)),
        tuple(map(cut, inner.residuals)),
        tuple(_taken(logits, square) for logits in inner.attn_logits),
        cut(inner.output),
        cut(inner.input_embeddings),
    )
    return ForwardOutput(states, cut(output.unembedded_output), cut(output.logits))


def _taken(array: Any, part: tuple[slice, ...]) -> Any:
    """A part of an array of JAX's: JAX would compile what takes it anew for every shape."""
    load_whole("jax")
    import jax

    if isinstance(array, jax.core.Tracer):
        return array[part]
    return jax.device_put(np.asarray(array)[part])


def _run_jax(
    architecture: Hyperparameters,
    params: Any,
    unembedding: Float[Array, "d_model outputs"],
    tokens: Int[Array, "batch seq"],
) -> ForwardOutput:
    output: ForwardOutput
    if architecture.layers <= WHOLE_LAYERS:
        output = _jitted()(architecture, params, unembedding, tokens)
        return output
    load_whole("jax")
    import jax
    import jax.numpy as jnp

    with jax.default_matmul_precision("highest"):
        tokens, params = jnp.asarray(tokens), jax.tree.map(jnp.asarray, params)
        network = Network(jnp, architecture, params, run=_layer_jax)
        return forward(network, unembedding, tokens)


def _layer_jax(layer: Layer, stream: Any, mask: Any) -> tuple[Step, Step]:
    """Runs one layer, compiled once for all: they differ in weights alone, not in their number."""
    own = layer.architecture._replace(layers=1)
    steps: tuple[Step, Step] = _jitted_layer()(own, layer.weights, stream, mask)
    return steps


class States:
    """The residual streams of a forward pass, one after another, none kept.

    Attributes:
        chosen: The unembedded output, once all of them were taken.
    """

    def __init__(self, run: Generator[Any, None, Any]) -> None:
        self._run = run
        self.chosen: Any = None

    def __iter__(self) -> Iterator[Any]:
        self.chosen = yield from self._run


def states_numpy(
    architecture: Hyperparameters,
    params: Any,
    unembedding: Float[NDArray[np.floating[Any]], "d_model outputs"],
    tokens: Int[NDArray[np.integer], "batch seq"],
) -> States:
    """Runs in NumPy, state by state, in float32 or as its weights are."""
    return States(_walked(Network(np, architecture, params), unembedding, tokens))


def states_jax(
    architecture: Hyperparameters,
    params: Any,
    unembedding: Float[Array, "d_model outputs"],
    tokens: Int[Array, "batch seq"],
) -> States:
    """Runs in JAX; state by state where the model is deep."""
    if architecture.layers <= WHOLE_LAYERS:
        return States(_listed(_run_jax(architecture, params, unembedding, tokens)))
    load_whole("jax")
    import jax
    import jax.numpy as jnp

    tokens, params = jnp.asarray(tokens), jax.tree.map(jnp.asarray, params)
    network = Network(jnp, architecture, params, run=_layer_jax)
    return States(_walked(network, unembedding, tokens))


def _walked(network: Network, unembedding: Any, tokens: Any) -> Generator[Any, None, Any]:
    last = None
    for step in walk(network, tokens):
        last = step.stream
        yield last
    return choose(network.xp, network.architecture, multiplied(last, unembedding))


def _listed(output: ForwardOutput) -> Generator[Any, None, Any]:
    yield output.transformer_output.input_embeddings
    yield from output.transformer_output.residuals
    return output.unembedded_output

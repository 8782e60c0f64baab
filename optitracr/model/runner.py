"""Runs a model's forward pass, in NumPy or jitted in JAX at full matmul precision."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr.model.forward import (
    Architecture,
    Array,
    Edit,
    ForwardOutput,
    Layer,
    Network,
    Step,
    choose,
    forward,
    multiplied,
    run_layer,
    unchanged,
    walk,
)
from solvers.interrupts import load_whole

if TYPE_CHECKING:
    from jaxtyping import Float, Int

WHOLE_LAYERS = 32
"""Layers up to which JAX compiles a model as a whole. What XLA takes to compile grows faster than
the number of layers (6 seconds for 100, a minute for 600), so that of a deeper model one layer is
compiled, for all of them."""


def run_numpy(
    architecture: Architecture,
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

    def run(architecture: Architecture, params: Any, unembedding: Any, tokens: Any) -> Any:
        with jax.default_matmul_precision("highest"):
            return forward(Network(jnp, architecture, params), unembedding, tokens)

    return jax.jit(run, static_argnums=0)


@lru_cache(maxsize=1)
def _jitted_layer() -> Any:
    load_whole("jax")
    import jax
    import jax.numpy as jnp

    def run(architecture: Architecture, weights: Any, stream: Any, mask: Any) -> Any:
        with jax.default_matmul_precision("highest"):
            return run_layer(Layer(jnp, architecture, weights), stream, mask)

    return jax.jit(run, static_argnums=0)


def run_jax(
    architecture: Architecture,
    params: Any,
    unembedding: Float[Array, "d_model outputs"],
    tokens: Int[Array, "batch seq"],
) -> ForwardOutput:
    """Runs in JAX, float32 at full matmul precision; compiled once for each shape."""
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
    architecture: Architecture,
    params: Any,
    unembedding: Float[NDArray[np.float32], "d_model outputs"],
    tokens: Int[NDArray[np.integer], "batch seq"],
) -> States:
    """Runs in NumPy, state by state."""
    return States(_walked(Network(np, architecture, params), unembedding, tokens))


def states_jax(
    architecture: Architecture,
    params: Any,
    unembedding: Float[Array, "d_model outputs"],
    tokens: Int[Array, "batch seq"],
) -> States:
    """Runs in JAX; state by state where the model is deep."""
    if architecture.layers <= WHOLE_LAYERS:
        return States(_listed(run_jax(architecture, params, unembedding, tokens)))
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

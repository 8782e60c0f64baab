"""Runs a model's forward pass, in NumPy or jitted in JAX at full matmul precision."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.model.forward import Architecture, Edit, ForwardOutput, forward

CHUNK = 2048


def run_numpy(
    architecture: Architecture,
    params: Any,
    unembedding: Any,
    tokens: NDArray[np.integer],
    edit: Edit | None = None,
) -> ForwardOutput:
    """Runs in NumPy, float32: no compilation, so the quickest way to a first answer."""
    return forward(np, architecture, params, unembedding, tokens, edit)


@lru_cache(maxsize=1)
def _jitted() -> Any:
    import jax
    import jax.numpy as jnp

    def run(architecture: Architecture, params: Any, unembedding: Any, tokens: Any) -> Any:
        with jax.default_matmul_precision("highest"):
            return forward(jnp, architecture, params, unembedding, tokens)

    return jax.jit(run, static_argnums=0)


def run_jax(
    architecture: Architecture, params: Any, unembedding: Any, tokens: Any
) -> ForwardOutput:
    """Runs in JAX, float32 at full matmul precision; compiled once for each shape."""
    output: ForwardOutput = _jitted()(architecture, params, unembedding, tokens)
    return output

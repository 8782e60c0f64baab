"""Compiled library programs, and what tests compare of them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr import compile_rasp_to_model, library
from optitracr.circuit.intervention import at_tokens
from optitracr.compiled import CompiledModel
from optitracr.model.forward import ForwardOutput


@lru_cache(maxsize=8)
def compiled(name: str, level: int = 2, causal: bool | None = None) -> CompiledModel:
    """A library program, unchecked: that it is right is for other tests."""
    entry = library.get(name)
    return compile_rasp_to_model(
        entry.make(),
        entry.vocab,
        entry.max_seq_len,
        causal=entry.causal if causal is None else causal,
        optimize=level,
        check=False,
    )


def inside(model: CompiledModel, tokens: NDArray[Any]) -> NDArray[np.bool_]:
    """Where there are tokens, not BOS and not padding."""
    return at_tokens(model, tokens)


def states(output: ForwardOutput) -> tuple[NDArray[Any], ...]:
    """The residual stream at every state."""
    inner = output.transformer_output
    return tuple(np.asarray(x) for x in (inner.input_embeddings, *inner.residuals))


def decoded(model: CompiledModel, logits: NDArray[Any]) -> NDArray[Any]:
    """What logits stand for: the number, or the largest above 1/2, or -1 for None."""
    if not model.architecture.categorical:
        return np.asarray(logits)[..., 0].round(3)
    logits = np.asarray(logits)[..., : model.unembed.shape[1]]
    if logits.shape[-1] == 0:
        return np.full(logits.shape[:-1], -1)
    return np.where(logits.max(axis=-1) > 0.5, logits.argmax(axis=-1), -1)

"""Runs a transformer: on integers in JAX or NumPy, and on tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.errors import InputError
from optitracr.memory import within_memory
from optitracr.model.batches import decode_rows
from optitracr.model.current import Current, current
from optitracr.model.distinct.evaluation import by_distinct_rows
from optitracr.model.forward import Edit, ForwardOutput
from optitracr.model.runner import run_jax, run_numpy
from optitracr.model.sequences import (
    check_room,
    encode_all,
    encode_one,
    integers,
    rows_at_once,
)
from optitracr.model.shape import Shape
from optitracr.model.transformer import Transformer, check_params, shape_of, unembedding

if TYPE_CHECKING:
    from jaxtyping import Int

Value = Any


@dataclass(frozen=True, slots=True)
class ModelOutput:
    """What `apply` gives for one sequence (arrays keep a batch axis of 1, as Tracr's do).

    Attributes:
        decoded: BOS, then the program's output at each position.
        unembedded: [1, seq]: the number, or the integer of the categorical value (-1: None).
        layer_outputs: What each sublayer added, each [1, seq, d_model].
        residuals: The residual stream after each sublayer, each [1, seq, d_model].
        attn_logits: Each layer's logits, [1, heads, query, key]; masked ones are -1e30.
        transformer_output: The last residual stream, [1, seq, d_model].
        input_embeddings: The first one, [1, seq, d_model].
    """

    decoded: list[Value]
    unembedded: Any
    layer_outputs: tuple[Any, ...]
    residuals: tuple[Any, ...]
    attn_logits: tuple[Any, ...]
    transformer_output: Any
    input_embeddings: Any


@dataclass(frozen=True, eq=False)
class BatchOutput:
    """What `apply_batch` gives.

    Attributes:
        decoded: For each sequence BOS, then the program's output at each position.
        tokens: Integers of shape [batch, longest], padded.
        weights: Those of the model when it ran.
        shape: What decides their shapes.
    """

    decoded: list[list[Value]]
    tokens: Int[NDArray[np.int32], "batch longest"]
    weights: Current = field(repr=False)
    shape: Shape = field(repr=False)

    @cached_property
    def output(self) -> ForwardOutput:
        """Everything the forward pass computes, padded positions included.

        It is computed when it is first asked for, by the weights that the model had when it ran.

        Raises:
            LimitError: If it does not fit in memory.
        """
        check_room(self.shape, *self.tokens.shape)
        return _whole(self.weights, self.tokens)


@within_memory
def _whole(weights: Current, tokens: Int[NDArray[np.int32], "batch longest"]) -> ForwardOutput:
    return run_jax(weights.architecture, weights.params, weights.unembed, tokens)


def forward(model: Transformer, params: Any, tokens: Any) -> ForwardOutput:
    """The forward pass in JAX, differentiable in `params`.

    Args:
        model: The model.
        params: Like the model's.
        tokens: Integers of shape [batch, seq], BOS first and PAD last; what they mean is
            not checked.

    Raises:
        InputError: If shapes do not fit, or an integer stands for no token.
    """
    tokens = integers(model, tokens)
    check_params(model, params)
    return run_jax(model.architecture, params, unembedding(model), tokens)


def forward_numpy(
    model: Transformer,
    tokens: Int[NDArray[np.integer], "batch seq"],
    edit: Edit | None = None,
) -> ForwardOutput:
    """The forward pass in NumPy, float32.

    Args:
        model: The model.
        tokens: Integers of shape [batch, seq], BOS first and PAD last; what they mean is
            not checked.
        edit: For interventions; see `optitracr.model.forward`.

    Raises:
        InputError: If the shape does not fit, or an integer stands for no token.
    """
    codes = np.asarray(integers(model, tokens))
    if edit is not None:
        arguments.function("edit", edit)
    now = current(model)
    return run_numpy(now.architecture, now.params, now.unembed, codes, edit)


def apply(model: Transformer, tokens: Sequence[Value], check_domain: bool = False) -> ModelOutput:
    """Runs one sequence.

    Raises:
        InputError: If a token is unknown, BOS is missing, PAD stands before a token, the length
            is wrong, or the sequence was to be of the domain and is not.
    """
    padded, n = encode_one(model, tokens)
    _check_domain(model, padded, check_domain)
    result = forward(model, model.params, padded[:, :n])
    inner = result.transformer_output
    return ModelOutput(
        decoded=_decode(model, np.asarray(result.unembedded_output)[0]),
        unembedded=result.unembedded_output,
        layer_outputs=inner.layer_outputs,
        residuals=inner.residuals,
        attn_logits=inner.attn_logits,
        transformer_output=inner.output,
        input_embeddings=inner.input_embeddings,
    )


def apply_batch(
    model: Transformer, sequences: Sequence[Sequence[Value]], check_domain: bool = False
) -> BatchOutput:
    """Runs many sequences in one call.

    Raises:
        InputError: Naming the first sequence that is wrong.
        LimitError: If running so many at once does not fit in memory.
    """
    padded, lengths = encode_all(model, sequences)
    _check_domain(model, padded, check_domain)
    now = current(model)
    found = by_distinct_rows(model, now, padded, lengths)
    if found is None:
        return _by_plain_pass(model, now.kept(), padded, lengths)
    for part in _chunks(np.flatnonzero(found.unsure), rows_at_once(model)):
        plain = run_jax(now.architecture, now.params, now.unembed, padded[part])
        found.chosen[part] = np.asarray(plain.unembedded_output)
    decoded = decode_rows(model, found.chosen, lengths)
    return BatchOutput(decoded, padded, found.weights, shape_of(model))


def _by_plain_pass(
    model: Transformer,
    weights: Current,
    padded: Int[NDArray[np.int32], "batch seq"],
    lengths: Int[NDArray[np.intp], " batch"],
) -> BatchOutput:
    shape = shape_of(model)
    check_room(shape, *padded.shape)
    output = run_jax(weights.architecture, weights.params, weights.unembed, padded)
    decoded = decode_rows(model, np.asarray(output.unembedded_output), lengths)
    found = BatchOutput(decoded, padded, weights, shape)
    vars(found)["output"] = output
    return found


def _chunks(rows: NDArray[np.intp], size: int) -> list[NDArray[np.intp]]:
    size = max(1, size)
    return [rows[first : first + size] for first in range(0, len(rows), size)]


def _check_domain(
    model: Transformer, tokens: Int[NDArray[np.int32], "batch seq"], wanted: bool
) -> None:
    """Checks that sequences are of the domain, if that is wanted.

    Raises:
        InputError: If one is not.
    """
    if not arguments.boolean("check_domain", wanted):
        return
    setting = model.setting
    # The integers of tokens are their places in the vocabulary; BOS and PAD come behind these.
    codes = np.where(tokens < len(setting.vocabulary), tokens, -1)[:, 1:]
    for row in np.flatnonzero(~model.domain.rows.contain(codes))[:1]:
        outside = [setting.vocabulary[code] for code in codes[row] if code >= 0]
        raise InputError(
            f"{arguments.shown(outside)} is not in the domain {model.domain}, on which alone the "
            "model is exact; give an input of it, or compile with a domain that holds this one"
        )


def _decode(model: Transformer, row: NDArray[Any]) -> list[Value]:
    return [model.setting.bos, *model.output_encoder.decode(row[1:].tolist())]

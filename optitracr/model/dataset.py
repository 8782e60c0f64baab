"""Data sets: inputs with the interpreter's outputs, as NumPy arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr.errors import InputError

if TYPE_CHECKING:
    from optitracr.model.compiled import CompiledModel


@dataclass(frozen=True, slots=True)
class Dataset:
    """Inputs and expected outputs.

    Attributes:
        inputs: For each example BOS and its tokens.
        outputs: For each example BOS and the interpreter's values.
        tokens: Shape [size, max_seq_len + 1]: the model's integers, padded.
        mask: Shape [size, max_seq_len + 1]: true at tokens, BOS included, false at padding.
    """

    inputs: list[list[Any]]
    outputs: list[list[Any]]
    tokens: NDArray[np.int32]
    mask: NDArray[np.bool_]


def make_dataset(
    model: CompiledModel, size: int, seed: int = 0, lengths: Sequence[int] | None = None
) -> Dataset:
    """Draws random inputs on which the program is defined.

    Args:
        model: The model.
        size: Number of examples.
        seed: Of the draw.
        lengths: Lengths to draw from, BOS not counted; all by default.

    Raises:
        InputError: If the size or a length is out of range, or the interpreter raises on
            nearly every input.
    """
    from optitracr.rasp.batch import evaluate_batch

    program = model.program.program
    setting, longest = model.setting, model.setting.max_seq_len
    allowed = np.array(range(1, longest + 1) if lengths is None else list(lengths))
    if size < 1 or allowed.size == 0 or allowed.min() < 1 or allowed.max() > longest:
        raise InputError(
            f"a data set of {size} examples with lengths {allowed.tolist()} cannot be drawn; "
            f"give a size of at least 1 and lengths from 1 to {longest}"
        )
    rng = np.random.default_rng(seed)
    inputs: list[list[Any]] = []
    outputs: list[list[Any]] = []
    codes: list[NDArray[np.int32]] = []
    for _ in range(50):
        drawn = rng.integers(len(setting.vocabulary), size=(size, longest)).astype(np.int32)
        chosen = rng.choice(allowed, size=size).astype(np.int32)
        drawn[np.arange(longest) >= chosen[:, None]] = -1
        found = evaluate_batch([program], setting.vocabulary, drawn, chosen, setting.causal)
        values, places = found.values(program), found.codes(program)
        for row in np.flatnonzero(~found.undefined)[: size - len(inputs)]:
            n = int(chosen[row])
            inputs.append([setting.bos, *(setting.vocabulary[c] for c in drawn[row, :n])])
            outputs.append([setting.bos, *(values[c] for c in places[row, :n])])
            codes.append(drawn[row])
        if len(inputs) == size:
            return _dataset(model, inputs, outputs, np.array(codes))
    raise InputError(
        f"program '{model.name}' is undefined on nearly every input of lengths "
        f"{allowed.tolist()}; draw from other lengths"
    )


def _dataset(
    model: CompiledModel, inputs: list[list[Any]], outputs: list[list[Any]], codes: NDArray[Any]
) -> Dataset:
    encoder = model.input_encoder
    bos = np.full((len(codes), 1), encoder.bos_encoding)
    padded = np.where(codes < 0, encoder.pad_encoding, codes)
    tokens = np.concatenate([bos, padded], axis=1).astype(np.int32)
    return Dataset(inputs, outputs, tokens, tokens != encoder.pad_encoding)

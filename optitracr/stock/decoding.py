"""From the logits of a stock transformer to the values of the program."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.arguments import shown
from optitracr.errors import InputError
from optitracr.model.forward import choose
from optitracr.model.transformer import Transformer, architecture_of
from optitracr.stock.form import array_of, stock_form


def chosen(model: Transformer, logits: NDArray[Any], scale: float) -> NDArray[Any]:
    """The number, or the integer of the largest logit; NONE_ENCODING where none passes 1/2.

    Args:
        model: The compiled model.
        logits: Shape [..., tokens], of which the first are those of the outputs.
        scale: By what they were multiplied.
    """
    outputs = model.output_encoder.vocab_size
    return np.asarray(choose(np, architecture_of(model), logits[..., :outputs] / np.float32(scale)))


def decode_logits(model: Transformer, logits: Any) -> NDArray[Any]:
    """The values of the program at each position; see `CompiledModel.decode_logits`."""
    scale = stock_form(model).logit_scale
    found = numbers(logits)
    outputs = model.output_encoder.vocab_size
    if found.ndim == 0 or found.shape[-1] < outputs:
        raise InputError(
            f"logits has shape {found.shape}; give what the stock model gives, of shape "
            f"[..., vocabulary] with a vocabulary of at least {outputs}"
        )
    longest = model.setting.max_seq_len + 1
    if found.ndim == 3 and found.shape[1] > longest:
        raise InputError(
            f"logits are of {found.shape[1]} positions; the program was compiled for "
            f"max_seq_len={longest - 1}, so give {longest} at most, BOS included"
        )
    if np.isnan(found[..., :outputs]).any():
        raise InputError(
            "logits holds NaN, which is what the stock model makes of an unknown word; give it "
            "tokens of the program alone"
        )
    # Whoever centres the unembedding has taken the mean off, from what no output is read of too.
    codes = chosen(model, found - found[..., outputs : outputs + 1].sum(-1, keepdims=True), scale)
    values = model.output_encoder.decode(codes.reshape(-1).tolist())
    decoded = np.empty(codes.size, dtype=object)
    decoded[:] = values
    return decoded.reshape(codes.shape)


def numbers(logits: Any) -> NDArray[np.float32]:
    """Logits of any library as NumPy's.

    Raises:
        InputError: If they are no numbers.
    """
    precision = str(getattr(logits, "dtype", "")).rpartition(".")[2]
    if precision in ("float16", "bfloat16"):
        raise InputError(
            f"logits are of {precision}, too coarse for what the stock model tells apart; load it "
            "with dtype=torch.float32"
        )
    if hasattr(logits, "logits"):
        raise InputError(f"logits is a {type(logits).__name__}; give its .logits")
    array = array_of(logits)
    if array.dtype.kind in "fiu":
        return np.asarray(array, dtype=np.float32)
    raise InputError(
        f"logits is {shown(logits)}; give an array of numbers, such as model(ids).logits[0]"
    )

"""Sequences on their way into a model: from tokens to integers, checked."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.errors import InputError
from optitracr.memory import check_memory
from optitracr.model.batches import encode_plain
from optitracr.model.runner import WHOLE_LAYERS
from optitracr.model.shape import Shape
from optitracr.model.transformer import Transformer, shape_of

if TYPE_CHECKING:
    from jaxtyping import Int

NUMBER_BYTES = 4
"""Everything is computed in float32, of four bytes."""

POSITION_BYTES = 24
"""What a position takes at least between its token and the value that is decoded there: its
integer, that of its value, and the value's place in an array and in a list."""

CHUNK_BYTES = 1 << 29
"""What the states and patterns of one chunk of inputs may take, where inputs are run in chunks:
enough for JAX and NumPy to be quick, and little beside what a laptop has."""


def encode(model: Transformer, tokens: object) -> list[int]:
    """The integers of one sequence: BOS, at least one token, and then PAD, if any.

    Raises:
        InputError: If a token is unknown, BOS is missing, or the length is wrong; says where.
    """
    setting, encoder = model.setting, model.input_encoder
    listed = arguments.sequence("tokens", tokens, most=setting.max_seq_len + 1)
    codes = encoder.encode(listed)
    inside = codes[1:]
    if not inside:
        raise InputError(
            f"the sequence is empty: nothing follows the BOS token {setting.bos!r}; give at "
            "least one token after it"
        )
    if encoder.bos_encoding in inside:
        raise InputError(
            f"the BOS token {setting.bos!r} stands only at position 0, and here also at "
            f"position {inside.index(encoder.bos_encoding) + 1}"
        )
    _check_padding(codes, encoder.pad_encoding, listed)
    return codes


def _check_padding(codes: Sequence[int], pad: int, tokens: Sequence[Any]) -> None:
    """PAD follows the tokens, and nothing follows PAD."""
    if pad not in codes:
        return
    first = codes.index(pad)
    after = next((i for i in range(first, len(codes)) if codes[i] != pad), None)
    if after is not None:
        raise InputError(
            f"the PAD token {tokens[first]!r} stands at position {first}, before the token "
            f"{tokens[after]!r} at position {after}; PAD may only follow the tokens"
        )
    if first == 1:
        raise InputError(
            f"only PAD {tokens[first]!r} follows BOS; give at least one token before it"
        )


def encode_one(
    model: Transformer, tokens: object
) -> tuple[Int[NDArray[np.int32], "1 longest"], int]:
    """Integers, padded to max_seq_len + 1, and the sequence's length.

    Raises:
        InputError: Naming the token that is wrong.
    """
    codes = encode(model, tokens)
    return _padded(model, [codes]), len(codes)


def encode_all(
    model: Transformer, sequences: object
) -> tuple[Int[NDArray[np.int32], "batch longest"], Int[NDArray[np.intp], " batch"]]:
    """Integers, padded to max_seq_len + 1, and the sequences' lengths.

    Raises:
        InputError: Naming the first sequence that is wrong.
        LimitError: If running so many at once does not fit in memory.
    """
    wanted = "a list of sequences, each a list of tokens"
    listed = arguments.sequence("sequences", sequences, wanted)
    if not listed:
        raise InputError("there is no sequence to run; pass at least one list of tokens")
    if any(token == model.setting.bos for token in listed if isinstance(token, str)):
        raise InputError(f"sequences holds tokens; give {wanted}: [[{model.setting.bos!r}, ...]]")
    _check_integers(model, len(listed))
    plain = encode_plain(model, listed)
    if plain is not None:
        return plain
    codes = []
    for row, sequence in enumerate(listed):
        try:
            codes.append(encode(model, sequence))
        except InputError as error:
            raise InputError(f"sequence {row}: {error}") from error
    lengths = np.array([len(sequence) for sequence in codes], dtype=np.intp)
    return _padded(model, codes), lengths


def _check_integers(model: Transformer, rows: int) -> None:
    """Checks that sequences fit in memory as integers, and what they are decoded to.

    Raises:
        LimitError: If they do not.
    """
    length = model.setting.max_seq_len + 1
    check_memory(
        f"running {rows:,} sequences of {length:,} positions at once",
        rows * length * POSITION_BYTES,
        "run fewer at a time",
    )


def _padded(model: Transformer, codes: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    shape = (len(codes), model.setting.max_seq_len + 1)
    padded = np.full(shape, model.input_encoder.pad_encoding, dtype=np.int32)
    for row, sequence in zip(padded, codes, strict=True):
        row[: len(sequence)] = sequence
    return padded


def integers(model: Transformer, tokens: Any) -> Any:
    """Integers that a user gave, as an array of shape [batch, seq]; JAX's stay JAX's.

    What they mean is not checked: a client may ask what a model does without BOS.

    Raises:
        InputError: If they are of another shape or type, or an integer stands for no token.
        LimitError: If running so many at once does not fit in memory.
    """
    jax = sys.modules.get("jax")
    given = tokens
    traced = jax is not None and isinstance(tokens, jax.core.Tracer)
    wanted = "integers of shape [batch, seq], BOS first"
    if not traced:
        try:
            given = np.asarray(tokens)
        except Exception:
            arguments.refuse("tokens", tokens, wanted)
    if given.ndim != 2 or np.dtype(given.dtype).kind not in "iu" or given.shape[1] == 0:
        arguments.refuse("tokens", tokens, wanted)
    rows, length = given.shape
    if length > model.setting.max_seq_len + 1:
        raise InputError(
            f"the sequences have {length} tokens and the model takes "
            f"{model.setting.max_seq_len + 1} (BOS included); shorten them, or compile with a "
            "larger max_seq_len"
        )
    check_room(shape_of(model), rows, length)
    if traced:
        return tokens
    count = model.input_encoder.vocab_size
    if given.size and not 0 <= given.min() <= given.max() < count:
        wrong = given[(given < 0) | (given >= count)][0]
        raise InputError(
            f"tokens hold the integer {wrong}, and integers stand for tokens from 0 to {count - 1}"
        )
    return given if isinstance(tokens, np.ndarray | list | tuple) else tokens


def bytes_of_row(model: Transformer, length: int, layers: int) -> int:
    """What the forward pass of one sequence takes at least: what it gives, no copies.

    Args:
        model: The model.
        length: Of the sequence, BOS included.
        layers: How many layers' states and patterns are kept.
    """
    return _bytes_of_row(shape_of(model), length, layers)


def _bytes_of_row(shape: Shape, length: int, layers: int) -> int:
    sizes = shape.sizes
    states = (4 * layers + 2) * sizes.width + shape.outputs
    patterns = (layers + 2) * sizes.heads * length
    # At least 1: what is always None has a model without a single dimension.
    return NUMBER_BYTES * length * max(1, int(states + patterns + sizes.neurons))


def check_room(shape: Shape, rows: int, length: int) -> None:
    """Checks that a forward pass fits in memory.

    Raises:
        LimitError: If it does not.
    """
    check_memory(
        f"running {rows:,} sequences of {length:,} positions at once",
        rows * _bytes_of_row(shape, length, shape.sizes.layers),
        "run fewer at a time",
    )


def rows_at_once(model: Transformer) -> int:
    """How many of the longest sequences fit in one chunk."""
    layers = model.model_config.num_layers
    kept = layers if layers <= WHOLE_LAYERS else 1
    return CHUNK_BYTES // bytes_of_row(model, model.setting.max_seq_len + 1, kept)

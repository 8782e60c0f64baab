"""Many sequences at once between tokens and integers: a call for all of them, not one a token."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr.model.encoders import NONE_ENCODING, CategoricalEncoder, Encoder
from optitracr.model.transformer import Transformer

if TYPE_CHECKING:
    from jaxtyping import Int, Num

Value = Any
PLAIN = (str, bytes, int, bool, float)
"""Types of which two values are the same as soon as they are equal, 0.0 and -0.0 left out."""

NUMBERS = (int, bool, float)
"""Those of which a value can equal one of another type."""


def encode_plain(
    model: Transformer, sequences: Sequence[Any]
) -> tuple[Int[NDArray[np.int32], "batch longest"], Int[NDArray[np.intp], " batch"]] | None:
    """Integers, padded to max_seq_len + 1, and lengths; None where something is out of the common.

    What is None is for `encode` to look at, token by token: it may be wrong, or of a type that
    takes a closer look.
    """
    encoder = model.input_encoder
    kinds = set(map(type, encoder.encoding_map))
    if not kinds.issubset(PLAIN) or len(kinds.intersection(NUMBERS)) > 1:
        return None
    if float in kinds and 0.0 in encoder.encoding_map:
        return None
    if not set(map(type, sequences)).issubset((list, tuple)):
        return None
    if not set(map(type, chain.from_iterable(sequences))).issubset(kinds):
        return None
    lengths = np.fromiter(map(len, sequences), np.intp, len(sequences))
    longest = model.setting.max_seq_len + 1
    if lengths.min() < 2 or lengths.max() > longest:
        return None
    try:
        found = map(encoder.encoding_map.__getitem__, chain.from_iterable(sequences))
        codes = np.fromiter(found, np.int32, int(lengths.sum()))
    except KeyError:
        return None
    padded = _rows(codes, lengths, longest, encoder.pad_encoding)
    return (padded, lengths) if _is_in_order(padded, encoder) else None


def _rows(
    codes: NDArray[np.int32], lengths: NDArray[np.intp], longest: int, pad: int
) -> NDArray[np.int32]:
    if lengths.min() == longest:
        return codes.reshape(len(lengths), longest)
    padded = np.full((len(lengths), longest), pad, dtype=np.int32)
    padded[np.arange(longest) < lengths[:, None]] = codes
    return padded


def _is_in_order(padded: NDArray[np.int32], encoder: CategoricalEncoder) -> bool:
    """Whether BOS stands first and nowhere else, then tokens, and then PAD, if any."""
    is_bos, is_pad = padded == encoder.bos_encoding, padded == encoder.pad_encoding
    return bool(
        is_bos[:, 0].all()
        and np.count_nonzero(is_bos) == len(padded)
        and not is_pad[:, 1].any()
        and (is_pad[:, 1:] >= is_pad[:, :-1]).all()
    )


def decode_rows(
    model: Transformer,
    chosen: Num[NDArray[Any], "batch longest"],
    lengths: Int[NDArray[np.intp], " batch"],
) -> list[list[Value]]:
    """For each sequence BOS, then the values of what was chosen at each position."""
    values = _values(model.output_encoder, chosen[:, 1:])
    bos, width = model.setting.bos, chosen.shape[1]
    if (lengths == width).all():
        return [[bos, *row] for row in values.tolist()]
    pairs = zip(values.tolist(), lengths.tolist(), strict=True)
    return [[bos, *row[: length - 1]] for row, length in pairs]


def _values(encoder: Encoder, chosen: NDArray[Any]) -> NDArray[Any]:
    """What integers or numbers stand for, as an array whose entries come out as Python's."""
    if not isinstance(encoder, CategoricalEncoder):
        return chosen.astype(np.float64)
    # The last one is reached by -1.
    values = np.empty(encoder.vocab_size + 1, dtype=object)
    for code, direction in enumerate(encoder.basis):
        values[code] = direction.value
    values[NONE_ENCODING] = None
    found: NDArray[Any] = values[chosen]
    return found

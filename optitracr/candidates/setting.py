"""What a compilation fixes beside the program, checked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from optitracr.errors import InputError
from optitracr.graph.values import sort_values

Value = Any


@dataclass(frozen=True, slots=True)
class Setting:
    """Vocabulary, length and special tokens.

    Attributes:
        vocabulary: The tokens, sorted.
        max_seq_len: Number of positions, BOS not counted.
        bos: The BOS token.
        pad: The PAD token.
        causal: Whether a query sees only keys at or before its position.
    """

    vocabulary: tuple[Value, ...]
    max_seq_len: int
    bos: str
    pad: str
    causal: bool = False


def check_setting(
    vocab: Collection[Value], max_seq_len: int, bos: str, pad: str, causal: bool
) -> Setting:
    """Checks and sorts what the user gave.

    Raises:
        InputError: If the vocabulary is empty, mixed, unhashable or holds BOS or PAD, or
            the length is no positive integer.
    """
    if isinstance(max_seq_len, bool) or not isinstance(max_seq_len, int) or max_seq_len < 1:
        raise InputError(f"max_seq_len is {max_seq_len!r}; give an integer of at least 1")
    if bos == pad:
        raise InputError(f"compiler_bos and compiler_pad are both {bos!r}; give two tokens")
    try:
        distinct = list(dict.fromkeys(vocab))
    except TypeError as error:
        raise InputError(
            f"the vocabulary {vocab!r} is no collection of hashable tokens ({error}); "
            "give strings or numbers"
        ) from error
    if not distinct:
        raise InputError("the vocabulary is empty; give at least one token")
    for name, token in (("compiler_bos", bos), ("compiler_pad", pad)):
        if token in distinct:
            raise InputError(
                f"the vocabulary holds the {name} token {token!r}; leave it out, or choose "
                f"another one with {name}=..."
            )
    _check_types(distinct)
    return Setting(sort_values(distinct), max_seq_len, bos, pad, causal)


def _check_types(tokens: list[Value]) -> None:
    families = {
        "number" if isinstance(token, int | float) else type(token).__name__: token
        for token in sorted(tokens, key=repr, reverse=True)
    }
    if len(families) > 1:
        shown = " and ".join(f"{kind} {token!r}" for kind, token in sorted(families.items()))
        raise InputError(
            f"the vocabulary mixes types: {shown}; give tokens of one type (str(token) makes one)"
        )
    if None in tokens:
        raise InputError("the vocabulary holds None, which RASP uses for no value; leave it out")

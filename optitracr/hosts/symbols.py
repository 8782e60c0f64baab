"""What token ids of a host stand for, as users give it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optitracr import arguments
from optitracr.errors import InputError

Value = Any


def checked_symbols(tokens: Mapping[int, Value], bos: int, vocabulary: int) -> dict[int, Value]:
    """What token ids stand for, checked.

    Raises:
        InputError: If it is no dict of token ids, or gives BOS a symbol.
    """
    given = arguments.instance("tokens", tokens, Mapping, "a dict of token ids and their symbols")
    found = {
        arguments.integer("a token id of tokens", token, least=0, most=vocabulary - 1): symbol
        for token, symbol in given.items()
    }
    if not found:
        raise InputError("tokens is empty; give at least one token id and its symbol")
    if bos in found:
        raise InputError(f"tokens gives BOS, token {bos}, a symbol, which the program does not see")
    return found

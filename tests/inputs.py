"""Inputs that tests go through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any


def sequences(vocab: Sequence[Any], longest: int) -> Iterator[tuple[Any, ...]]:
    """Every sequence of 1 to `longest` tokens, the shorter first."""
    for length in range(1, longest + 1):
        yield from product(vocab, repeat=length)

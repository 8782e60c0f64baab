"""The inputs of a program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Inputs:
    """Which inputs a program has to be right on.

    Attributes:
        vocabulary: The tokens, sorted.
        max_seq_len: Longest input.
        causal: Whether no query selects a later key.
    """

    vocabulary: tuple[Any, ...]
    max_seq_len: int
    causal: bool = False

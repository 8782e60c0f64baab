"""Library programs compiled for published transformers."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from optitracr import compile_rasp_to_model, library
from optitracr.architectures.architecture import Architecture
from optitracr.compiled import CompiledModel


@lru_cache(maxsize=16)
def compiled(
    name: str, architecture: str | Architecture, longest: int = 4, **options: Any
) -> CompiledModel:
    """A program in its causal reading, unchecked: that it is right is for the tests.

    Args:
        name: The program.
        architecture: What it is compiled for.
        longest: Longest input, BOS not counted, if the program is not for shorter ones.
        options: Further options of the compiler.
    """
    entry = library.get(name)
    return compile_rasp_to_model(
        entry.make(),
        entry.vocab,
        min(entry.max_seq_len, longest),
        causal=True,
        architecture=architecture,
        check=False,
        **options,
    )

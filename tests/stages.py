"""Compilations of library programs, of which a test asks for the stages that it needs."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from optitracr import library
from optitracr.options import check_options
from optitracr.setting import check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from optitracr.stages import Compilation


@lru_cache(maxsize=8)
def compilation(name: str, level: int, **options: Any) -> Compilation:
    """A library program at a level; nothing runs before it is asked for."""
    entry = library.get(name)
    setting = check_setting(
        entry.vocab, entry.max_seq_len, COMPILER_BOS, COMPILER_PAD, entry.causal
    )
    return Compilation(entry.make(), setting, check_options(level, causal=entry.causal, **options))

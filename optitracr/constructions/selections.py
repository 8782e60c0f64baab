"""What follows from which keys queries select, kept: programs select the same over and over."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

KEPT = 512
"""Tables of which it is kept, for each function of them: those of some hundred programs."""

MAX_SIZE = 1 << 12
"""Entries of a table up to which it is kept, of 64 keys and queries: 2 MB for each function, and
for what it finds as much."""

Table = NDArray[np.bool_]

_Found = TypeVar("_Found")


def kept_by_table(function: Callable[[Table], _Found]) -> Callable[[Table], _Found]:
    """A function of a table [keys, queries], by which nothing that it finds may be changed."""

    @lru_cache(maxsize=KEPT)
    def of_bytes(held: bytes, shape: tuple[int, ...]) -> _Found:
        return function(np.frombuffer(held, dtype=np.bool_).reshape(shape))

    @wraps(function)
    def asked(table: Table) -> _Found:
        if table.size > MAX_SIZE:
            return function(table)
        return of_bytes(table.tobytes(), table.shape)

    return asked

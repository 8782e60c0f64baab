"""Random draws that are the same for the same seed, and others for each model."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np


def drawn_apart(seed: int, *arrays: Any) -> np.random.Generator:
    """A generator for a seed and some arrays.

    Args:
        seed: The seed.
        arrays: What tells it from others of that seed.
    """
    told = 0
    for array in arrays:
        told = zlib.crc32(np.ascontiguousarray(array).tobytes(), told)
    return np.random.default_rng([seed, told])

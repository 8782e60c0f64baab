"""Chance that is the same on any machine: two small generators, combined.

L'Ecuyer 1988, Efficient and portable combined random number generators, Communications of the
ACM 31: no step leaves 64 bits, so that machine code and Python agree.
"""

from __future__ import annotations

import numpy as np

from solvers.sliding.compiling import compiled
from solvers.sliding.fields import Numbers

FACTORS = (40_014, 40_692)
"""Those of the two generators in that paper."""

PRIMES = (2_147_483_563, 2_147_483_399)
"""What the two count in. Together they begin again after 2e18 numbers."""


def chance(seed: int) -> Numbers:
    """Two generators, told apart by a seed."""
    return np.array([1 + (seed * FACTORS[0]) % (p - 1) for p in PRIMES], dtype=np.int64)


@compiled
def below(random: Numbers, count: int) -> int:
    """A whole number below another, each as often as the others."""
    random[0] = random[0] * FACTORS[0] % PRIMES[0]
    random[1] = random[1] * FACTORS[1] % PRIMES[1]
    return int((random[0] - random[1]) % (PRIMES[0] - 1) * count // (PRIMES[0] - 1))

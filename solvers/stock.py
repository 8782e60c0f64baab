"""A published transformer whose heads fill its stream: how wide it is for a plan.

All heads are of one size, and their sizes add up to the width. So a model with a large head beside
many small ones is wider than its variables take, and one that spreads its heads over layers, or its
values over heads, may be narrower.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stock:
    """What such a transformer takes beyond a plan.

    Attributes:
        beside: Columns besides those of the variables.
        neurons_each: Neurons for each column; None where their number is free.
    """

    beside: int
    neurons_each: int | None = None

    def least(self, width: int, neurons: int) -> int:
        """Columns that variables and neurons take, whatever the heads."""
        of_neurons = 0 if self.neurons_each is None else -(-neurons // self.neurons_each)
        return max(1, width + self.beside, of_neurons)


def filled(width: int, heads: int, head_size: int, step: int = 1) -> tuple[int, int]:
    """The heads, and their size, that fill the narrowest stream; of these the fewest heads.

    Args:
        width: Columns at least.
        heads: Heads at least.
        head_size: Their size at least, a multiple of `step`.
        step: What their size is a multiple of.
    """
    heads, head_size = max(1, heads), max(1, head_size)

    def size(count: int) -> int:
        return max(head_size, step * math.ceil(width / (count * step)))

    most = max(heads, width // head_size)
    count = min(range(heads, most + 1), key=lambda count: (count * size(count), count))
    return count, size(count)

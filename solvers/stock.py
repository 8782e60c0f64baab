"""A published transformer that is to hold a plan: its sizes, and all that it counts.

Its heads are of one size, and either their sizes add up to the width, or the width is a multiple of
their number. So a model with a large head beside many small ones may be wider than its variables
take, and one that spreads its heads over layers, or its values over heads, narrower.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Stock:
    """What such a transformer takes beyond a plan.

    Attributes:
        beside: Columns besides those of the variables.
        neurons_each: Neurons for each column; None where their number is free.
        fills: Whether the sizes of all heads add up to the width; else it is a multiple of their
            number.
        turned_each: One of how many pairs of a head's dimensions positions turn too fast for it to
            be of use; 0 where they turn none.
        tokens: Rows of the token embedding, and columns of the unembedding if outputs are fewer.
        positions: Rows of the position embedding.
        tied: Whether the unembedding is the token embedding once more.
        biases: Whether linear maps have biases.
        gated: Whether neurons are multiplied with what a second map reads.
        norm_vectors: Vectors of each norm: its gain, and its bias if it has one.
    """

    beside: int
    neurons_each: int | None = None
    fills: bool = True
    turned_each: int = 0
    tokens: int = 1
    positions: int = 0
    tied: bool = False
    biases: bool = True
    gated: bool = False
    norm_vectors: int = 2

    def least(self, width: int, neurons: int) -> int:
        """Columns that variables and neurons take, whatever the heads."""
        of_neurons = 0 if self.neurons_each is None else -(-neurons // self.neurons_each)
        return max(1, width + self.beside, of_neurons)

    def head_size(self, size: int) -> int:
        """Dimensions of a head, for one of a plan's size."""
        return turned_size(size, self.turned_each) if self.turned_each else max(1, size)

    def heads(self, width: int, heads: int, head_size: int) -> tuple[int, int, int]:
        """The width, the number of heads, and their size.

        Args:
            width: Columns at least, as `least` tells.
            heads: Heads of a plan.
            head_size: Their size.
        """
        heads, head_size = max(1, heads), self.head_size(head_size)
        if self.fills:
            heads, head_size = filled(width, heads, head_size, step=self.step)
            return heads * head_size, heads, head_size
        return -(-width // heads) * heads, heads, head_size

    @property
    def step(self) -> int:
        """What the size of a head is a multiple of."""
        return 2 if self.turned_each else 1

    def neurons(self, width: int, neurons: Any) -> Any:
        """Neurons of a layer: those of a plan, and one at least; or as many as columns ask for."""
        return neurons if self.neurons_each is None else self.neurons_each * width

    def rows(self, width: int, outputs: int) -> int:
        """Rows of all embeddings and columns of the unembedding together.

        There is one token more where the unembedding would be square.
        """
        tokens = max(self.tokens, outputs)
        tokens += tokens == width
        return tokens * (1 if self.tied else 2) + self.positions


class Products(NamedTuple):
    """Sizes of a transformer and what they are multiplied, as numbers or as expressions.

    Attributes:
        width: Columns of the stream.
        inner: Columns of all heads of a layer.
        neurons: Neurons of a layer.
        rows: The width times rows of embeddings and columns of the unembedding.
        mixed: The width times `inner`.
        hidden: The width times `neurons`.
    """

    width: Any
    inner: Any
    neurons: Any
    rows: Any
    mixed: Any
    hidden: Any


def counted(layers: int, sizes: Products, parts: Stock | None) -> Any:
    """All numbers that a transformer holds.

    Args:
        layers: Layers.
        sizes: Its other sizes.
        parts: What it has besides; by default biases alone.
    """
    biases, maps, vectors = True, 2, 0
    if parts is not None:
        biases, maps, vectors = parts.biases, 2 + parts.gated, parts.norm_vectors
    layer = 4 * sizes.mixed + 3 * biases * sizes.inner + maps * sizes.hidden
    layer += (maps - 1) * biases * sizes.neurons + 2 * (biases + vectors) * sizes.width
    return sizes.rows + vectors * sizes.width + layers * layer


def turned_size(size: int, each: int) -> int:
    """The smallest head of which enough dimensions are turned so slowly that it does not show.

    Args:
        size: Dimensions that have to be.
        each: One of how many pairs is turned too fast, rounded up.
    """
    pairs = 2
    while 2 * (pairs - math.ceil(pairs / each)) < size:
        pairs += 1
    return 2 * pairs


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

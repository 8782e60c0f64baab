"""The shape of a model: what decides the shape of every tensor, and how many numbers there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from optitracr.memory import check_memory
from optitracr.model.names import LINEAR, POSITIONS, TOKENS, UNEMBED, Linear, linear_name
from optitracr.setting import Setting
from solvers import SizeConstants, Sizes

PARAMETER_BYTES = 4
"""Weights are held in float32, of four bytes."""

NAME_BYTES = 256
"""What the header of a file of weights takes at most for one tensor: its longest name, a type, a
shape and two offsets are some 150 characters."""

Shapes = Mapping[str, tuple[int, ...]]
"""By the name of a tensor: that of its part, a colon, and its own."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Everything that the shapes of a model's tensors depend on.

    Attributes:
        sizes: Layers, width, heads, head size and neurons.
        tokens: Rows of the token embedding, BOS and PAD included.
        positions: Rows of the position embedding, that of BOS included.
        outputs: Columns of the unembedding.
    """

    sizes: Sizes
    tokens: int
    positions: int
    outputs: int

    @property
    def parameters(self) -> int:
        """All weights and biases, embeddings and unembedding included."""
        constants = SizeConstants(self.tokens + self.positions, self.outputs)
        return self.sizes.parameters(constants)

    @property
    def file_bytes(self) -> int:
        """Bytes of the largest file that holds such weights in float32, header included."""
        tensors = 2 * len(LINEAR) * self.sizes.layers + 4
        return PARAMETER_BYTES * self.parameters + tensors * NAME_BYTES

    def tensors(self) -> Shapes:
        """The shape of each tensor, under the name that it has in a file."""
        return _tensors(self)

    def check_memory(self) -> None:
        """Checks that the weights fit in memory, before they are made.

        Raises:
            LimitError: If they do not; says how large they are.
        """
        sizes, count = self.sizes, self.parameters
        check_memory(
            f"a model of {sizes.layers} layers, width {sizes.width:,}, "
            f"{sizes.heads * sizes.head_size:,} dimensions of heads and {sizes.neurons:,} neurons "
            f"has {count:,} parameters, which",
            PARAMETER_BYTES * count,
            "give fewer tokens, a smaller max_seq_len, or compile with optimize=2",
        )


@lru_cache(maxsize=64)
def _tensors(shape: Shape) -> Shapes:
    width = shape.sizes.width
    shapes: dict[str, tuple[int, ...]] = {
        f"{TOKENS}:embeddings": (shape.tokens, width),
        f"{POSITIONS}:embeddings": (shape.positions, width),
        UNEMBED: (width, shape.outputs),
    }
    linear = {part: linear_shape(shape.sizes, part) for part in LINEAR}
    for layer in range(shape.sizes.layers):
        for part, own in linear.items():
            name = linear_name(layer, part)
            shapes[f"{name}:w"] = own
            shapes[f"{name}:b"] = (own[1],)
    return MappingProxyType(shapes)


def linear_shape(sizes: Sizes, part: Linear) -> tuple[int, int]:
    """Inputs and outputs of a linear map of a layer."""
    width, inner = sizes.width, sizes.heads * sizes.head_size
    match part:
        case Linear.QUERY | Linear.KEY | Linear.VALUE:
            return width, inner
        case Linear.HEADS_OUT:
            return inner, width
        case Linear.NEURONS_IN:
            return width, sizes.neurons
        case Linear.NEURONS_OUT:
            return sizes.neurons, width


def shape_in(setting: Setting, sizes: Sizes, outputs: int) -> Shape:
    """The shape of a model for a vocabulary and length.

    Args:
        setting: Vocabulary and length.
        sizes: Layers, width, heads, head size and neurons.
        outputs: Columns of the unembedding.
    """
    return Shape(sizes, setting.token_rows, setting.position_rows, outputs)

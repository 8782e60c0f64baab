"""How large a model is."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from optitracr.memory import check_memory

PARAMETER_BYTES = 4
"""Weights are held in float32, of four bytes."""


@dataclass(frozen=True, slots=True)
class LayerSize:
    """Heads and neurons that one layer uses."""

    heads: int
    neurons: int


@dataclass(frozen=True, slots=True)
class Size:
    """Sizes of a model; heads, head size and neurons are the maximum over layers.

    Attributes:
        layers: Number of layers.
        width: Dimensions of the residual stream (d_model).
        heads: Heads per layer.
        head_size: Dimensions per head.
        neurons: Hidden units of each MLP.
        parameters: All weights and biases, embeddings and unembedding included.
        per_layer: What each layer uses of its own.
    """

    layers: int
    width: int
    heads: int
    head_size: int
    neurons: int
    parameters: int
    per_layer: tuple[LayerSize, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """The sizes as plain data."""
        return asdict(self)


def parameters(
    embedding_rows: int, outputs: int, layers: int, width: int, inner: int, neurons: int
) -> int:
    """Number of parameters.

    Args:
        embedding_rows: Tokens, BOS, PAD, and positions.
        outputs: Columns of the unembedding.
        layers: Number of layers.
        width: d_model.
        inner: Heads times head size.
        neurons: Hidden units.
    """
    attention = 3 * (width * inner + inner) + inner * width + width
    mlp = width * neurons + neurons + neurons * width + width
    return (embedding_rows + outputs) * width + layers * (attention + mlp)


def check_weights(
    embedding_rows: int, outputs: int, layers: int, width: int, inner: int, neurons: int
) -> None:
    """Checks that the weights of a model fit in memory, before they are made.

    Args:
        embedding_rows: Tokens, BOS, PAD, and positions.
        outputs: Columns of the unembedding.
        layers: Number of layers.
        width: d_model.
        inner: Heads times head size.
        neurons: Hidden units.

    Raises:
        LimitError: If they do not; says how large they are.
    """
    count = parameters(embedding_rows, outputs, layers, width, inner, neurons)
    check_memory(
        f"a model of {layers} layers, width {width:,}, {inner:,} dimensions of heads and "
        f"{neurons:,} neurons has {count:,} parameters, which",
        PARAMETER_BYTES * count,
        "give fewer tokens, a smaller max_seq_len, or compile with optimize=2",
    )

"""How large a model is."""

from __future__ import annotations

from dataclasses import asdict, dataclass


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

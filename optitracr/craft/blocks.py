"""The two kinds of component: attention heads and MLPs, as matrices over named spaces."""

from __future__ import annotations

from dataclasses import dataclass

from optitracr.craft.spaces import FloatArray, Space


@dataclass(frozen=True, slots=True)
class Head:
    """An attention head (Elhage et al. 2021: the QK and OV circuits).

    The logit of key k for query q is q @ query_key @ k (no division by the root of the
    head size); what is written is the attention-weighted mean of value @ value_output.

    Attributes:
        query: Space that queries read.
        key: Space that keys read.
        value: Space that values read.
        output: Space that is written.
        query_key: Shape [query, key].
        value_output: Shape [value, output].
    """

    query: Space
    key: Space
    value: Space
    output: Space
    query_key: FloatArray
    value_output: FloatArray

    @property
    def standard_head_size(self) -> int:
        """Tracr's head size: the longest side of the two matrices."""
        return max(len(self.query), len(self.key), len(self.value), len(self.output))

    @property
    def query_key_rank(self) -> int:
        """Head size that the QK circuit needs."""
        return min(len(self.query), len(self.key))

    @property
    def value_width(self) -> int:
        """Columns of a head that the OV circuit needs."""
        return min(int(self.value_output.any(axis=1).sum()), len(self.output))


@dataclass(frozen=True, slots=True)
class Mlp:
    """Neurons: output = relu(input @ w_in + b_in) @ w_out.

    Attributes:
        input: Space that is read.
        output: Space that is written.
        w_in: Shape [input, neurons].
        b_in: Shape [neurons].
        w_out: Shape [neurons, output].
        determined: Pairs of a variable's label and a matrix of shape [neurons, its width]:
            the neurons times that matrix are the variable itself, so that it can be
            erased by these neurons.
    """

    input: Space
    output: Space
    w_in: FloatArray
    b_in: FloatArray
    w_out: FloatArray
    determined: tuple[tuple[str, FloatArray], ...] = ()

    @property
    def neurons(self) -> int:
        """Number of hidden units."""
        return int(self.w_in.shape[1])


Block = Head | Mlp

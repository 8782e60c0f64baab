"""The two kinds of component: attention heads and MLPs, as matrices over named spaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optitracr.craft.spaces import FloatArray, Space

if TYPE_CHECKING:
    from jaxtyping import Float


@dataclass(frozen=True, slots=True)
class Head:
    """An attention head, factored (Elhage et al. 2021: the QK and OV circuits).

    With x the residual stream, the logit of a key for a query is
    (x_query @ w_query + b_query) @ (x_key @ w_key), without division by the root of the
    head size; what is written is the attention-weighted mean of
    (x_value @ w_value + b_value), times w_output.

    Attributes:
        query: Space that queries read.
        key: Space that keys read.
        value: Space that values read.
        output: Space that is written.
        w_query: Shape [query, inner].
        b_query: Shape [inner].
        w_key: Shape [key, inner].
        w_value: Shape [value, columns].
        b_value: Shape [columns].
        w_output: Shape [columns, output].
    """

    query: Space
    key: Space
    value: Space
    output: Space
    w_query: Float[FloatArray, "query inner"]
    b_query: Float[FloatArray, " inner"]
    w_key: Float[FloatArray, "key inner"]
    w_value: Float[FloatArray, "value columns"]
    b_value: Float[FloatArray, " columns"]
    w_output: Float[FloatArray, "columns output"]

    @property
    def standard_head_size(self) -> int:
        """Tracr's head size: the longest side of its two matrices."""
        return max(len(self.query), len(self.key), len(self.value), len(self.output))

    @property
    def query_key_rank(self) -> int:
        """Head size that the QK circuit needs."""
        return int(self.w_query.shape[1])

    @property
    def value_width(self) -> int:
        """Columns of a head that the OV circuit needs."""
        return int(self.w_value.shape[1])


@dataclass(frozen=True, slots=True)
class Determined:
    """A variable that the neurons of an MLP determine linearly, so that they can erase it.

    Attributes:
        label: The variable.
        weights: Shape [neurons, width]: the neurons times these are the variable itself,
        constant: Shape [width]: less this, at BOS too; None for zero.
    """

    label: str
    weights: Float[FloatArray, "neurons width"]
    constant: Float[FloatArray, " width"] | None = None


@dataclass(frozen=True, slots=True)
class Mlp:
    """Neurons: output = relu(input @ w_in + b_in) @ w_out + b_out.

    Attributes:
        input: Space that is read.
        output: Space that is written.
        w_in: Shape [input, neurons].
        b_in: Shape [neurons].
        w_out: Shape [neurons, output].
        determined: The variables that these neurons can erase.
        b_out: Shape [output]; None for zero.
    """

    input: Space
    output: Space
    w_in: Float[FloatArray, "input neurons"]
    b_in: Float[FloatArray, " neurons"]
    w_out: Float[FloatArray, "neurons output"]
    determined: tuple[Determined, ...] = ()
    b_out: Float[FloatArray, " output"] | None = None

    @property
    def neurons(self) -> int:
        """Number of hidden units."""
        return int(self.w_in.shape[1])


Block = Head | Mlp

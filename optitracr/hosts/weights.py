"""The weights of a guest, over its own columns of the stream, for norms that are not yet folded.

What is read is what the norm gives, in units of a guest's amplitude times the middle scale; what is
written is in units of that amplitude.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Float


@dataclass(frozen=True, slots=True, eq=False)
class HeadWeights:
    """One head of a guest.

    Attributes:
        sublayer: Where it stands in the guest.
        query: Shape [columns, head size]; the logit is the product with the key, undivided.
        bias: Shape [head size], what is added to the query.
        key: Shape [columns, head size].
        value: Shape [columns, head size].
        output: Shape [head size, columns].
    """

    sublayer: int
    query: Float[FloatArray, "columns head"]
    bias: Float[FloatArray, " head"]
    key: Float[FloatArray, "columns head"]
    value: Float[FloatArray, "columns head"]
    output: Float[FloatArray, "head columns"]


@dataclass(frozen=True, slots=True, eq=False)
class NeuronWeights:
    """The neurons of one table.

    Attributes:
        output: The name of what they write.
        sublayer: Where they stand in the guest.
        inward: Shape [columns, neurons].
        bias: Shape [neurons].
        outward: Shape [neurons, columns].
        classes: Shape [neurons, classes]: what each writes of each class of the output.
    """

    output: str
    sublayer: int
    inward: Float[FloatArray, "columns neurons"]
    bias: Float[FloatArray, " neurons"]
    outward: Float[FloatArray, "neurons columns"]
    classes: Float[FloatArray, "neurons classes"]

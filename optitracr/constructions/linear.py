"""What is linear in some numbers, in every row of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

DEPENDENT = 1e-9
"""Part of the largest singular value up to which another is none: rounding leaves less of it."""


@dataclass(frozen=True, slots=True)
class Span:
    """All that is linear in some columns.

    Attributes:
        columns: Shape [rows, columns].
        basis: Shape [rows, rank]: orthonormal, of the same span.
        back: Shape [columns, rank]: the weights of the columns that are each vector of the basis.
    """

    columns: Float[FloatArray, "rows columns"]
    basis: Float[FloatArray, "rows rank"]
    back: Float[FloatArray, "columns rank"]

    @classmethod
    def of(cls, columns: Float[FloatArray, "rows columns"]) -> Span:
        """The span of the columns of an array, none of which need be independent of others."""
        scale = abs(columns).max(axis=0, initial=0.0)
        scale[scale == 0.0] = 1.0
        left, sizes, right = np.linalg.svd(columns / scale, full_matrices=False)
        rank = int((sizes > DEPENDENT * sizes.max(initial=0.0)).sum())
        back = right[:rank].T / sizes[:rank] / scale[:, None]
        return cls(columns, left[:, :rank], back)

    def weights(
        self, wanted: Float[FloatArray, "rows outputs"], exact_to: float, largest: float
    ) -> tuple[Float[FloatArray, "columns outputs"], Bool[NDArray[np.bool_], " outputs"]]:
        """What the columns are multiplied with to be something else in every row.

        Args:
            wanted: What they should be.
            exact_to: The largest error that counts as none.
            largest: The largest weight.

        Returns:
            The weights, and for which outputs there are any, and as small.
        """
        found = (self.back @ (self.basis.T @ wanted)).round(ROUNDED)
        off = abs(self.columns @ found - wanted).max(axis=0, initial=0.0)
        return found, (off <= exact_to) & (abs(found).max(axis=0, initial=0.0) <= largest)


ROUNDED = 12
"""Digits of weights that are kept: what is whole comes out whole."""

"""How far the logit that is meant leads, whatever is off in the residual stream.

What is off in a number of the stream is off in all logits that are made of it, so that it counts in
the difference of two as far as their weights differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.bounded import Bounded, FloatArray, mapped

if TYPE_CHECKING:
    from jaxtyping import Float, Int

UNKNOWN = -2
"""The place of a value among the outputs, if it is none of them."""

CHOSEN = 0.5
"""What the largest logit of an output has to pass, so that it is not None."""


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What the unembedding makes of rows of the residual stream.

    Attributes:
        rows: The rows, [rows, columns].
        unembed: From these columns to the outputs.
        scores: The logits, [rows, outputs].
    """

    rows: Bounded
    unembed: Float[NDArray[np.floating], "columns outputs"]
    scores: Bounded

    @classmethod
    def by(cls, rows: Bounded, unembed: NDArray[np.floating]) -> Told:
        """What an unembedding makes of rows."""
        return cls(rows, unembed, mapped(rows, unembed))

    def of(self, part: Any) -> Told:
        """The same of some rows, in any order."""
        return Told(self.rows[part], self.unembed, self.scores[part])

    def leads(self, places: Int[NDArray[np.intp], " rows"]) -> tuple[FloatArray, FloatArray]:
        """By how much the logit that is meant leads at least, and is behind at least.

        Args:
            places: The output that is meant, -1 where it is None.
        """
        lead, behind = _apart(self.scores, places)
        short = np.flatnonzero(~(lead > 0.0) & (places >= 0))
        short = short[np.isfinite(self.rows.error[short]).all(axis=1)]
        if len(short):
            lead[short] = np.maximum(lead[short], self.of(short)._together(places[short]))
        return lead, behind

    def _together(self, places: NDArray[np.intp]) -> FloatArray:
        """The lead, with what is off in one number counted once for all logits."""
        rows, weights = self.rows, np.asarray(self.unembed, dtype=np.float64)
        still = mapped(Bounded.exact(rows.center), self.unembed, apart=rows.error)
        apart = np.zeros_like(still.center)
        for column in np.flatnonzero(rows.error.any(axis=0)):
            own = weights[column]
            apart += rows.error[:, column, None] * np.abs(own[places][:, None] - own)
        row = np.arange(len(places))
        least = still.center[row, places] - still.error[row, places]
        ahead = least[:, None] - still.center - still.error - apart
        ahead[row, places] = np.inf
        alone = least - (rows.error * np.abs(weights[:, places].T)).sum(axis=1) - CHOSEN
        return np.asarray(np.minimum(ahead.min(axis=1, initial=np.inf), alone))


def _apart(scores: Bounded, places: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
    """The lead and what is behind, each logit anywhere within its own bounds."""
    count, outputs = scores.center.shape
    least, most = scores.center - scores.error, scores.center + scores.error
    none = np.full((count, 1), CHOSEN)
    least, most = np.concatenate([least, none], axis=1), np.concatenate([most, none], axis=1)
    own = np.where(places < 0, outputs, places)
    row = np.arange(count)
    least_own, most_own = least[row, own], most[row, own]
    others_most, others_least = most.copy(), least.copy()
    others_most[row, own] = others_least[row, own] = -np.inf
    lead, behind = least_own - others_most.max(axis=1), others_least.max(axis=1) - most_own
    # An output that the model does not know is wrong, whatever it says.
    unknown = places == UNKNOWN
    return np.where(unknown, -1.0, lead), np.where(unknown, 1.0, behind)

"""Pairs of inputs for one variable at one place, and what comes of interchanges in a subspace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.benchmark.network import Network
from optitracr.model.forward import choose
from optitracr.model.transformer import Transformer, architecture_of

Subspace = NDArray[np.float64]
"""Shape [d_model, dimensions]: columns of length one, at right angles."""

LEAST_SHARE = 1e-6
"""Of the longest direction, below which one is none: some rounding errors of float32."""


NUMBER_ERROR = 0.05
"""Of numbers that are right, as InterpBench takes them: means of the library are further apart."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Pairs of a base and a source, of which a variable takes the source's value.

    Attributes:
        model: The model.
        network: The same in PyTorch.
        state: The place in the residual stream.
        tokens: Shape [pairs, seq]: the bases.
        residual: Shape [pairs, seq, d_model]: their residual streams, as tensors.
        source_residual: The same of the sources.
        both: Shape [pairs, seq]: positions that base and source have; BOS is none.
        inside: Shape [pairs, seq]: positions that the base has.
        values: Shape [pairs, seq]: which value the variable has on the base; 0 stands for None,
            and is at BOS and padding too.
        wanted: Shape [pairs, seq]: the program's output under interchange, as the model gives
            outputs: a number, or the integer of a value, -1 for None.
        effect: Shape [pairs]: whether that is another output than the base's.
    """

    model: Transformer
    network: Network
    state: int
    tokens: NDArray[np.int32]
    residual: Any
    source_residual: Any
    both: NDArray[np.bool_]
    inside: NDArray[np.bool_]
    values: NDArray[np.int64]
    wanted: NDArray[np.float64]
    effect: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.tokens)

    def taken(self, rows: Any) -> Examples:
        """Some of the pairs."""
        places = self.network.integers(rows)
        return replace(
            self,
            tokens=self.tokens[rows],
            residual=self.residual[places],
            source_residual=self.source_residual[places],
            both=self.both[rows],
            inside=self.inside[rows],
            values=self.values[rows],
            wanted=self.wanted[rows],
            effect=self.effect[rows],
        )

    def logits(self, basis: Any) -> Any:
        """What the model says on the bases where a subspace holds what it holds on the sources.

        Args:
            basis: A tensor of shape [d_model, dimensions], of columns at right angles of length
                one; gradients by it are known.
        """
        gap = (self.source_residual - self.residual) * self.residual.new_tensor(
            self.both[..., None]
        )
        changed = self.residual + (gap @ basis) @ basis.T
        # A published form has one vocabulary for what it reads and says, outputs first.
        outputs = self.model.unembed.shape[1]
        return self.network.onwards(self.state, changed, self.tokens)[..., :outputs]

    def right(self, subspace: Subspace) -> NDArray[np.bool_]:
        """Shape [pairs]: whether that is the program's output at every position.

        Args:
            subspace: Shape [d_model, dimensions].
        """
        with self.network.no_gradients():
            logits = self.logits(self.residual.new_tensor(subspace)).numpy()
        architecture = architecture_of(self.model)
        said = choose(np, architecture, logits)
        if architecture.categorical:
            same = said == self.wanted
        else:
            same = np.abs(said - self.wanted) <= NUMBER_ERROR
        found: NDArray[np.bool_] = (same | ~self.inside).all(axis=1)
        return found

    def accuracy(self, subspace: Subspace) -> float:
        """The share of pairs whose output is right.

        Those on which the interchange changes the output count half, and those on which it
        changes nothing the other half: to set nothing has a half.

        Args:
            subspace: Shape [d_model, dimensions].
        """
        right = self.right(subspace)
        kinds = [right[self.effect], right[~self.effect]]
        return float(np.mean([kind.mean() for kind in kinds if len(kind)]))


def orthonormal(directions: NDArray[np.floating]) -> Subspace:
    """The subspace that directions span.

    Args:
        directions: Shape [d_model, directions].
    """
    if directions.shape[1] == 0:
        return np.zeros(directions.shape)
    left, sizes, _ = np.linalg.svd(np.asarray(directions, dtype=np.float64), full_matrices=False)
    return np.asarray(left[:, sizes > LEAST_SHARE * max(sizes[0], 1e-300)])

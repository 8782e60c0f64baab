"""What a guest has to know of a host: its norms, its heads and its neurons, as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optitracr.hosts.scales import Scale

if TYPE_CHECKING:
    from jaxtyping import Float

    from optitracr.craft.spaces import FloatArray


@dataclass(frozen=True, slots=True)
class Neuron:
    """An activation that is 0 far below and its argument far above, to float32.

    Attributes:
        name: What the host calls it.
        bent: How far from 0 it is neither.
        half_step: Half the height of a step that a pair of neurons makes: the less, the smaller
            are weights, and the more is rounded of its height.
    """

    name: str
    bent: float
    half_step: float = 1.0

    @property
    def saturated(self) -> float:
        """How far from its threshold a step is 0 or at full height."""
        return self.bent + self.half_step


GELU = Neuron("gelu", bent=6.5)
"""Both forms of GELU: beyond 6, the part of the normal distribution that is left is below 2^-24."""

SILU = Neuron("silu", bent=22.0)
"""x times the logistic function of x, which at -22 is below 2^-27."""

AT_BOS = 1e-4
"""Part by which the scale at BOS may differ from the one that weights are made for: what another
order of summation rounds differently is far less."""

HALF_STEPS = (1.0, 2.0, 4.0, 8.0)
"""What is tried in turn: at 8 the least that a step differs by is a third of what it reads."""


@dataclass(frozen=True, slots=True)
class HostSetting:
    """A host, as far as a guest depends on it.

    Attributes:
        head_size: Columns of a head.
        turns: For each dimension of a head that keys may use, by how much one position turns it
            against another, in radians, least first; all 0 without rotary positions.
        neuron: Its activation.
        subtracts_mean: Whether its norms do.
        layers: The layers of the host that hold the layers of the guest.
        scales: The scale of each norm: of attention and MLP of each layer in turn.
        lead: What BOS weighs against a key where heads count: of c keys the share of BOS is
            lead / (lead + c). As many as there are positions keep large counts furthest apart;
            queries have to have a bias for any but 1.
    """

    head_size: int
    turns: tuple[float, ...]
    neuron: Neuron
    subtracts_mean: bool
    layers: tuple[int, ...]
    scales: tuple[Scale, ...]
    lead: float = 1.0

    def norm(self, sublayer: int) -> int:
        """The norm that a sublayer of the guest reads through."""
        return 2 * self.layers[sublayer // 2] + sublayer % 2

    def scale(self, sublayer: int) -> Scale:
        """The scale of that norm."""
        return self.scales[self.norm(sublayer)]

    def cosines(self, positions: int) -> Float[FloatArray, " dimensions"]:
        """The least that a dimension of a head multiplies by, over all distances."""
        return np.asarray(np.cos(np.asarray(self.turns) * positions))

"""All weights of a guest, part by part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from optitracr.craft.spaces import FloatArray
from optitracr.hosts.amplitudes import Amplitude
from optitracr.hosts.classes import classes_of
from optitracr.hosts.guest import Guest, HeadPart
from optitracr.hosts.heads import Holding, head_weights
from optitracr.hosts.layout import laid_out
from optitracr.hosts.setting import HostSetting
from optitracr.hosts.tables import table_weights
from optitracr.hosts.weights import HeadWeights, NeuronWeights

if TYPE_CHECKING:
    from jaxtyping import Float


@dataclass(frozen=True, slots=True, eq=False)
class GuestWeights:
    """A guest as weights over its own columns.

    Attributes:
        guest: The guest.
        holding: What is held where.
        heads: Its heads.
        neurons: Its neurons.
        amplitudes: The amplitude of each variable, by name.
    """

    guest: Guest
    holding: Holding
    heads: tuple[HeadWeights, ...]
    neurons: tuple[NeuronWeights, ...]
    amplitudes: dict[str, Amplitude]

    def grown(self, growth: Float[FloatArray, " columns"]) -> GuestWeights:
        """The same for columns that hold more of what is written, each by a factor."""
        heads = tuple(
            replace(
                head,
                query=head.query / growth[:, None],
                key=head.key / growth[:, None],
                value=head.value / growth[:, None],
                output=head.output * growth,
            )
            for head in self.heads
        )
        neurons = tuple(
            replace(each, inward=each.inward / growth[:, None], outward=each.outward * growth)
            for each in self.neurons
        )
        return replace(self, heads=heads, neurons=neurons)


def guest_weights(guest: Guest, setting: HostSetting) -> GuestWeights:
    """Computes the weights of a guest.

    Args:
        guest: The guest.
        setting: The host.

    Raises:
        LimitError: If a part does not fit, or the scales leave no margin; with the figure.
    """
    classes = classes_of(guest)
    holding = Holding(
        setting, classes, laid_out(guest, classes, setting.subtracts_mean), guest.positions
    )
    known = {held.name: Amplitude() for held in guest.held}
    heads: list[HeadWeights] = []
    neurons: list[NeuronWeights] = []
    for part in guest.parts:
        if isinstance(part, HeadPart):
            made, known[part.output.name] = head_weights(part, holding, known)
            heads += made
        else:
            is_read = part.output.name in guest.read
            one, known[part.output.name] = table_weights(part, holding, known, is_read)
            neurons.append(one)
    return GuestWeights(guest, holding, tuple(heads), tuple(neurons), known)

"""All weights of a guest, part by part."""

from __future__ import annotations

from dataclasses import dataclass

from optitracr.hosts.amplitudes import Amplitude
from optitracr.hosts.classes import classes_of
from optitracr.hosts.guest import Guest, HeadPart
from optitracr.hosts.heads import Holding, head_weights
from optitracr.hosts.layout import laid_out
from optitracr.hosts.setting import HostSetting
from optitracr.hosts.tables import table_weights
from optitracr.hosts.weights import HeadWeights, NeuronWeights


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


def guest_weights(guest: Guest, setting: HostSetting) -> GuestWeights:
    """Computes the weights of a guest.

    Args:
        guest: The guest.
        setting: The host.

    Raises:
        LimitError: If a part does not fit, or the scales leave no margin; with the figure.
    """
    classes = classes_of(guest)
    holding = Holding(setting, classes, laid_out(guest, classes), guest.positions)
    known = {held.name: Amplitude() for held in guest.held}
    heads: list[HeadWeights] = []
    neurons: list[NeuronWeights] = []
    for part in guest.parts:
        if isinstance(part, HeadPart):
            made, known[part.output.name] = head_weights(part, holding, known)
            heads += made
        else:
            one, known[part.output.name] = table_weights(part, holding, known)
            neurons.append(one)
    return GuestWeights(guest, holding, tuple(heads), tuple(neurons), known)

"""What a program in a host does to what the host says: it adds to logits, or along directions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from optitracr import arguments
from optitracr.craft.spaces import FloatArray
from optitracr.errors import InputError
from optitracr.hosts.classes import NOWHERE
from optitracr.hosts.host_class import Host, HostClass
from optitracr.hosts.placed import GuestWeights

if TYPE_CHECKING:
    from jaxtyping import Float

Value = Any


@dataclass(frozen=True, slots=True)
class Steering:
    """What each value of a program's output adds.

    Attributes:
        logits: For some values what they add to the logits of some token ids.
        directions: For some values a vector that they add to the host's stream.
    """

    logits: Mapping[Value, Mapping[int, float]] = field(default_factory=dict)
    directions: Mapping[Value, FloatArray] = field(default_factory=dict)

    @property
    def is_wanted(self) -> bool:
        """Whether anything is added."""
        return bool(self.logits or self.directions)


def finite(name: str, value: object, least: float | None = None) -> float:
    """A finite number.

    Raises:
        InputError: If it is none, or smaller than `least`.
    """
    found = float(arguments.number(name, value, least))
    return found if math.isfinite(found) else arguments.refuse(name, value, "a finite number")


def checked_steering(
    logits: Mapping[Value, Mapping[int, float]] | None,
    directions: Mapping[Value, Sequence[float]] | None,
    vocabulary: int,
    width: int,
) -> Steering:
    """What the user asks to be added.

    Args:
        logits: For some values what they add to the logits of some token ids.
        directions: For some values a vector of the host's width.
        vocabulary: Tokens of the host.
        width: Columns of the host.

    Raises:
        InputError: If it is not that.
    """
    wanted = "a dict of values of the program and what each adds to which token ids"
    added: dict[Value, dict[int, float]] = {}
    for value, by_token in _listed("logits", logits, wanted).items():
        listed = arguments.instance("logits", by_token, Mapping, wanted)
        added[value] = {
            arguments.integer("a token id of logits", token, 0, vocabulary - 1): finite(
                "a strength of logits", strength
            )
            for token, strength in listed.items()
        }
    wanted = f"a dict of values of the program and a vector of {width} numbers for each"
    vectors: dict[Value, FloatArray] = {}
    for value, vector in _listed("directions", directions, wanted).items():
        try:
            found = np.asarray(vector, dtype=np.float64)
        except Exception:
            found = np.zeros(0)
        if found.shape != (width,) or not np.isfinite(found).all():
            arguments.refuse("directions", vector, wanted)
        vectors[value] = found
    return Steering(added, vectors)


def _listed(name: str, given: object, wanted: str) -> Mapping[Value, Any]:
    """A dict, empty if nothing is given."""
    found: Mapping[Value, Any] = arguments.instance(
        name, {} if given is None else given, Mapping, wanted
    )
    return found


def steer(
    weights: GuestWeights,
    host_class: HostClass,
    new: Host,
    steering: Steering,
    first: int,
    starts: Mapping[int, int],
    growth: Float[FloatArray, " columns"],
) -> None:
    """Writes what is added into a host with a guest.

    Args:
        weights: The guest, whose output is a one-hot that neurons write.
        host_class: The host's.
        new: The host with the guest.
        steering: What is added.
        first: The first column of the guest.
        starts: For each part of the guest that is neurons, by its place, its first neuron.
        growth: How much more than the embeddings each column of the guest holds.

    Raises:
        InputError: If the program's output has no such value.
    """
    held = weights.guest.output.held
    columns = weights.holding.columns(held)
    classes = _classes(weights, [*steering.logits, *steering.directions])
    added = np.zeros((weights.holding.layout.width, host_class.sizes(new).vocabulary))
    for value, by_token in steering.logits.items():
        for token, strength in by_token.items():
            added[columns[classes[value]], token] += strength
    new.lm_head.weight[:, first : first + len(added)] += host_class.read(added / growth[:, None]).T
    vectors = np.zeros((len(columns), first))
    for value, vector in steering.directions.items():
        vectors[classes[value]] += vector
    place = next(i for i, each in enumerate(weights.neurons) if each.output == held.name)
    own = weights.neurons[place]
    layer = weights.holding.setting.layers[own.sublayer // 2]
    host_class.add_outward(new, layer, starts[place], own.classes @ vectors)


def _classes(weights: GuestWeights, values: Sequence[Value]) -> dict[Value, int]:
    """The class of each value of the output."""
    output = weights.guest.output
    own = weights.holding.classes[output.held.name]
    known = {value: int(own[entry]) for entry, value in enumerate(output.values)}
    for value in values:
        if known.get(value, NOWHERE) == NOWHERE:
            shown = ", ".join(repr(x) for x, each in known.items() if each != NOWHERE)
            raise InputError(f"the program is never {value!r}; its values are {shown}")
    return known

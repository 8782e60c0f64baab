"""Compiles a program into a trained host, beside what the host computes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from optitracr import arguments, rasp
from optitracr.errors import InputError, LimitError
from optitracr.graph.tabled import TabledProgram
from optitracr.hosts.amplitudes import NoisyError
from optitracr.hosts.delaying import delayed
from optitracr.hosts.guest import Guest
from optitracr.hosts.host_class import Host, HostClass
from optitracr.hosts.hosting import host_class_of
from optitracr.hosts.ids import checked_ids
from optitracr.hosts.implanted import Implant
from optitracr.hosts.llama import LARGEST_TURN
from optitracr.hosts.lowering import Ways, lowered
from optitracr.hosts.measuring import scales
from optitracr.hosts.placed import GuestWeights, guest_weights
from optitracr.hosts.placing import place
from optitracr.hosts.programs import for_host
from optitracr.hosts.reporting import reported
from optitracr.hosts.scales import Scale, measured
from optitracr.hosts.setting import HostSetting
from optitracr.hosts.steering import checked_steering, finite
from optitracr.hosts.symbols import checked_symbols

Value = Any


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of an implant, as the user gave it; see `optitracr.implant`."""

    program: rasp.SOp
    tokens: Mapping[int, Value]
    bos: int
    max_seq_len: int
    texts: Any
    layers: Sequence[int] | None
    widen: float
    logits: Mapping[Value, Mapping[int, float]] | None = None
    directions: Mapping[Value, Sequence[float]] | None = None


def implanted(asked: Asked, host: Host) -> Implant:
    """The host with the program that is asked for.

    Args:
        asked: The program, and how it is put into a host.
        host: The host, which stays as it is.
    """
    host_class = host_class_of(host)
    sizes = host_class.sizes(host)
    bos = arguments.integer("bos", asked.bos, least=0, most=sizes.vocabulary - 1)
    symbols = checked_symbols(asked.tokens, bos, sizes.vocabulary)
    most = sizes.positions - 1
    longest = arguments.integer("max_seq_len", asked.max_seq_len, least=1, most=most)
    ids = checked_ids(asked.texts, bos, sizes.vocabulary, "texts", most)
    factor = finite("widen", asked.widen, least=1)
    steering = checked_steering(asked.logits, asked.directions, sizes.vocabulary, sizes.width)
    tabled, _ = for_host(asked.program, list(symbols.values()), longest)
    every = range(2 * sizes.layers + 1)
    found = {norm: measured(x) for norm, x in scales(host_class, host, ids, every).items()}
    _check_finite(found)
    setting = HostSetting(
        sizes.head_size,
        _turns(host_class, host, longest),
        host_class.neuron(host),
        host_class.subtracts_mean,
        (),
        tuple(found[norm].widened(factor) for norm in every),
    )
    ways = Ways(host_class.embeds_positions)
    weights = _weights(tabled, ways, longest, setting, asked.layers, steering.is_wanted)
    new, placement = place(weights, host_class, host, symbols, bos, found, steering)
    report = reported(host_class, host, new, ids, placement)
    return Implant(new, placement, report, bos, longest, host_class, weights)


def _check_finite(found: Mapping[int, Scale]) -> None:
    """Refuses a host whose stream float32 does not hold."""
    for norm, scale in found.items():
        ends = (scale.low, scale.high, scale.bos)
        if not all(map(math.isfinite, ends)) or min(ends) <= 0.0:
            part = "MLP" if norm % 2 else "attention"
            before = f" before the {part} of layer {norm // 2}" if norm + 1 < len(found) else ""
            raise LimitError(
                f"the host's norm{before or ' at the end'} multiplies by {scale.low:.3g} to "
                f"{scale.high:.3g} on texts and by {scale.bos:.3g} at BOS, which leaves no room "
                "for a program; give a host, or texts, on which it is finite and larger than 0"
            )


def _weights(
    program: TabledProgram,
    ways: Ways,
    longest: int,
    setting: HostSetting,
    layers: Sequence[int] | None,
    written: bool,
) -> GuestWeights:
    """The weights of a program; what heads read is written again where it has to be cleaner."""
    clean: frozenset[str] = frozenset()
    while True:
        guest = lowered(program, ways, longest, written, clean)
        plain = replace(setting, layers=_layers(guest, setting.scales, layers))
        leading = replace(plain, lead=float(longest))
        for some, own in ((delayed(guest), leading), (delayed(guest), plain), (guest, leading)):
            try:
                return guest_weights(some, own)
            except LimitError:
                continue
        try:
            return guest_weights(guest, plain)
        except NoisyError as error:
            if clean.issuperset(error.noisy):
                raise
            clean |= frozenset(error.noisy)


def _turns(host_class: HostClass, host: Host, longest: int) -> tuple[float, ...]:
    """How far a position turns each dimension of a head that keys may use."""
    found = [turn for _, turn in host_class.turns(host)]
    return tuple(turn for turn in found if turn * longest <= LARGEST_TURN)


def _layers(guest: Guest, found: Sequence[Scale], layers: Sequence[int] | None) -> tuple[int, ...]:
    """The layers of the host that hold those of the guest."""
    count = len(found) // 2
    if layers is None:
        if guest.layers > count:
            raise LimitError(
                f"the program takes {guest.layers} layers in a host, and this one has {count}"
            )
        worst = {x: max(found[2 * x].ratio, found[2 * x + 1].ratio) for x in range(count)}
        return tuple(sorted(sorted(worst, key=lambda x: worst[x])[: guest.layers]))
    chosen = arguments.sequence("layers", layers, "a sequence of layers of the host")
    chosen = [arguments.integer("a layer", x, least=0, most=count - 1) for x in chosen]
    if chosen != sorted(set(chosen)):
        raise InputError(f"layers are {chosen}; give different ones in ascending order")
    if len(chosen) < guest.layers:
        raise LimitError(
            f"the program takes {guest.layers} layers in a host, and {len(chosen)} are given"
        )
    return tuple(chosen[: guest.layers])

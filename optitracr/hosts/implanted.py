"""A host with a program in it: what the program says at each position, and where that is sure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from optitracr.craft.spaces import FloatArray
from optitracr.errors import InputError
from optitracr.hosts.guest import Codes, Kind
from optitracr.hosts.host_class import Host, HostClass, checked_float32
from optitracr.hosts.ids import checked_ids
from optitracr.hosts.measuring import ROWS, streams
from optitracr.hosts.placed import GuestWeights
from optitracr.hosts.scales import Scale
from optitracr.hosts.setting import AT_BOS

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

Value = Any


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a guest is in its host.

    Attributes:
        layers: The layers of the host that hold the layers of the guest.
        first: The first column of the guest.
        columns: How many there are.
        heads: Heads that each layer has more.
        neurons: Neurons that each layer has more.
        unit: The amplitude of what embeddings hold of the guest.
        output_unit: That of its output, which may be larger where the host's stream is.
        scales: For each norm that the guest reads through the interval of its scale.
    """

    layers: tuple[int, ...]
    first: int
    columns: int
    heads: int
    neurons: int
    unit: float
    output_unit: float
    scales: dict[int, Scale]


@dataclass(frozen=True, slots=True)
class Report:
    """What an implant does to its host, on the texts that its interval was measured on.

    Attributes:
        logit_change: The largest change of a logit.
        logit_noise: The largest change of one where the host is evaluated in float64.
        perplexity: The host's perplexity.
        perplexity_change: By what part it changes.
        largest_gain: The largest gain of a norm over the guest's columns.
        largest_weight: The largest weight that reads or writes the guest's columns.
    """

    logit_change: float
    logit_noise: float
    perplexity: float
    perplexity_change: float
    largest_gain: float
    largest_weight: float


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """Where the norms of some texts lie within the intervals that an implant is exact for.

    Attributes:
        inside: Shape [batch, seq]: whether all do; then the program's value is exact there, if it
            also is True at each position before.
        worst: For each norm by how much, as a factor, a scale lies outside of its interval; 1 if
            none does.
    """

    inside: Bool[NDArray[np.bool_], "batch seq"]
    worst: dict[int, float]

    @property
    def exact(self) -> Bool[NDArray[np.bool_], "batch seq"]:
        """Where the program's value is exact: nothing up to there lies outside."""
        return np.logical_and.accumulate(self.inside, axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Implant:
    """A host with a program in it.

    Attributes:
        host: The new model, of the class of the host that was given.
        placement: Where the program is in it.
        report: What it does to the host.
        bos: The token at position 0.
        max_seq_len: Longest input, BOS not counted.
    """

    host: Host = field(repr=False)
    placement: Placement
    report: Report
    bos: int
    max_seq_len: int
    host_class: HostClass = field(repr=False)
    weights: GuestWeights = field(repr=False)

    @property
    def columns(self) -> dict[Value, int]:
        """The column of the stream for each value of the output, where each has one."""
        held = self.weights.guest.output.held
        classes = self.weights.holding.classes.get(held.name)
        own = self.placement.first + self.weights.holding.columns(held)
        if classes is None:
            return {}
        values = self.weights.guest.output.values
        return {
            value: int(own[each]) for value, each in zip(values, classes, strict=True) if each >= 0
        }

    def decode(self, ids: Any) -> list[list[Value]]:
        """The program's value at each position after BOS, of each row.

        Args:
            ids: Token ids, [batch, seq], BOS first.

        Returns:
            For each row a list of seq - 1 values.

        Raises:
            InputError: If ids are no such rows, or the norms lie outside of the intervals that
                the implant is exact for; `check` says where. Also if `host` has been moved from
                the CPU, to another precision, or to training mode.
        """
        codes, checked = self._run(ids)
        if not checked.inside.all():
            row, position = map(int, np.argwhere(~checked.inside)[0])
            raise InputError(
                f"at position {position} of row {row} a norm's scale lies outside of the interval "
                f"that it is exact for, by a factor of {max(checked.worst.values()):.3g}; "
                "check(ids) says where all are, and an implant made with such texts or a larger "
                "widen=... takes them"
            )
        return self._values(codes)

    def decode_unchecked(self, ids: Any) -> list[list[Value]]:
        """The same, also where it is not known to be exact; see `check`."""
        return self._values(self._run(ids)[0])

    def check(self, ids: Any) -> Checked:
        """Where norms lie within the intervals that the implant is exact for.

        Args:
            ids: Token ids, [batch, seq], BOS first.

        Raises:
            InputError: If ids are no such rows.
        """
        return self._run(ids)[1]

    def _values(self, codes: Codes) -> list[list[Value]]:
        values = self.weights.guest.output.values
        return [[values[code] for code in row] for row in codes.tolist()]

    def _run(self, ids: Any) -> tuple[Codes, Checked]:
        checked_float32(self.host)
        rows = checked_ids(ids, self.bos, self.host.config.vocab_size, "ids", self.max_seq_len)
        norms = list(self.placement.scales)
        last = len(self.host_class.norms(self.host)) - 1
        inside = np.ones(tuple(rows.shape), dtype=bool)
        worst = dict.fromkeys(norms, 1.0)
        codes: list[Codes] = []
        with torch.no_grad(), streams(self.host_class, self.host, [*norms, last]) as kept:
            for start in range(0, len(rows), ROWS):
                self.host(rows[start : start + ROWS])
                codes.append(self._decoded(kept[last]))
                for norm in norms:
                    scales = self.host_class.scale(self.host, kept[norm]).cpu().numpy()
                    beyond = outside(scales, self.placement.scales[norm])
                    inside[start : start + ROWS] &= beyond <= 1.0
                    worst[norm] = max(worst[norm], float(beyond.max(initial=1.0)))
        return np.concatenate(codes), Checked(inside, worst)

    def _decoded(self, stream: torch.Tensor) -> Codes:
        """The entry of the output at each position after BOS."""
        held, holding = self.weights.guest.output.held, self.weights.holding
        own = self.placement.first + holding.columns(held)
        read = stream[:, 1:, own].double().cpu().numpy() / self.placement.output_unit
        if held.kind is Kind.SHARE:
            lead = holding.setting.lead
            counts = np.rint(lead / read[..., 0] - lead).astype(np.intp)
            entries = np.asarray(held.entries)
            return entries[np.clip(counts, 0, len(entries) - 1)]
        first = np.array([int(np.argmax(holding.classes[held.name] == x)) for x in range(len(own))])
        return np.asarray(first[read.argmax(axis=-1)])


def outside(scales: Float[FloatArray, "batch seq"], scale: Scale) -> Float[FloatArray, "batch seq"]:
    """By what factor scales lie outside of their interval; 1 where they lie within."""
    found = np.maximum(np.maximum(scales / scale.high, scale.low / scales), 1.0)
    at_bos = abs(scales[:, 0] / scale.bos - 1.0)
    found[:, 0] = np.where(at_bos <= AT_BOS, 1.0, 1.0 + at_bos)
    return np.asarray(found)

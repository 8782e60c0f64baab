"""A host with a program in the place of one of its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch

from optitracr import rasp
from optitracr.compiled import CompiledModel
from optitracr.craft.spaces import FloatArray
from optitracr.hosts.component import Component
from optitracr.hosts.guest import Codes
from optitracr.hosts.host_class import Host
from optitracr.hosts.ids import checked_ids
from optitracr.hosts.interpreted import Interpreted
from optitracr.hosts.linear import read_values
from optitracr.hosts.sites import Site

Value = Any


@dataclass(frozen=True, slots=True)
class Explained:
    """How much of what a part does a program explains, on texts that no map was fitted on.

    Attributes:
        loss: The host's loss, as it is.
        loss_replaced: Its loss with the program in the part's place.
        loss_ablated: Its loss with the mean of what the part adds in its place.
        accuracy: Part of the targets that the host says.
        accuracy_replaced: Part that it says with the program.
        accuracy_ablated: Part that it says with the mean.
        agreement: Part of the positions at which the host says the same with the program.
        logit_change: The root of the mean square by which the program changes a logit.
        interchange: Part of the positions at which the host says the same with the value that the
            program has on another text as with what the part itself adds on that text.
    """

    loss: float
    loss_replaced: float
    loss_ablated: float
    accuracy: float
    accuracy_replaced: float
    accuracy_ablated: float
    agreement: float
    logit_change: float
    interchange: float

    @property
    def loss_recovered(self) -> float:
        """1 where the program does as well as the part, 0 where it does as its mean."""
        lost = self.loss_ablated - self.loss
        return (self.loss_ablated - self.loss_replaced) / lost if lost else 1.0

    @property
    def accuracy_kept(self) -> float:
        """The accuracy with the program as a part of the host's own."""
        return self.accuracy_replaced / self.accuracy if self.accuracy else 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Replacement:
    """A host with a program in the place of one of its parts.

    Attributes:
        host: The host as it was given.
        site: The part.
        component: The program, compiled.
        interpreted: What the host's tokens say of it.
        bos: The token at position 0, where the part stays as it is.
        readings: For each s-op that is read from the stream the map by which.
        writing: What is added for each value of the program, [values, width].
        explained: What the program explains; set once it is measured.
    """

    host: Host
    site: Site
    component: Component
    interpreted: Interpreted
    bos: int
    readings: Mapping[rasp.SOp, FloatArray]
    writing: FloatArray
    explained: Explained | None = None

    @property
    def model(self) -> CompiledModel:
        """The compiled model whose weights stand in the part's place."""
        return self.component.model

    def with_report(self, explained: Explained) -> Replacement:
        """The same with what it explains."""
        return replace(self, explained=explained)

    def values_of(self, ids: torch.Tensor, stream: FloatArray) -> Codes:
        """The program's value at each position after BOS, given what the part reads."""
        return self.component([self._read(each.sop, ids, stream) for each in self.component.reads])

    def _read(self, sop: rasp.SOp, ids: torch.Tensor, stream: FloatArray) -> Codes:
        if sop in self.readings:
            return read_values(stream[:, 1:], self.readings[sop])
        return self.interpreted.read(ids)

    @contextmanager
    def attached(self, ids: torch.Tensor) -> Iterator[None]:
        """Has the host compute with the program on some texts, for as long as this lasts."""

        def change(stream: torch.Tensor, added: torch.Tensor) -> torch.Tensor:
            codes = self.values_of(ids, stream.detach().double().cpu().numpy())
            return with_written(added, self.writing[codes])

        with self.site.changed(change):
            yield

    def logits(self, ids: Any) -> torch.Tensor:
        """What the host says with the program in the part's place, [batch, seq, vocabulary].

        Args:
            ids: Token ids, [batch, seq], BOS first.

        Raises:
            InputError: If ids are no such rows.
        """
        longest = self.model.setting.max_seq_len
        rows = checked_ids(ids, self.bos, self.host.config.vocab_size, "ids", longest)
        with torch.no_grad(), self.attached(rows):
            found: torch.Tensor = self.host(rows).logits
        return found


def with_written(added: torch.Tensor, written: FloatArray) -> torch.Tensor:
    """What a part adds, with something else at each position after BOS."""
    made = torch.tensor(written, dtype=added.dtype, device=added.device)
    return torch.cat([added[:, :1], made], dim=1)

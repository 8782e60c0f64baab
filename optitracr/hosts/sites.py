"""A part of a host, as hooks see it: what it reads of the stream, what it adds, and instead of it.

Parts are named by layer: "2.head.1", "2.mlp", and "2" for all of layer 2.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from optitracr import arguments
from optitracr.hosts.host_class import Host, HostClass

Change = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""From what a part reads of the stream and what it adds, each [batch, seq, width], to what is
added instead."""

NAME = re.compile(r"(\d+)(?:\.(?:head\.(\d+)|(mlp)))?")


class Site(ABC):
    """A part of a host.

    Attributes:
        host: The host.
    """

    host: Host

    @abstractmethod
    def hooks(self, change: Change) -> list[Any]:
        """Puts hooks on the host that have it add something else; the handles of these."""

    @contextmanager
    def changed(self, change: Change) -> Iterator[None]:
        """The host adds something else for as long as this lasts."""
        handles = self.hooks(change)
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


@dataclass(frozen=True, slots=True)
class HeadSite(Site):
    """A head: what it adds is its part of the output projection."""

    host: Host
    norm: Any
    projection: Any
    columns: slice
    outward: torch.Tensor

    def hooks(self, change: Change) -> list[Any]:
        """Before the projection the head's columns are cleared; after it the change is added."""
        kept: dict[str, torch.Tensor] = {}

        def of_stream(module: Any, inputs: tuple[torch.Tensor, ...]) -> None:
            kept["stream"] = inputs[0]

        def before(module: Any, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor]:
            mixed = inputs[0].clone()
            kept["added"] = mixed[..., self.columns] @ self.outward
            mixed[..., self.columns] = 0.0
            return (mixed,)

        def after(module: Any, inputs: Any, output: torch.Tensor) -> torch.Tensor:
            return output + change(kept["stream"], kept["added"])

        return [
            self.norm.register_forward_pre_hook(of_stream),
            self.projection.register_forward_pre_hook(before),
            self.projection.register_forward_hook(after),
        ]


@dataclass(frozen=True, slots=True)
class MlpSite(Site):
    """All neurons of a layer, with the bias of what they write."""

    host: Host
    norm: Any
    mlp: Any

    def hooks(self, change: Change) -> list[Any]:
        """What the MLP gives is changed."""
        kept: dict[str, torch.Tensor] = {}

        def of_stream(module: Any, inputs: tuple[torch.Tensor, ...]) -> None:
            kept["stream"] = inputs[0]

        def after(module: Any, inputs: Any, output: torch.Tensor) -> torch.Tensor:
            return change(kept["stream"], output)

        return [
            self.norm.register_forward_pre_hook(of_stream),
            self.mlp.register_forward_hook(after),
        ]


@dataclass(frozen=True, slots=True)
class LayerSite(Site):
    """A whole layer."""

    host: Host
    layer: Any

    def hooks(self, change: Change) -> list[Any]:
        """What the layer gives is what it reads and the change."""

        def after(module: Any, inputs: tuple[torch.Tensor, ...], output: Any) -> Any:
            stream = inputs[0]
            whole = output if isinstance(output, torch.Tensor) else output[0]
            made = stream + change(stream, whole - stream)
            return made if isinstance(output, torch.Tensor) else (made, *output[1:])

        return [self.layer.register_forward_hook(after)]


def site_of(host_class: HostClass, host: Host, part: str) -> Site:
    """The part of a host that a name stands for.

    Raises:
        InputError: If there is none.
    """
    sizes = host_class.sizes(host)
    heads = host.config.num_attention_heads
    found = NAME.fullmatch(part) if isinstance(part, str) else None
    wanted = (
        f'the name of a part of the host: "2", "2.mlp" or "2.head.1", of {sizes.layers} layers '
        f"with {heads} heads each, counted from 0"
    )
    if found is None or int(found[1]) >= sizes.layers or int(found[2] or 0) >= heads:
        arguments.refuse("part", part, wanted)
    layer = int(found[1])
    norms = host_class.norms(host)
    if found[3]:
        return MlpSite(host, norms[2 * layer + 1], host_class.mlp(host, layer))
    if found[2] is None:
        return LayerSite(host, host_class.layer(host, layer))
    projection, outward = host_class.projection(host, layer)
    columns = slice(int(found[2]) * sizes.head_size, (int(found[2]) + 1) * sizes.head_size)
    return HeadSite(host, norms[2 * layer], projection, columns, outward[columns])

"""Which hosts there are, and what is refused of others."""

from __future__ import annotations

from optitracr.architectures.classes import GPT2_CLASS, LLAMA_CLASS
from optitracr.arguments import shown
from optitracr.errors import InputError
from optitracr.hosts.gpt2 import Gpt2
from optitracr.hosts.host_class import Host, HostClass, checked_float32
from optitracr.hosts.llama import Llama

HOST_CLASSES: dict[str, HostClass] = {
    GPT2_CLASS.name: Gpt2(),
    LLAMA_CLASS.name: Llama(),
}
"""The classes of hosts, by the names that published transformers have."""


def host_class_of(host: Host) -> HostClass:
    """What the class of a host has to offer.

    Raises:
        InputError: If it is of another class, or of one with weights or options of its own.
    """
    name = type(host).__name__
    if name not in HOST_CLASSES or not type(host).__module__.startswith("transformers."):
        raise InputError(
            f"the host is {shown(type(host))}; give a model of transformers, of the class "
            f"{' or '.join(HOST_CLASSES)}"
        )
    found = HOST_CLASSES[name]
    checked_float32(host)
    _check_shared(host)
    found.check(host)
    return found


def _check_shared(host: Host) -> None:
    """Refuses weights that several parts share, but for those of the first and last."""
    first: dict[int, str] = {}
    may_be_shared = {id(host.get_input_embeddings().weight)}
    for name, weight in host.named_parameters(remove_duplicate=False):
        known = first.setdefault(weight.data_ptr(), name)
        if known != name and id(weight) not in may_be_shared:
            raise InputError(
                f"the host's '{known}' and '{name}' are one weight, which a wider host cannot tie "
                "again; give a host in which only the embedding and the last layer are tied"
            )
    _check_names(host)


def _check_names(host: Host) -> None:
    """Refuses weights that a host of its class does not have, such as adapters."""
    import copy

    import torch

    with torch.device("meta"):
        plain = type(host)(copy.deepcopy(host.config))
    known = {name: weight.shape for name, weight in plain.named_parameters()}
    own = {name: weight.shape for name, weight in host.named_parameters()}
    odd = [name for name in {*known, *own} if known.get(name) != own.get(name)]
    for name in sorted(odd):
        if name != "lm_head.weight":
            raise InputError(
                f"the host's weight '{name}' does not fit its configuration: it has shape "
                f"{own.get(name)}, and {known.get(name)} is expected; give a plain checkpoint "
                "of its class"
            )

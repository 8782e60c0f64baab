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
    found.check(host)
    _check_shared(host)
    return found


def _check_shared(host: Host) -> None:
    """Refuses weights that several parts share, but for those of the first and last."""
    first: dict[int, str] = {}
    ends = {id(host.get_input_embeddings()), id(host.get_output_embeddings())}
    may_be_shared = {
        f"{name}.weight" for name, module in host.named_modules() if id(module) in ends
    }
    for name, weight in host.named_parameters(remove_duplicate=False):
        known = first.setdefault(weight.data_ptr(), name)
        if known != name and not {known, name} <= may_be_shared:
            raise InputError(
                f"the host's '{known}' and '{name}' are one weight, which a wider host cannot tie "
                "again; give a host in which only the embedding and the last layer are tied"
            )
    _check_parts(host)


def _check_parts(host: Host) -> None:
    """Refuses parts that a host of its class and configuration does not have, such as adapters."""
    import copy

    import torch

    with torch.device("meta"):
        plain = type(host)(copy.deepcopy(host.config))
    expected, own = _parts(plain), _parts(host)
    for name in sorted({*expected, *own}):
        found, wanted = own.get(name, "missing"), expected.get(name, "nothing")
        if name not in expected or found != wanted:
            raise InputError(
                f"the host's '{name}' does not fit its configuration: it is {found}, where "
                f"{wanted} is expected; give a plain checkpoint of its class"
            )


def _parts(host: Host) -> dict[str, str]:
    """What each part of a host is, with its options, and the shape of each weight."""
    import torch

    modules = {
        name: f"{type(module).__name__}({module.extra_repr()})"
        for name, module in host.named_modules()
        if name and not isinstance(module, torch.nn.Dropout)
    }
    weights = host.named_parameters(remove_duplicate=False)
    return modules | {name: f"of shape {list(weight.shape)}" for name, weight in weights}

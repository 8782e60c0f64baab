"""Names of the model's parts: those of TransformerLens' hooks.

A part of a hook's tensor is written as it is sliced: `blocks.0.attn.hook_z[:, :, 1]` is
what head 1 of layer 0 gives, `blocks.0.mlp.hook_post[:, :, 3]` neuron 3.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from typing import SupportsIndex

from optitracr.arguments import shown
from optitracr.errors import InputError
from optitracr.model import names
from optitracr.model.names import Hook, PartName

TOKEN_EMBED, POSITION_EMBED = "hook_embed", "hook_pos_embed"
PORTS = ("query", "key", "value")
_PORT_HOOK = dict(zip(PORTS, names.PORTS, strict=True))


def head_name(layer: int, head: int) -> str:
    """The output of a head before its output matrix."""
    return str(PartName(layer, Hook.HEAD, head))


def port_name(layer: int, head: int, port: str) -> str:
    """The query, key or value of a head."""
    return str(PartName(layer, _PORT_HOOK[port], head))


def neuron_name(layer: int, neuron: int) -> str:
    """A neuron after its ReLU."""
    return str(PartName(layer, Hook.NEURON, neuron))


def mlp_name(layer: int) -> str:
    """What an MLP adds to the residual stream."""
    return str(PartName(layer, Hook.MLP))


def output_name(layers: int) -> str:
    """The last residual stream, which the unembedding reads.

    A model without layers has one of zeros in TransformerLens.
    """
    return f"blocks.{max(layers, 1) - 1}.hook_resid_post"


def state_name(state: int, layers: int) -> str:
    """The residual stream at a state (after so many sublayers)."""
    if state == 2 * layers:
        return output_name(layers)
    return f"blocks.{state // 2}.hook_resid_{'mid' if state % 2 else 'pre'}"


_SPELLINGS = (
    (re.compile(r"^blocks\.(\d+)\.attn\.hook_result\b"), r"blocks.\1.attn.hook_z"),
    (re.compile(r"^blocks\.(\d+)\.hook_([qkv])_input\b"), r"blocks.\1.attn.hook_\2"),
    (re.compile(r"^blocks\.(\d+)\.attn\.hook_([qkv])_input\b"), r"blocks.\1.attn.hook_\2"),
    (re.compile(r"^blocks\.(\d+)\.hook_mlp_in\b"), r"blocks.\1.hook_mlp_out"),
    (re.compile(r"^blocks\.(\d+)\.mlp\.hook_pre\b"), r"blocks.\1.mlp.hook_post"),
    (re.compile(r"^embed\.hook_out$"), TOKEN_EMBED),
    (re.compile(r"^pos_embed\.hook_out$"), POSITION_EMBED),
)
"""Other names of the same parts, in patching code and in TransformerLens."""

_SLICE = re.compile(r"\[(?:\s*(?::|None|\.\.\.)\s*,)*\s*(\d+)\s*\]$")


def canonical(part: object) -> str:
    """The name by which graphs know a part.

    Args:
        part: A hook's name, with the index of the head or neuron behind it where it has one:
            "blocks.0.attn.hook_result[:, :, 1]", "blocks.0.hook_q_input[1]"; or a pair of a
            hook and an index, ("blocks.0.hook_q_input", 1).

    Raises:
        InputError: If it is neither a string nor such a pair.
    """
    name, place = _split(part)
    found = _SLICE.search(name)
    if found and place is not None:
        raise InputError(f"{shown(part)} has two indices; give one of them")
    if found:
        name, place = name[: found.start()], int(found.group(1))
    for pattern, usual in _SPELLINGS:
        name = pattern.sub(usual, name)
    return name if place is None else f"{name}[:, :, {place}]"


def _split(part: object) -> tuple[str, int | None]:
    if isinstance(part, str):
        return part, None
    if isinstance(part, Sequence) and len(part) == 2:
        name, index = part
        if (
            isinstance(name, str)
            and isinstance(index, SupportsIndex)
            and not isinstance(index, bool)
        ):
            return name, operator.index(index)
    raise InputError(
        f"{shown(part)} names no part of a model; give a hook's name such as "
        f"{head_name(0, 1)!r}, or a pair of a hook and an index"
    )

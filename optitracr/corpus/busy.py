"""Heads that work beside a circuit: they attend and write, and no output hangs on them.

They write to columns of the residual stream that hold nothing of the program, and that no other
part reads. So every output is the same to the last digit, while weights and activations are there
that a method has to tell from those of the circuit.
"""

from __future__ import annotations

import zlib

import numpy as np

from optitracr.model.names import PORTS, Linear, linear_name
from optitracr.model.record import HEAD
from optitracr.model.transformer import Transformer

LARGEST = 1.0
"""Of a weight: most weights of compiled models are one, and few are less."""


def make_busy(model: Transformer, count: int, name: str) -> None:
    """Gives the last spare heads of each layer weights; nothing of the model is proven before.

    Queries, keys and values read every column. Outputs go to those that hold nothing, each head's
    to one of its own.

    Args:
        model: A model with so many spare heads and columns.
        count: How many heads of each layer.
        name: What weights are drawn by.
    """
    config = model.model_config
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    held = [column for tenancy in model.layout.tenancies for column in tenancy.columns]
    empty = iter(np.setdiff1d(np.arange(model.layout.width), held).tolist())
    used = {(node.layer, node.index[0]) for node in model.record.nodes if node.kind == HEAD}
    for layer in range(config.num_layers):
        spare = [head for head in range(config.num_heads) if (layer, head) not in used]
        for head in spare[len(spare) - count :]:
            own = slice(head * config.key_size, (head + 1) * config.key_size)
            for part in PORTS.values():
                weight = model.params[linear_name(layer, part)]["w"]
                weight[:, own] = rng.uniform(-LARGEST, LARGEST, weight[:, own].shape)
            out = model.params[linear_name(layer, Linear.HEADS_OUT)]["w"]
            out[own, next(empty)] = rng.uniform(-LARGEST, LARGEST, config.key_size)

"""ReLU neurons as those of an activation that is one only far from zero."""

from __future__ import annotations

import numpy as np

from optitracr.architectures.activations import factors
from optitracr.stock.host import EmptyHost
from optitracr.stock.weights import Affine

ALWAYS = 64.0
"""Pre-activation of the neuron that is always on, where there are no biases: a power of two that
SiLU leaves as it is."""


def lowered_mlp(neurons_in: Affine, neurons_out: Affine, host: EmptyHost) -> tuple[Affine, Affine]:
    """Neurons over the guest's columns as those of the architecture.

    Args:
        neurons_in: From the guest's columns to pre-activations of ReLU.
        neurons_out: From what ReLU gives to the guest's columns.
        host: Where these columns lie.

    Returns:
        From what the norm gives to the pre-activations, and from what they give to the stream.
        Where there are no biases and something is written always, one neuron is on always.
    """
    read = host.read(neurons_in.w, neurons_in.b)
    sizes = np.maximum(np.abs(read.w).max(axis=0, initial=0.0), np.abs(read.b))
    factor = factors(host.architecture, sizes)
    into = host.bounded(Affine(read.w * factor, read.b * factor))
    out = host.written(neurons_out.w / factor[:, None])
    bias = host.written(neurons_out.b[None])[0]
    if host.architecture.biases or not bias.any():
        return into, Affine(out, bias)
    always = host.read(np.zeros((host.guest, 1)), np.array([ALWAYS]))
    into = Affine(np.hstack([into.w, always.w]), np.append(into.b, always.b))
    return into, Affine(np.vstack([out, bias / ALWAYS]), np.zeros(host.width))


def up(neurons: int, host: EmptyHost) -> Affine:
    """What gated neurons are multiplied with: 1, by the constant column."""
    return host.read(np.zeros((host.guest, neurons)), np.ones(neurons))

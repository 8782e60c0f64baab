"""ReLU neurons as those of an activation that is one only far from zero.

relu(z) is gelu(z f) / f for a large f, up to 0.17 / f near zero; it is so exactly, as float32 has
it, at z = 0 and where |z f| is beyond some six (for SiLU some twenty, and 0.28 / f). The factor is
a power of two, and as large as the largest weight allows: knots of compiled MLPs lie at values that
are not taken, or at those where a neuron is exactly zero.
"""

from __future__ import annotations

import numpy as np

from optitracr.architectures.architecture import Activation
from optitracr.craft.spaces import FloatArray
from optitracr.stock.host import EmptyHost
from optitracr.stock.weights import Affine

LEAST_FACTOR = {
    Activation.RELU: 0,
    Activation.GELU: 4,
    Activation.GELU_NEW: 4,
    Activation.SILU: 5,
}
"""Powers of two by which pre-activations are multiplied at least: at half of a step's height, as
far from the knot as steps are taken, GELU is ReLU to float32 from 2^4 on and SiLU from 2^5."""

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
    factor = factors(read, host)
    into = host.bounded(Affine(read.w * factor, read.b * factor))
    out = host.written(neurons_out.w / factor[:, None])
    bias = host.written(neurons_out.b[None])[0]
    if host.architecture.biases or not bias.any():
        return into, Affine(out, bias)
    always = host.read(np.zeros((host.guest, 1)), np.array([ALWAYS]))
    into = Affine(np.hstack([into.w, always.w]), np.append(into.b, always.b))
    return into, Affine(np.vstack([out, bias / ALWAYS]), np.zeros(host.width))


def factors(read: Affine, host: EmptyHost) -> FloatArray:
    """By what each neuron's pre-activation is multiplied, [neurons]."""
    architecture = host.architecture
    least = LEAST_FACTOR[architecture.activation]
    if least == 0:
        return np.ones(read.w.shape[1])
    sizes = np.maximum(np.abs(read.w).max(axis=0, initial=0.0), np.abs(read.b))
    room = architecture.largest_weight / np.where(sizes == 0.0, 1.0, sizes)
    powers = np.floor(np.log2(room))
    return np.asarray(2.0 ** np.maximum(powers, least))


def up(neurons: int, host: EmptyHost) -> Affine:
    """What gated neurons are multiplied with: 1, by the constant column."""
    return host.read(np.zeros((host.guest, neurons)), np.ones(neurons))

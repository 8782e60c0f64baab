"""Activations in float64, and by what pre-activations are multiplied so that they are like ReLU.

relu(z) is gelu(z f) / f for a large f, up to 0.17 / f near zero; it is so exactly, as float32 has
it, at z = 0 and where |z f| is beyond some six (for SiLU some twenty, and 0.28 / f). The factor is
a power of two, and as large as the largest weight allows: knots of compiled MLPs lie at values that
are not taken, or at those where a neuron is exactly zero.
"""

from __future__ import annotations

import numpy as np

from optitracr.architectures.architecture import Activation, Architecture
from optitracr.craft.spaces import FloatArray

LEAST_FACTOR = {
    Activation.RELU: 0,
    Activation.GELU: 4,
    Activation.GELU_NEW: 4,
    Activation.SILU: 5,
}
"""Powers of two by which pre-activations are multiplied at least: at half of a step's height, as
far from the knot as steps are taken, GELU is ReLU to float32 from 2^4 on and SiLU from 2^5."""


def given(activation: Activation, before: FloatArray) -> FloatArray:
    """What neurons give for pre-activations."""
    match activation:
        case Activation.RELU:
            return np.maximum(before, 0.0)
        case Activation.GELU:
            from scipy.special import erf

            return np.asarray(0.5 * before * (1.0 + erf(before / np.sqrt(2.0))))
        case Activation.GELU_NEW:
            inner = np.sqrt(2.0 / np.pi) * (before + 0.044715 * before**3)
            return np.asarray(0.5 * before * (1.0 + np.tanh(inner)))
        case Activation.SILU:
            return np.asarray(before / (1.0 + np.exp(-np.maximum(before, -700.0))))


def factors(architecture: Architecture, sizes: FloatArray) -> FloatArray:
    """By what each neuron's pre-activation is multiplied, [neurons].

    Args:
        architecture: What the neurons are of.
        sizes: The largest weight or bias of each, [neurons].
    """
    least = LEAST_FACTOR[architecture.activation]
    if least == 0:
        return np.ones_like(sizes)
    room = architecture.largest_weight / np.where(sizes == 0.0, 1.0, sizes)
    return np.asarray(2.0 ** np.maximum(np.floor(np.log2(room)), least))

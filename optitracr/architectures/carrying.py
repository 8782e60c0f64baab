"""What an architecture makes of components that are right in a transformer without norms."""

from __future__ import annotations

from functools import partial

import numpy as np

from optitracr.architectures.activations import factors, given
from optitracr.architectures.architecture import Activation, Architecture, Norm
from optitracr.candidates.carrier import PLAIN, WARY, Carrier
from optitracr.craft.spaces import FloatArray

READ_ERRORS = {Norm.NONE: 0.0, Norm.LAYER_NORM: 2.0**-20, Norm.RMS_NORM: 2.0**-20}
"""By what part of itself all that is read through a norm may be too large or small: beside its
constant the norm sees a millionth of what varies, and rounds some ten times."""


def carrier_of(architecture: Architecture) -> Carrier:
    """What an architecture makes of what is read and written."""
    if architecture.norm is Norm.NONE and architecture.activation is Activation.RELU:
        return PLAIN
    bent = None if architecture.activation is Activation.RELU else partial(_bend, architecture)
    return Carrier(READ_ERRORS[architecture.norm], bent)


def wary_carrier_of(architecture: Architecture) -> Carrier:
    """The same, for a program of which a model turned out to be wrong."""
    carrier = carrier_of(architecture)
    return WARY if carrier is PLAIN else carrier


def _bend(architecture: Architecture, before: FloatArray, sizes: FloatArray) -> FloatArray:
    factor = factors(architecture, sizes)
    own = given(architecture.activation, before * factor) / factor
    return np.asarray(own - np.maximum(before, 0.0))

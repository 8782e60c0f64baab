"""A one-hot copied such that what it is off by is lost."""

from __future__ import annotations

import numpy as np

from optitracr.constructions.leaves import Axis, Plan

STEEPNESS = 4.0
"""Slope of the steps between 0 and 1: a power of two, with which float32 multiplies exactly; what
is off by up to three eighths on either side is copied as 0 or 1."""


def sharp_plan(axis: Axis) -> Plan:
    """Two neurons a class: 0 below three eighths and 1 above five eighths, exactly."""
    step = STEEPNESS * np.eye(axis.width)
    offset = np.full(axis.width, (1.0 - STEEPNESS) / 2)
    one = np.eye(axis.width)
    return Plan(
        (axis,),
        (np.concatenate([step, step], axis=1),),
        np.concatenate([offset, offset - 1.0]),
        np.concatenate([one, -one]),
        np.zeros(axis.width),
    )

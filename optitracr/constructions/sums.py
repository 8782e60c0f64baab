"""Sums of numbers, each with a factor, by neurons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from optitracr.constructions.leaves import Axis, Plan


def linear_plan(axes: Sequence[Axis], factors: Sequence[float]) -> Plan:
    """Each term's positive and, where it can be negative, its negative part.

    Args:
        axes: What is added up, a number each.
        factors: How often each is taken.
    """
    parts = [
        (place, sign)
        for place, axis in enumerate(axes)
        for sign in ((1.0, -1.0) if axis.signed else (1.0,))
    ]
    w_in = [
        np.array([[sign if place == own else 0.0 for own, sign in parts]])
        for place in range(len(axes))
    ]
    w_out = np.array([[sign * factors[place]] for place, sign in parts])
    return Plan(tuple(axes), tuple(w_in), np.zeros(len(parts)), w_out, np.zeros(1))

"""Lays the residual stream out: columns for every variable while it is alive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from optitracr.craft.reading import Variable
from optitracr.model.layout import Layout, Tenancy


def lay_out(
    variables: Sequence[Variable], lifetimes: Mapping[str, tuple[int, int]], layers: int, width: int
) -> Layout:
    """Gives each living variable columns that nobody else holds during its lifetime.

    Taking the lowest free columns in order of birth needs no more columns than the largest
    total width alive at one state (interval graphs are perfect).

    Args:
        variables: All variables; those without a lifetime are left out.
        lifetimes: First and last state of each variable that exists.
        layers: Number of layers.
        width: Number of columns.
    """
    order = sorted(
        (v for v in variables if v.label in lifetimes), key=lambda v: lifetimes[v.label][0]
    )
    free_from = np.zeros(width, dtype=np.int64)
    tenancies = []
    for variable in order:
        birth, end = lifetimes[variable.label]
        free = np.flatnonzero(free_from <= birth)[: len(variable.space)]
        if free.size < len(variable.space):
            raise AssertionError(f"no room for '{variable.label}' at state {birth}")
        free_from[free] = end + 1
        tenancies.append(Tenancy(variable, birth, end, tuple(int(c) for c in free)))
    return Layout(width, 2 * layers + 1, tuple(tenancies))

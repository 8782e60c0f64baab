"""Whether an output is told apart, given the errors of what the unembedding reads."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from math import prod

import numpy as np

from optitracr.candidates.offence import Offence
from optitracr.candidates.space import MARKED, CandidateSpace, held_rows, view_name
from optitracr.constructions.readouts import CHOSEN, LEAST_LEAD, NONE, Readout
from optitracr.craft.spaces import FloatArray
from optitracr.graph.build import BOS

MAX_ROWS = 4096
"""Combinations of what is read that are looked through: as many as a readout of several numbers
has at most."""


def unclear_output(
    space: CandidateSpace, view: int, errors: Mapping[str, FloatArray], safety: float
) -> Offence | None:
    """What is wrong with a way to read a category off numbers; None if nothing is.

    Args:
        space: All that was chosen among.
        view: Which way to read the output.
        errors: Of each form the error of what it holds of each value.
        safety: How often each error is taken.
    """
    reads, weights = space.outputs[view]
    forms = [space.forms[name] for name in reads if name != BOS]
    numbers = any(form.is_number for form in forms)
    held = [held_rows(space, form) for form in forms]
    if not space.output_values or not numbers or prod(map(len, held)) > MAX_ROWS:
        return None
    off = [
        np.broadcast_to(errors[form.name], rows.shape) + space.carrier.read_error * abs(rows)
        for form, rows in zip(forms, held, strict=True)
    ]
    rows = _together(held)
    constant = weights[-1] * MARKED if BOS in reads else np.zeros(weights.shape[1])
    weights = weights[: rows.shape[1]]
    scores = rows @ weights + constant
    member = np.where(scores.max(axis=1) > CHOSEN, scores.argmax(axis=1), NONE)
    readout = Readout(rows, member, weights, constant)
    clear = readout.leads(0.0)
    # Combinations that no input leads to may be on the border of two classes.
    known = clear >= LEAST_LEAD
    left = readout.leads(safety * _together(off))
    lost = float(((clear - left) / clear)[known].max(initial=0.0))
    return Offence(view_name(reads), (), lost, 1.0) if lost > 1.0 else None


def _together(parts: list[FloatArray]) -> FloatArray:
    """The rows of several arrays, each with each."""
    chosen = product(*parts)
    return np.array([np.concatenate(rows) for rows in chosen])

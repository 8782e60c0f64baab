"""Logits that are off together are told apart as far as they are off apart."""

from __future__ import annotations

import numpy as np

from optitracr.checking.proof.bounded import Bounded
from optitracr.checking.proof.told import Told

UNEMBED = np.array([[100.0, 101.0, 102.0], [0.0, -0.5, -2.0]], dtype=np.float32)
"""The lines 100 x, 101 x - 1/2 and 102 x - 2: the first is the highest up to 1/2."""


def _told(places: list[float], error: float) -> Told:
    centers = np.array([[place, 1.0] for place in places])
    return Told.by(Bounded(centers, np.array([[error, 0.0]] * len(places))), UNEMBED)


def test_what_is_off_in_one_number_counts_once() -> None:
    lead, behind = _told([0.25, 1.0, 2.0], 0.01).leads(np.array([0, 1, 2]))
    # Each logit alone is off by 1 and more; two differ by a hundredth of that.
    np.testing.assert_allclose(lead, [0.24, 0.49, 0.49], atol=1e-3)
    assert (behind < 0.0).all()


def test_what_may_be_another_is_not_told() -> None:
    lead, behind = _told([0.495, 0.6], 0.01).leads(np.array([0, 0]))
    assert (lead < 0.0).all()
    assert (behind < 0.0).all(), "each by itself may still be the largest"


def test_the_logit_that_is_meant_has_to_stand_for_a_value() -> None:
    lead, _ = _told([0.014], 0.01).leads(np.array([0]))
    assert lead[0] < 0.0


def test_nothing_is_told_of_what_has_no_bound() -> None:
    lead, _ = _told([0.25], 1e13).leads(np.array([0]))
    assert not lead[0] > 0.0

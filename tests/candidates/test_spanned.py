"""What is linear in neurons, found anew or kept from before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from optitracr.candidates import spanned
from optitracr.candidates.space import SideBySide
from optitracr.candidates.spanned import Neurons, Spanned
from optitracr.constructions.leaves import Plan

ROWS = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
"""Two numbers of each of three values: whether it is the first one, whether it is the last."""

ANY: Any = None
"""A form: what is linear goes by what it holds."""


@pytest.fixture(autouse=True)
def nothing_is_kept() -> None:
    spanned._answer.cache_clear()


def asked(*forms: tuple[int, slice], last: float = 1.0, bos: np.ndarray | None = None) -> Spanned:
    """One neuron that fires where the first number is, and some forms by kinds and columns."""
    plan = Plan((), (np.array([[last], [0.0]]),), np.zeros(1), np.ones((1, 1)), np.zeros(1))
    own = SideBySide([(ANY, *form) for form in forms], ROWS, np.zeros(2))
    return Neurons(plan, 1, [ROWS], 0, own, bos).spanned()


APART = ((2, slice(0, 1)), (2, slice(1, 2)))
TOGETHER = (3, slice(0, 2))


def test_neurons_determine_what_they_copy() -> None:
    found = asked(*APART, last=2.0)
    assert (found.most, found.told.tolist()) == (2, [True, False])
    assert found.weights[:, 0].tolist() == [0.5, 0.0]


def test_a_constant_is_known_at_bos_too() -> None:
    silent, firing = asked(*APART), asked(*APART, bos=np.ones((1, 1)))
    assert (silent.told.tolist(), firing.told.tolist()) == ([True, False], [False, False])


def test_what_is_asked_again_is_kept_and_nobody_writes_to_it() -> None:
    found = asked(*APART)
    assert asked(*APART) is found
    with pytest.raises(ValueError, match="read-only"):
        found.weights[0] = 1.0


def test_the_same_numbers_of_other_forms_are_another_question() -> None:
    """Of forms that tell more values apart than the neurons nothing is looked for."""
    together, apart = asked(TOGETHER), asked(*APART)
    assert (together.told.tolist(), apart.told.tolist()) == ([False, False], [True, False])

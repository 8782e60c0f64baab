"""Heads that look at the best key: the slope, its margin, and what float32 carries of it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from optitracr.constructions.bilinear import exact, scaled
from optitracr.constructions.conjunctions import Condition
from optitracr.constructions.graded import (
    Grade,
    GradeReading,
    grades_of,
    is_carried,
    plan_best,
    steepness,
)
from optitracr.constructions.heads import HeadPlan, Reading
from optitracr.constructions.needs import need_of_rows
from optitracr.craft.numerics import coldness
from optitracr.craft.spaces import FloatArray

POSITIONS = 5
COLD = coldness(POSITIONS + 1)


def index_reading(weight: float) -> GradeReading:
    numbers = np.arange(POSITIONS, dtype=np.float64)
    need = need_of_rows("index", numbers[:, None], clean=True)
    assert need is not None
    return GradeReading(need, weight, 0.0, POSITIONS - 1.0)


def logits(plan: HeadPlan, query: int, token: int) -> tuple[FloatArray, float]:
    """What a query of some token finds at each position that holds another, and at BOS."""
    held = {"token": token, "index": query}
    asked = plan.b_query + sum(
        (r.need.rows[held[r.need.label]] @ r.weights for r in plan.queries), np.zeros(1)
    )
    found = np.array(
        [
            [
                asked
                @ sum(
                    (
                        r.need.rows[{"token": other, "index": place}[r.need.label]] @ r.weights
                        for r in plan.keys
                    ),
                    np.zeros(plan.head_size),
                )
                for place in range(POSITIONS)
            ]
            for other in (0, 1)
        ]
    )
    return found, float(asked @ plan.bos_key)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
@pytest.mark.parametrize("alike", [False, True])
def test_the_best_key_is_a_step_ahead_and_bos_half_a_step_below(sign: float, alike: bool) -> None:
    table = np.pad(np.eye(2, dtype=bool), (0, 1))
    terms = [exact(Condition("token", "token", table), COLD, False, False)] if alike else []
    value = need_of_rows("index", np.eye(POSITIONS))
    assert value is not None
    plan = plan_best(
        terms, [index_reading(sign)], [Reading(value, np.eye(POSITIONS))], np.zeros(5), COLD
    )
    assert plan is not None
    for query, token in product(range(POSITIONS), (0, 1)):
        found, bos = logits(plan, query, token)
        selected = found[token] if alike else found.max(axis=0)
        assert np.diff(selected) * sign == pytest.approx(COLD)
        assert selected.min() - bos >= COLD / 2 - 1e-6
        if alike:
            assert bos - found[1 - token].max() >= COLD / 2 - 1e-6
        at_bos = (plan.b_query + plan.bos_query) @ plan.bos_key
        assert at_bos - abs(found).max() > COLD


def test_grades_are_different_at_any_two_positions() -> None:
    score, place = grades_of("score", np.array([1, 0, 2]), "index", 4)
    sums = np.add.outer(score.steps, place.steps)
    assert len(np.unique(sums)) == sums.size
    assert abs(np.diff(np.sort(sums.ravel()))).min() == 1.0
    assert (sums[1] < sums[0].min()).all()
    assert len(grades_of("index", np.array([2, 1, 0]), "index", 3)) == 1


def test_what_float32_does_not_carry_is_not_planned() -> None:
    steep = steepness([Grade("score", np.arange(10.0))], 2, COLD)
    assert steep.margin == pytest.approx(10 * COLD)
    assert steep.is_carried
    assert not steepness([Grade("score", np.arange(1e6))], 2, COLD).is_carried
    assert not is_carried(1e8)
    reading = index_reading(1e6)
    assert plan_best([], [reading], [], np.zeros(1), COLD) is None


def test_a_scaled_form_has_all_logits_so_many_times_as_large() -> None:
    table = np.pad(np.eye(3, dtype=bool), (0, 1))
    term = exact(Condition("a", "b", table), COLD, False, False)
    twice = scaled(term, 2.0)
    assert twice.selected == 2.0 * term.selected
    assert (twice.w_query @ twice.w_key.T == 2.0 * term.w_query @ term.w_key.T).all()

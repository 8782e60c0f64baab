"""The figures themselves: what they are for the truth, at random, and where scores tie."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest

from optitracr.benchmark import auroc, mean_over, precision_at_size, task_of, truth_of
from optitracr.benchmark.scoring import _nodes
from optitracr.errors import InputError
from tests.compiled import compiled

TRUTH = np.array([True, False, True, False, False, False, True, False])


def test_the_truth_scores_one_and_its_contrary_none() -> None:
    assert auroc(TRUTH.astype(float), TRUTH) == 1
    assert precision_at_size(TRUTH.astype(float), TRUTH) == 1
    assert auroc(-TRUTH.astype(float), TRUTH) == 0
    assert precision_at_size(-TRUTH.astype(float), TRUTH) == 0


def test_ties_are_shared_out() -> None:
    """As the mean over every order of the edges that tie."""
    scores = np.array([2.0, 1.0, 1.0, 0.0, 1.0])
    truth = np.array([False, True, False, True, True])
    areas, shares = [], []
    for order in permutations(range(3)):
        told = scores.copy()
        told[[1, 2, 4]] += np.array(order) / 100
        areas.append(auroc(told, truth))
        shares.append(precision_at_size(told, truth))
    assert auroc(scores, truth) == pytest.approx(np.mean(areas))
    assert precision_at_size(scores, truth) == pytest.approx(np.mean(shares))
    assert auroc(np.zeros(5), truth) == 0.5
    assert precision_at_size(np.zeros(5), truth) == pytest.approx(0.6)


def test_random_scores() -> None:
    """An area of a half and the density as precision, within four standard errors of the mean."""
    rng = np.random.default_rng(0)
    areas, shares = np.array(
        [
            (auroc(scores, TRUTH), precision_at_size(scores, TRUTH))
            for scores in rng.random((4000, len(TRUTH)))
        ]
    ).T
    for found, wanted in ((areas, 0.5), (shares, TRUTH.mean())):
        assert abs(found.mean() - wanted) < 4 * found.std() / math.sqrt(len(found))


@pytest.mark.parametrize("name", ["hist", "sort"])
def test_random_scores_of_a_model(name: str) -> None:
    """The same over the edges of a circuit that count, within four standard errors."""
    truth = truth_of(compiled(name).circuit)
    inside = truth.inside[truth.counts]
    rng = np.random.default_rng(1)
    draws = rng.random((1000, len(inside)))
    areas = np.array([auroc(scores, inside) for scores in draws])
    shares = np.array([precision_at_size(scores, inside) for scores in draws])
    assert (
        auroc(inside.astype(float), inside) == precision_at_size(inside.astype(float), inside) == 1
    )
    for found, wanted in ((areas, 0.5), (shares, inside.mean())):
        assert abs(found.mean() - wanted) < 4 * found.std() / math.sqrt(len(found))


@pytest.mark.parametrize("name", ["most_frequent", "sort"])
def test_random_scores_of_heads_and_mlps(name: str) -> None:
    """Early nodes have more edges, and are true; they gain nothing by that."""
    task = task_of(compiled(name), size=2)
    rng = np.random.default_rng(2)
    drawn = [_nodes(task, rng.random(len(task.edges))) for _ in range(1000)]
    areas = np.array([auroc(scores, inside) for inside, scores in drawn])
    assert abs(areas.mean() - 0.5) < 4 * areas.std() / math.sqrt(len(areas))
    inside, scores = _nodes(task, task.truth.inside.astype(float))
    assert auroc(scores, inside) == precision_at_size(scores, inside) == 1


def test_where_a_figure_is_not_defined() -> None:
    scores = np.arange(3.0)
    assert math.isnan(auroc(scores, np.ones(3, dtype=bool)))
    assert math.isnan(auroc(scores, np.zeros(3, dtype=bool)))
    assert math.isnan(precision_at_size(scores, np.zeros(3, dtype=bool)))
    with pytest.raises(InputError, match="nan"):
        auroc(np.array([math.nan]), np.array([True]))
    with pytest.raises(InputError, match="shape"):
        auroc(scores, np.ones(2, dtype=bool))


def test_means_and_their_intervals() -> None:
    """The interval holds the mean that figures are drawn around, some 95 times of 100."""
    rng = np.random.default_rng(1)
    inside = 0
    for seed in range(40):
        found = mean_over(rng.random(60).tolist(), seed)
        inside += found.low < 0.5 < found.high
        assert found.low < found.value < found.high
    assert inside >= 34
    left_out = mean_over([1.0, math.nan])
    assert (left_out.value, left_out.models) == (1.0, 1)
    assert mean_over([]).models == 0

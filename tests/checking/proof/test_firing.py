"""Neurons pair by pair, and means within convex bounds: the same as the long way, and no less."""

from __future__ import annotations

import numpy as np
import pytest

from optitracr.checking.proof.bounded import UNIT, Bounded
from optitracr.checking.proof.neurons import Neurons, passed
from optitracr.checking.proof.symbolic import firing
from optitracr.checking.proof.symbolic.aggregates import mean_between
from optitracr.checking.proof.symbolic.contents import Table, looked_up
from optitracr.checking.proof.symbolic.firing import Fired
from tests.checking.proof.networks import weights


def drawn(rng: np.random.Generator) -> tuple[Neurons, list[Table], np.ndarray, int]:
    """Neurons, what they read in several tables, the columns that they write, combinations."""
    width, hidden = int(rng.integers(2, 8)), int(rng.integers(1, 20))
    owner = rng.integers(0, 3, size=width)
    tables = []
    kinds = np.unique(owner)
    sizes = rng.integers(1, 5, size=len(kinds))
    count = int(np.prod(sizes))
    for number, rows, row in zip(
        kinds, sizes, np.unravel_index(np.arange(count), sizes), strict=True
    ):
        places = np.flatnonzero(owner == number)
        center = weights(rng, (rows, len(places))).astype(np.float64)
        error = np.abs(weights(rng, (rows, len(places)))) * rng.choice([0.0, 1e-6, 1e-2])
        off = Bounded(center, error.astype(np.float64))
        tables.append(Table(places, off, row))
    columns = np.sort(rng.choice(width, size=int(rng.integers(1, width + 1)), replace=False))
    w_out = weights(rng, (hidden, width))
    written = np.isin(np.arange(width), columns)
    neurons = Neurons(
        weights(rng, (width, hidden)),
        weights(rng, (hidden,)),
        np.where(written, w_out, 0.0).astype(np.float32),
        np.where(written, weights(rng, (width,)), 0.0).astype(np.float32),
    )
    return neurons, tables, columns, count


@pytest.mark.parametrize("seed", range(200))
def test_pairs_of_combinations_and_neurons_give_the_bounds_of_all_neurons(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    neurons, tables, columns, count = drawn(np.random.default_rng(seed))
    fired = Fired(neurons, columns, tables)
    whole = passed(neurons, looked_up(tables, len(neurons.w_in), count))[:, columns]
    found = fired.rows(count)
    # A sum may be a number of float32 in one order of summation of float64, and nearly in another.
    slack = 1e-9 + 2.0 * UNIT * whole.size
    assert (np.abs(found.center - whole.center) <= slack).all()
    assert (np.abs(found.error - whole.error) <= slack).all()
    # Of some combinations at a time fewer sums are called rounded.
    monkeypatch.setattr(firing, "CHUNK", 1)
    apart = fired.rows(count)
    assert (np.abs(apart.center - whole.center) <= slack).all()
    assert (apart.error <= whole.error + slack).all()


@pytest.mark.parametrize("seed", range(20))
def test_means_are_within_the_bounds_of_what_is_mixed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 6))
    numbers = rng.integers(-3, 4, size=count).astype(np.float64)
    taken = Bounded(rng.normal(size=(count, 2)), np.abs(rng.normal(size=(count, 2))))
    parts = rng.dirichlet(np.full(count, 0.3), size=500)
    ends = rng.choice([-1.0, 1.0], size=(500, count, 2)) * taken.error
    mixed = np.einsum("pn,pnc->pc", parts, taken.center + ends)
    found = mean_between(taken, numbers, parts @ numbers)
    assert (np.abs(mixed - found.center) <= found.error).all()


def test_bounds_of_means_are_reached() -> None:
    taken = Bounded(np.array([[0.0], [2.0]]), np.array([[0.0], [1.0]]))
    found = mean_between(taken, np.array([0.0, 1.0]), np.array([0.0, 0.25, 1.0]))
    assert np.allclose(found.center[:, 0], [0.0, 0.5, 2.0])
    assert np.allclose(found.error[:, 0], [0.0, 0.25, 1.0])

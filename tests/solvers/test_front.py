"""The Pareto front is what brute force finds, and no point of it is beaten."""

from __future__ import annotations

from dataclasses import replace

import pytest

from solvers import Limits, Status, solve, violations
from solvers.front import pareto_front
from tests.solvers.tiny import tiny_problem

DEEPEST = 3


def by_brute_force(seed: int) -> set[tuple[int, int, int]]:
    """Every (layers, width, neurons) that no other plan of at most three layers beats."""
    problem = tiny_problem(seed, limited=False)
    points: set[tuple[int, int, int]] = set()
    for layers in range(DEEPEST + 1):
        neurons: int | None = None
        while neurons is None or neurons >= 0:
            limits = Limits(layers=layers, neurons=neurons)
            found = solve(replace(problem, limits=limits), "brute_force", ("width", "neurons"))
            if found.plan is None:
                break
            point = (layers, *found.value)
            if not any(all(a <= b for a, b in zip(p, point, strict=True)) for p in points):
                points.add(point)
            neurons = found.value[1] - 1
    return points


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 60, 15))
def test_tiny_fronts_agree_with_brute_force(first: int) -> None:
    for seed in range(first, first + 15):
        problem = tiny_problem(seed, limited=False)
        expected = by_brute_force(seed)
        found = list(pareto_front(problem, max_layers=DEEPEST))
        points = {(p.sizes.layers, p.sizes.width, p.sizes.neurons) for p in found}
        assert points <= expected, seed
        assert all(point.status is Status.OPTIMAL for point in found)
        assert all(violations(problem, point.plan) == () for point in found)
        if points != expected:
            # The search ends at a depth that improves neither the width nor the neurons.
            deepest = max(p[0] for p in points)
            missing = expected - points
            assert all(p[0] > deepest for p in missing), seed

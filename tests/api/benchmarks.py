"""Calls of `optitracr.benchmark`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from optitracr import benchmark
from optitracr.compiled import CompiledModel

TRUTH = np.array([True, False])
SCORES = np.array([1.0, 0.0])


def functions(model: CompiledModel) -> dict[str, tuple[Callable[..., Any], dict[str, Any]]]:
    """Public functions with right arguments."""
    task = benchmark.task_of(model, size=2)
    return {
        f"optitracr.benchmark.{function.__name__}": (function, given)
        for function, given in (
            (benchmark.score_method, {"model": model, "method": "truth", "size": 2}),
            (benchmark.score_edges, {"task": task, "scores": benchmark.METHODS["truth"](task)}),
            (benchmark.task_of, {"model": model, "size": 2}),
            (benchmark.truth_of, {"circuit": model.circuit}),
            (benchmark.auroc, {"scores": SCORES, "truth": TRUTH}),
            (benchmark.precision_at_size, {"scores": SCORES, "truth": TRUTH}),
            (benchmark.mean_over, {"figures": [0.5, 1.0]}),
        )
    }


def objects(model: CompiledModel) -> Iterator[tuple[Any, dict[str, Any]]]:
    """One of each class with methods, and right arguments by parameter."""
    task = benchmark.task_of(model, size=2)
    yield task, {"edges": {task.edges[0]: True}}
    yield benchmark.score_method(model, "truth", size=2), {}

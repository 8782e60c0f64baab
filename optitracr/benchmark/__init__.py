"""Methods of circuit discovery, run on compiled models and scored against their circuits.

    from optitracr import benchmark

    benchmark.score_method(model, "eap")

PyTorch loads when a method that runs the model is first called.
"""

from __future__ import annotations

from optitracr.benchmark.methods import METHODS, Method, Task, task_of
from optitracr.benchmark.metrics import Mean, auroc, mean_over, precision_at_size
from optitracr.benchmark.results import score_suite
from optitracr.benchmark.running import RunProgress, run_suite
from optitracr.benchmark.saving import save_scores
from optitracr.benchmark.scoring import Score, score_edges, score_method
from optitracr.benchmark.suite import make_suite
from optitracr.benchmark.valid import common_edges, score_any, valid_truths
from optitracr.circuit.truth import GroundTruth, truth_of

__all__ = [
    "METHODS",
    "GroundTruth",
    "Mean",
    "Method",
    "RunProgress",
    "Score",
    "Task",
    "auroc",
    "common_edges",
    "make_suite",
    "mean_over",
    "precision_at_size",
    "run_suite",
    "save_scores",
    "score_any",
    "score_edges",
    "score_method",
    "score_suite",
    "task_of",
    "truth_of",
    "valid_truths",
]

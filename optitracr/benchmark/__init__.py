"""Methods of interpretability, run on compiled models and scored against what these hold.

    from optitracr import benchmark

    benchmark.score_method(model, "eap")
    benchmark.score_variables(model, "das")

PyTorch loads when a method that runs the model is first called.
"""

from __future__ import annotations

from optitracr.benchmark.gallery import save_gallery
from optitracr.benchmark.judging import judge
from optitracr.benchmark.methods import METHODS, Method, Task, task_of
from optitracr.benchmark.metrics import Mean, auroc, mean_over, precision_at_size
from optitracr.benchmark.published import published_sites, published_task
from optitracr.benchmark.results import score_suite
from optitracr.benchmark.running import RunProgress, run_suite
from optitracr.benchmark.saving import save_scores
from optitracr.benchmark.scoring import Score, score_any, score_edges, score_method
from optitracr.benchmark.sites import Site, sites_of
from optitracr.benchmark.suite import make_suite
from optitracr.benchmark.valid import common_edges, valid_truths
from optitracr.benchmark.variable_methods import VARIABLE_METHODS, VariableMethod
from optitracr.benchmark.variable_scoring import (
    VariableScore,
    score_site,
    score_sites,
    score_variables,
)
from optitracr.circuit.truth import GroundTruth, truth_of

__all__ = [
    "METHODS",
    "VARIABLE_METHODS",
    "GroundTruth",
    "Mean",
    "Method",
    "RunProgress",
    "Score",
    "Site",
    "Task",
    "VariableMethod",
    "VariableScore",
    "auroc",
    "common_edges",
    "judge",
    "make_suite",
    "mean_over",
    "precision_at_size",
    "published_sites",
    "published_task",
    "run_suite",
    "save_gallery",
    "save_scores",
    "score_any",
    "score_edges",
    "score_method",
    "score_site",
    "score_sites",
    "score_suite",
    "score_variables",
    "sites_of",
    "task_of",
    "truth_of",
    "valid_truths",
]

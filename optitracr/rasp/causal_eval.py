"""Causal evaluation, under the names of `tracr.rasp.causal_eval`."""

from optitracr.rasp.evaluate import CausalEvaluator, evaluate_causal

__all__ = ["CausalEvaluator", "evaluate"]

evaluate = evaluate_causal

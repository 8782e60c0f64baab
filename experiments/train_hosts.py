"""Trains the small models of `experiments/hosts/` from fixed seeds, and says how good they are.

python experiments/train_hosts.py gpt2 llama counting adding
"""

from __future__ import annotations

import argparse
import time

import torch
from hosts import algorithms, language_models, text
from transformers import PreTrainedModel


def language_model(name: str, steps: int | None) -> tuple[PreTrainedModel, str]:
    """A model of text, and how good it is."""
    model = language_models.trained(name, steps or language_models.STEPS)
    fresh = text.rows(held_out=True, length=language_models.POSITIONS - 1)
    return model, f"perplexity {language_models.perplexity(model, fresh[:400]):.3f} on new text"


def algorithm(name: str, steps: int | None) -> tuple[PreTrainedModel, str]:
    """A model of an algorithm, and how good it is."""
    model = algorithms.trained(name, steps or algorithms.STEPS)
    fresh = algorithms.inputs(1000, torch.Generator().manual_seed(1))
    return model, f"right on {algorithms.accuracy(model, name, fresh):.2%} of new positions"


def main() -> None:
    """Trains the models that are named, and writes their checkpoints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", choices=("gpt2", "llama", *algorithms.TASKS))
    parser.add_argument("--steps", type=int)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name in arguments.models:
        start = time.perf_counter()
        train = algorithm if name in algorithms.TASKS else language_model
        model, quality = train(name, arguments.steps)
        print(f"{name}: {quality}, {time.perf_counter() - start:.0f} s", flush=True)
        language_models.save(model, name)


if __name__ == "__main__":
    main()

"""Trains the small models of `experiments/hosts/` from fixed seeds, and says how good they are.

python experiments/train_hosts.py gpt2 llama
"""

from __future__ import annotations

import argparse
import time

import torch
from hosts import language_models, text


def main() -> None:
    """Trains the models that are named, and writes their checkpoints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", choices=("gpt2", "llama"))
    parser.add_argument("--steps", type=int, default=language_models.STEPS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name in arguments.models:
        start = time.perf_counter()
        model = language_models.trained(name, arguments.steps)
        fresh = text.rows(held_out=True, length=language_models.POSITIONS - 1)
        found = language_models.perplexity(model, fresh[:400])
        seconds = time.perf_counter() - start
        print(f"{name}: perplexity {found:.3f} on text held out, {seconds:.0f} s", flush=True)
        language_models.save(model, name)


if __name__ == "__main__":
    main()

"""Transformers of one layer that are trained on an algorithm: they count, or add modulo a prime."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedModel

LETTERS = "abcdefg"
"""What is read: tokens 1 to 7, behind BOS; for addition they are the numbers modulo 7."""

POSITIONS = 16
"""Letters of an input."""

BOS, NOT_ASKED = 0, -100
FIRST_OUTPUT = 1 + len(LETTERS)
"""The token of the first output; others follow."""

BATCH, STEPS, LARGEST_RATE = 64, 3000, 3e-3
"""Half a minute on one core, after which they are right on nearly all positions."""


@dataclass(frozen=True)
class Task:
    """What a model is trained on.

    Attributes:
        heads: Heads of its layer.
        targets: From inputs to the token that is right at each position.
    """

    heads: int
    targets: Callable[[torch.Tensor], torch.Tensor]


def counts(ids: torch.Tensor) -> torch.Tensor:
    """How often each letter has occurred so far."""
    same = (ids[:, :, None] == ids[:, None, :]).tril()
    return _asked(FIRST_OUTPUT + same.sum(dim=-1) - 1, first=1)


def sums(ids: torch.Tensor) -> torch.Tensor:
    """Each number plus the one before it, modulo 7."""
    before = torch.roll(ids, 1, dims=1)
    return _asked(FIRST_OUTPUT + (ids + before - 2) % len(LETTERS), first=2)


def _asked(targets: torch.Tensor, first: int) -> torch.Tensor:
    """Targets from a position on."""
    targets[:, :first] = NOT_ASKED
    return targets


TASKS = {"counting": Task(2, counts), "adding": Task(2, sums)}


def untrained(heads: int) -> PreTrainedModel:
    """One layer with random weights."""
    torch.manual_seed(0)
    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=FIRST_OUTPUT + POSITIONS,
            n_positions=1 + POSITIONS,
            n_embd=48,
            n_layer=1,
            n_head=heads,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            bos_token_id=BOS,
            eos_token_id=BOS,
        )
    )


def inputs(count: int, generator: torch.Generator) -> torch.Tensor:
    """Random inputs, [count, 1 + positions]: of few letters or many, so that all counts occur."""
    known = torch.randint(1, len(LETTERS) + 1, (count, 1), generator=generator)
    letters = torch.randint(0, 1 << 16, (count, POSITIONS), generator=generator) % known
    shift = torch.randint(0, len(LETTERS), (count, 1), generator=generator)
    return torch.cat([torch.full((count, 1), BOS), 1 + (letters + shift) % len(LETTERS)], dim=1)


def trained(name: str, steps: int = STEPS) -> PreTrainedModel:
    """The model of a task, trained on random inputs from a fixed seed."""
    task = TASKS[name]
    model = untrained(task.heads).train()
    generator = torch.Generator().manual_seed(0)
    optimiser = torch.optim.AdamW(model.parameters(), lr=LARGEST_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LARGEST_RATE, total_steps=steps)
    for _ in range(steps):
        ids = inputs(BATCH, generator)
        logits = model(ids).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), task.targets(ids).flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return model.eval()


@torch.no_grad()
def accuracy(model: PreTrainedModel, name: str, ids: torch.Tensor) -> float:
    """The part of positions at which a model is right."""
    targets = TASKS[name].targets(ids)
    asked = targets != NOT_ASKED
    return float((model(ids).logits.argmax(dim=-1) == targets)[asked].float().mean())

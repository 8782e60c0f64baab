"""Character-level language models of a few layers: a GPT-2 and a Llama, of stock classes."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from transformers import (
    AutoModelForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
)

from hosts import text

CHECKPOINTS = Path(__file__).parent / "checkpoints"
"""Where the trained models lie."""

POSITIONS = 64
"""Positions of a row, BOS among them: a line of text, and little to train."""

BATCH = 24
"""Rows of a step: with shorter steps the gradient is too noisy for so few of them."""

STEPS = 1500
"""Steps of training: some minutes on one core, after which perplexity falls slowly."""

LARGEST_RATE = 3e-3
"""Learning rate after warming up; twice as much diverges."""

WARMING = 50
"""Steps in which the learning rate rises."""

WIDTH, LAYERS, HEADS = 96, 6, 2
"""Sizes of both models: heads of 48 dimensions, and a checkpoint of 1.4 MB in half precision."""


def untrained(kind: str) -> PreTrainedModel:
    """A GPT-2 or a Llama with random weights."""
    torch.manual_seed(0)
    if kind == "gpt2":
        return GPT2LMHeadModel(
            GPT2Config(
                vocab_size=text.VOCABULARY,
                n_positions=POSITIONS,
                n_embd=WIDTH,
                n_layer=LAYERS,
                n_head=HEADS,
                resid_pdrop=0.0,
                embd_pdrop=0.0,
                attn_pdrop=0.0,
                bos_token_id=text.BOS,
                eos_token_id=text.BOS,
            )
        )
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=text.VOCABULARY,
            hidden_size=WIDTH,
            intermediate_size=256,
            num_hidden_layers=LAYERS,
            num_attention_heads=HEADS,
            num_key_value_heads=HEADS,
            max_position_embeddings=POSITIONS,
            rope_parameters={"rope_type": "default", "rope_theta": 500000.0},
            mlp_bias=True,
            bos_token_id=text.BOS,
            eos_token_id=text.BOS,
        )
    )


def trained(kind: str, steps: int = STEPS) -> PreTrainedModel:
    """The same trained on text, from a fixed seed."""
    model = untrained(kind).train()
    tokens = text.stream(held_out=False)
    generator = torch.Generator().manual_seed(0)
    optimiser = torch.optim.AdamW(model.parameters(), lr=LARGEST_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, steps))
    for _ in range(steps):
        starts = torch.randint(len(tokens) - POSITIONS, (BATCH,), generator=generator)
        batch = torch.stack([tokens[start : start + POSITIONS - 1] for start in starts.tolist()])
        batch = torch.cat([torch.full((BATCH, 1), text.BOS), batch], dim=1)
        loss = model(input_ids=batch, labels=batch).loss
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    return model.eval()


def _rate(step: int, steps: int) -> float:
    """Part of the learning rate at a step: rising, then falling along a cosine."""
    return min(step / WARMING, 0.5 * (1 + math.cos(math.pi * step / steps)))


@torch.no_grad()
def perplexity(model: PreTrainedModel, rows: torch.Tensor) -> float:
    """The perplexity of a model on rows of tokens, in float64."""
    total, count = 0.0, 0
    for batch in rows.split(128):
        logits = model(batch).logits[:, :-1].double()
        lost = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), batch[:, 1:].flatten(), reduction="sum"
        )
        total, count = total + float(lost), count + batch[:, 1:].numel()
    return math.exp(total / count)


def save(model: PreTrainedModel, name: str) -> None:
    """Writes a checkpoint in half precision."""
    model.half().save_pretrained(CHECKPOINTS / name)


def load(name: str) -> PreTrainedModel:
    """A trained model, in float32."""
    found = AutoModelForCausalLM.from_pretrained(CHECKPOINTS / name, dtype=torch.float32)
    assert isinstance(found, PreTrainedModel)
    return found.eval()

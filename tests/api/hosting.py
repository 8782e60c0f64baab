"""A host for calls of `optitracr.implant`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np


@lru_cache(maxsize=1)
def host() -> Any:
    """A tiny host with random weights."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    sizes = GPT2Config(
        vocab_size=4,
        n_positions=4,
        n_embd=8,
        n_layer=1,
        n_head=1,
        bos_token_id=0,
        eos_token_id=0,
    )
    return GPT2LMHeadModel(sizes).eval()


def arguments() -> dict[str, Any]:
    """Right arguments of `implant`."""
    texts = np.array([[0, 1, 2], [0, 2, 3]])
    return {"host": host(), "tokens": {1: "a", 2: "b"}, "bos": 0, "max_seq_len": 2, "texts": texts}


def claim() -> dict[str, Any]:
    """Right arguments of `replace`."""
    found = arguments()
    del found["max_seq_len"]
    return found

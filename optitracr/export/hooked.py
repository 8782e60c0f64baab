"""HookedTransformer with PAD masked as a key, in both readings. Imports TransformerLens 2 or 3.

HookedTransformer hands an attention mask to causal attention only, so the scores are masked
here, at the hook point that they pass through. What is masked is kept with the model, so that
a copy has its own.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch
import transformer_lens
from transformer_lens.hook_points import HookPoint

from optitracr.errors import InputError

Base: Any = transformer_lens.HookedTransformer


class PaddedTransformer(Base):  # type: ignore[misc]
    """A HookedTransformer that masks PAD, and what an attention mask leaves out."""

    def __init__(self, config: Any, pad: int) -> None:
        super().__init__(config)
        self.padding = KeyPadding(pad)
        for block in self.blocks:
            block.attn.hook_attn_scores = MaskedScores(self.padding)
        self.setup()

    def forward(self, input: Any, *args: Any, **kwargs: Any) -> Any:
        """As HookedTransformer's.

        Raises:
            InputError: If there is nothing to tell PAD by: a run from a residual stream
                without tokens or attention mask, or one with a key-value cache.
        """
        bound = inspect.signature(Base.forward).bind(self, input, *args, **kwargs)
        self.padding.note(bound.arguments)
        return super().forward(input, *args, **kwargs)


class KeyPadding:
    """Which keys of the batch at hand are masked."""

    def __init__(self, pad: int) -> None:
        self.pad = pad
        self.keys: Any = None

    def note(self, given: Any) -> None:
        """Before a run, from its arguments."""
        if given.get("past_kv_cache") is not None:
            raise InputError(
                "a key-value cache keeps keys without saying which are PAD; run whole sequences"
            )
        resumed = given.get("start_at_layer") is not None
        tokens, mask = given.get("tokens" if resumed else "input"), given.get("attention_mask")
        if not isinstance(tokens, torch.Tensor) and mask is None:
            raise InputError(
                "a run from a residual stream has no tokens to tell PAD by; pass tokens=... or "
                "attention_mask=..."
            )
        self.keys = ~mask.bool() if mask is not None else torch.zeros_like(tokens, dtype=torch.bool)
        if isinstance(tokens, torch.Tensor):
            self.keys = self.keys | (tokens == self.pad)
        if self.keys.ndim == 1:
            self.keys = self.keys[None]


class MaskedScores(HookPoint):
    """The hook point of attention scores, [batch, heads, query, key], PAD at minus infinity."""

    def __init__(self, padding: KeyPadding) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.padding = padding

    def forward(self, scores: Any) -> Any:
        """The scores that hooks see."""
        return scores.masked_fill(self.padding.keys[:, None, None, :], -float("inf"))

"""The layers of an exported model, as modules that hooks can be put on. Imports torch."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from optitracr.model.forward import MASKED, Hyperparameters


class Linear(nn.Linear):
    """A linear map whose weights are about to be set, and may be none."""

    def reset_parameters(self) -> None:
        """Draws nothing: PyTorch would warn of weights without entries."""


class Attention(nn.Module):
    """Attention of one layer: `query`, `key`, `value` and `linear`, as Tracr names them."""

    def __init__(self, width: int, heads: int, head_size: int) -> None:
        super().__init__()
        inner = heads * head_size
        self.heads, self.head_size = heads, head_size
        self.query, self.key, self.value = (Linear(width, inner) for _ in range(3))
        self.linear = Linear(inner, width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """What the heads add to the residual stream.

        Args:
            x: Shape [batch, seq, d_model].
            mask: Shape [batch, 1, query, key], true where a query sees a key.
        """
        batch, length, _ = x.shape
        split = (batch, length, self.heads, self.head_size)
        query, key, value = (
            part(x).reshape(split).transpose(1, 2) for part in (self.query, self.key, self.value)
        )
        logits = query @ key.transpose(2, 3) / math.sqrt(max(self.head_size, 1))
        mixed = torch.softmax(torch.where(mask, logits, MASKED), dim=-1) @ value
        added: Tensor = self.linear(mixed.transpose(1, 2).reshape(batch, length, -1))
        return added


class Mlp(nn.Module):
    """MLP of one layer: `linear_1`, ReLU, `linear_2`."""

    def __init__(self, width: int, neurons: int) -> None:
        super().__init__()
        self.linear_1, self.linear_2 = Linear(width, neurons), Linear(neurons, width)

    def forward(self, x: Tensor) -> Tensor:
        """What the neurons add to the residual stream, shape [batch, seq, d_model]."""
        added: Tensor = self.linear_2(torch.relu(self.linear_1(x)))
        return added


class Layer(nn.Module):
    """Attention, then MLP, each added to the residual stream."""

    def __init__(self, architecture: Hyperparameters, width: int, neurons: int) -> None:
        super().__init__()
        self.attn = Attention(width, architecture.heads, architecture.head_size)
        self.mlp = Mlp(width, neurons)


class Transformer(nn.Module):
    """Embeddings, layers and unembedding."""

    def __init__(
        self,
        architecture: Hyperparameters,
        *,
        tokens: int,
        positions: int,
        width: int,
        neurons: int,
        outputs: int,
    ) -> None:
        super().__init__()
        self.causal, self.pad_encoding = architecture.causal, architecture.pad_encoding
        self.token_embed = nn.Embedding(tokens, width)
        self.pos_embed = nn.Embedding(positions, width)
        self.layers = nn.ModuleList(
            Layer(architecture, width, neurons) for _ in range(architecture.layers)
        )
        self.unembed = Linear(width, outputs, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits, or the number, of shape [batch, seq, outputs].

        Args:
            tokens: Integers of shape [batch, seq], BOS first and PAD last, which nothing
                checks.
        """
        logits: Tensor = self.unembed(self.residuals(tokens)[-1])
        return logits

    def residuals(self, tokens: Tensor) -> list[Tensor]:
        """The residual stream at every state: the embedding, then after each sublayer.

        Args:
            tokens: As for the call.

        Returns:
            One tensor of shape [batch, seq, d_model] a state; two a layer and one more.
        """
        length = tokens.shape[1]
        x = self.token_embed(tokens) + self.pos_embed.weight[:length]
        mask = (tokens != self.pad_encoding)[:, None, None, :]
        if self.causal:
            lower = torch.ones(length, length, dtype=torch.bool, device=tokens.device).tril()
            mask = mask & lower
        states = [x]
        layer: Any
        for layer in self.layers:
            states.append(states[-1] + layer.attn(states[-1], mask))
            states.append(states[-1] + layer.mlp(states[-1]))
        return states

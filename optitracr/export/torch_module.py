"""A compiled model as a plain `torch.nn.Module`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from optitracr.export.extras import require
from optitracr.model.compiled import CompiledModel

MASKED = -1e30


def to_torch(model: CompiledModel) -> Any:
    """Converts a model.

    Returns:
        A module whose call takes integers of shape [batch, seq], BOS first and padded with
        PAD, and gives logits (or the number) of shape [batch, seq, outputs]. Its
        parameters keep Tracr's names.

    Raises:
        MissingExtraError: If torch is not installed.
    """
    torch = require("torch", "PyTorch", "'optitracr[torch]'")
    architecture = model.architecture

    class Transformer(torch.nn.Module):  # type: ignore[misc, name-defined]
        """Embeddings, then attention and MLP of each layer, then the unembedding."""

        def __init__(self) -> None:
            super().__init__()
            self.weights = torch.nn.ParameterDict(
                {
                    f"{part}/{key}": torch.nn.Parameter(torch.tensor(np.asarray(array)))
                    for part, arrays in model.params.items()
                    for key, array in arrays.items()
                }
            )
            self.unembed = torch.nn.Parameter(torch.tensor(model.unembed))

        def linear(self, name: str, x: Any) -> Any:
            return x @ self.weights[f"{name}/w"] + self.weights[f"{name}/b"]

        def attention(self, name: str, x: Any, mask: Any) -> Any:
            batch, length, _ = x.shape
            heads, size = architecture.heads, architecture.head_size

            def project(part: str) -> Any:
                y = self.linear(f"{name}/{part}", x)
                return y.reshape(batch, length, heads, size).transpose(1, 2)

            logits = project("query") @ project("key").transpose(2, 3)
            logits = torch.where(mask, logits / math.sqrt(max(size, 1)), MASKED)
            mixed = torch.softmax(logits, dim=-1) @ project("value")
            return self.linear(f"{name}/linear", mixed.transpose(1, 2).reshape(batch, length, -1))

        def forward(self, tokens: Any) -> Any:
            length = tokens.shape[1]
            x = self.weights["token_embed/embeddings"][tokens]
            x = x + self.weights["pos_embed/embeddings"][:length]
            mask = (tokens != architecture.pad_encoding)[:, None, None, :]
            if architecture.causal:
                mask = mask & torch.ones(length, length, dtype=torch.bool).tril()
            for layer in range(architecture.layers):
                name = f"transformer/layer_{layer}"
                x = x + self.attention(f"{name}/attn", x, mask)
                hidden = torch.relu(self.linear(f"{name}/mlp/linear_1", x))
                x = x + self.linear(f"{name}/mlp/linear_2", hidden)
            return x @ self.unembed

    return Transformer().eval()

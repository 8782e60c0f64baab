"""A compiled model as a plain `torch.nn.Module`."""

from __future__ import annotations

from typing import Any

import numpy as np

from optitracr.extras import require
from optitracr.model.current import Current, exportable
from optitracr.model.forward import Array
from optitracr.model.names import LINEAR, POSITIONS, TOKENS, Linear, linear_name
from optitracr.model.transformer import Transformer


def to_torch(model: Transformer) -> Any:
    """Converts a model.

    Returns:
        A module whose call takes integers of shape [batch, seq], BOS first and PAD last, and
        gives logits (or the number) of shape [batch, seq, outputs]; its `residuals(tokens)`
        gives the residual stream at every state. What the integers mean is not checked: with
        PAD before a token the output means nothing. Its submodules keep
        Tracr's names (`layers.0.attn.query`, `layers.0.mlp.linear_1`, ...), so that hooks
        find them.

    Raises:
        MissingExtraError: If torch is not installed.
        InputError: If the model's configuration was edited to what the module cannot do.
    """
    torch = require("torch", "PyTorch", "torch")
    now = exportable(model, "to_torch")
    from optitracr.export.torch_layers import Transformer

    width, outputs = now.unembed.shape
    module = Transformer(
        now.architecture,
        tokens=model.input_encoder.vocab_size,
        positions=model.setting.max_seq_len + 1,
        width=width,
        neurons=model.model_config.mlp_hidden_size,
        outputs=outputs,
    )
    state = {name: torch.tensor(array) for name, array in torch_state(now).items()}
    module.load_state_dict(state)
    return module.eval()


def torch_state(now: Current) -> dict[str, Array]:
    """The weights under the names of the module's state dict, linear maps as [out, in]."""
    state = {"unembed.weight": np.ascontiguousarray(now.unembed.T)}
    for part in (TOKENS, POSITIONS):
        state[f"{part}.weight"] = now.params[part]["embeddings"]
    for layer in range(now.architecture.layers):
        for part in LINEAR:
            state |= _linear(now, layer, part)
    return state


def _linear(now: Current, layer: int, part: Linear) -> dict[str, Array]:
    weights = now.params[linear_name(layer, part)]
    name = f"layers.{layer}.{part.replace('/', '.')}"
    return {f"{name}.weight": np.ascontiguousarray(weights["w"].T), f"{name}.bias": weights["b"]}

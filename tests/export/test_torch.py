"""The PyTorch module: plain submodules with hooks, gradients, devices' own tools."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, rasp
from tests.compiled import compiled

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import torch

pytestmark = pytest.mark.filterwarnings("ignore")


def test_submodules_have_tracrs_names_and_take_hooks() -> None:
    model = compiled("reverse")
    module = model.to_torch()
    names = {name for name, _ in module.named_modules()}
    assert {"token_embed", "layers.1.attn.query", "layers.0.mlp.linear_1", "unembed"} <= names
    count = sum(parameter.numel() for parameter in module.parameters())
    assert count == model.size.parameters
    seen: list[Any] = []
    module.layers[0].mlp.register_forward_hook(lambda part, args, output: seen.append(output))
    tokens = torch.tensor(model.dataset(4).tokens).long()
    module(tokens)
    assert [tuple(output.shape) for output in seen] == [(*tokens.shape, model.size.width)]


def test_it_can_be_saved_and_trained() -> None:
    module = compiled("hist").to_torch()
    again = compiled("hist").to_torch()
    again.load_state_dict(module.state_dict())
    tokens = torch.tensor(compiled("hist").dataset(4).tokens).long()
    module(tokens).sum().backward()
    assert all(parameter.grad is not None for parameter in module.parameters())
    assert torch.equal(module(tokens), again(tokens))


def test_short_batches_and_padding() -> None:
    model = compiled("reverse")
    module = model.to_torch()
    encode = model.input_encoder.encode
    short = torch.tensor([encode([model.setting.bos, "a", "b"])])
    padded = torch.tensor([encode([model.setting.bos, "a", "b", *[model.setting.pad] * 4])])
    np.testing.assert_allclose(
        module(short).detach().numpy(), module(padded)[:, :3].detach().numpy(), atol=1e-5
    )


def test_a_model_without_layers() -> None:
    model = compile_rasp_to_model(rasp.tokens, {"a", "b"}, 2)
    assert model.size.layers == 0
    tokens = torch.tensor(model.dataset(4).tokens).long()
    assert model.to_torch()(tokens).shape == (*tokens.shape, 2)


@pytest.mark.slow
def test_it_can_be_traced_and_exported() -> None:
    model = compiled("reverse")
    module = model.to_torch()
    tokens = torch.tensor(model.dataset(4, seed=1).tokens).long()
    others = torch.tensor(model.dataset(4, seed=2).tokens).long()
    traced = torch.jit.trace(module, tokens)
    exported = torch.export.export(module, (tokens,)).module()
    for made in (traced, exported):
        torch.testing.assert_close(made(others), module(others))


def test_a_model_without_neurons_warns_of_nothing() -> None:
    model = compiled("hist")
    assert model.size.neurons == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        module = model.to_torch()
    assert module.layers[0].mlp.linear_1.weight.shape == (0, model.size.width)

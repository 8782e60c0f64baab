"""TransformerLens: padding, cache, logit lens, patching, and HookedTransformer before 4."""

from __future__ import annotations

import copy
import subprocess
import sys
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.compiled import CompiledModel
from optitracr.errors import InputError
from tests.compiled import compiled, decoded, inside

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import torch
    import transformer_lens  # noqa: F401

pytestmark = pytest.mark.filterwarnings("ignore")


def codes(model: CompiledModel, *sequences: str) -> Any:
    longest = max(len(sequence) for sequence in sequences)
    bos, pad = model.setting.bos, model.setting.pad
    rows = [[bos, *tokens, *[pad] * (longest - len(tokens))] for tokens in sequences]
    return torch.tensor([model.input_encoder.encode(row) for row in rows])


def said(model: CompiledModel, logits: Any) -> list[list[Any]]:
    found = decoded(model, logits.detach().numpy())[:, 1:]
    return [model.output_encoder.decode(row.tolist()) for row in found]


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("name", ["reverse", "hist", "frac_prevs"])
def test_padding_needs_no_mask_and_takes_one(name: str, causal: bool) -> None:
    model = compiled(name, 2, causal)
    data = model.dataset(24, seed=2)
    tokens, mask = torch.tensor(data.tokens).long(), torch.tensor(data.mask).long()
    lens = model.to_transformer_lens()
    wanted = model.forward_numpy(data.tokens).logits
    for given in ({}, {"attention_mask": mask}):
        with torch.no_grad():
            logits = lens(tokens, **given).numpy()
        where = inside(model, data.tokens)
        np.testing.assert_allclose(logits[where], wanted[where], atol=1e-4)


def test_a_mask_hides_what_it_leaves_out() -> None:
    model = compiled("hist")
    tokens = codes(model, "aab")
    mask = torch.tensor([[1, 1, 0, 1]])
    lens = model.to_transformer_lens()
    assert said(model, lens(tokens)) == [[2, 2, 1]]
    hidden = torch.zeros(1, 1, 4, 4, dtype=torch.bool)
    hidden[..., 2] = True
    for given in (mask, hidden, hidden.float() * -1e9):
        assert said(model, lens(tokens, attention_mask=given))[0][0] == 1
    by_place = lens.original_model(tokens, mask)
    assert said(model, by_place)[0][0] == 1
    with pytest.raises(InputError, match="the attention mask has the shape"):
        lens(tokens, attention_mask=torch.ones(1, 4, 4))


def test_padding_stays_masked_beside_masks_of_four_dimensions() -> None:
    model = compiled("hist")
    tokens = codes(model, "aab", "a")
    nothing = torch.zeros(2, 1, 4, 4, dtype=torch.bool)
    for given in (nothing, nothing.float()):
        found = said(model, model.to_transformer_lens()(tokens, attention_mask=given))
        assert found[0] == [2, 2, 1]
        assert found[1][0] == 1


def test_runs_from_a_residual_stream_need_a_mask() -> None:
    """They have no tokens to tell PAD by, and go wrong in silence if nothing does."""
    model = compiled("sort_unique")
    assert model.size.layers > 1
    data = model.dataset(24, seed=2)
    tokens, mask = torch.tensor(data.tokens).long(), torch.tensor(data.mask).long()
    lens = model.to_transformer_lens()
    with torch.no_grad():
        half = lens(tokens, stop_at_layer=1)
        whole = lens(half, start_at_layer=1, attention_mask=mask)
    where = inside(model, data.tokens)
    wanted = model.forward_numpy(data.tokens).logits
    np.testing.assert_allclose(whole.numpy()[where], wanted[where], atol=1e-4)
    with pytest.raises(InputError, match="no tokens to tell PAD by"):
        lens(half, start_at_layer=1)
    copied = copy.deepcopy(lens)
    lens(tokens[:4])
    with torch.no_grad():
        np.testing.assert_allclose(copied(tokens).numpy()[where], wanted[where], atol=1e-4)


def test_the_logit_lens_reads_the_output_where_the_circuit_says() -> None:
    model = compiled("reverse")
    lens = model.to_transformer_lens()
    _, cache = lens.run_with_cache(codes(model, "abcd"))
    [writer] = [n for n in model.circuit.nodes if n.kind == "head" and model.name in n.variables]
    unembed = torch.tensor(model.unembed)
    before = cache[f"blocks.{writer.layer}.hook_resid_pre"] @ unembed
    after = cache[f"blocks.{writer.layer}.hook_resid_mid"] @ unembed
    assert said(model, after) == [list("dcba")]
    assert said(model, before) != [list("dcba")]
    accumulated = cache.accumulated_resid(layer=-1, incl_mid=True)
    assert accumulated.shape[0] == 2 * model.size.layers + 1
    np.testing.assert_allclose(
        cache.decompose_resid(layer=-1).sum(dim=0), accumulated[-1], atol=1e-4
    )


@pytest.mark.parametrize("level", [0, 1, 2])
def test_patching_the_head_that_the_circuit_names_changes_the_output_as_predicted(
    level: int,
) -> None:
    """The head that gives reverse, patched from a run on other tokens, gives their reverse."""
    model = compiled("reverse", level)
    lens = model.to_transformer_lens()
    clean, other = codes(model, "abcda"), codes(model, "cabbd")
    _, cache = lens.run_with_cache(other)
    [name] = [
        node
        for node in model.circuit.parts_of(model.name, "qkv")
        if "hook_z" in node and model.name in model.circuit.graph("qkv").nodes[node]["variables"]
    ]
    hook, _, head = name.partition("[:, :, ")
    place = int(head[:-1])

    def patch(value: Any, hook: Any) -> Any:
        value[:, :, place] = cache[hook.name][:, :, place]
        return value

    patched = lens.run_with_hooks(clean, fwd_hooks=[(hook, patch)])
    assert said(model, lens(clean)) == [list("adcba")]
    assert said(model, patched) == [list("dbbac")]


def test_ablating_outside_of_the_circuit_changes_nothing() -> None:
    """In TransformerLens as in NumPy: all heads and neurons outside, at once."""
    model = compiled("shuffle_dyck1")
    lens = model.to_transformer_lens()
    data = model.dataset(32, seed=3)
    tokens = torch.tensor(data.tokens).long()
    [variable] = [stay.variable for stay in model.circuit.dimensions if stay.first_state == 1][:1]
    kept = model.circuit.parts_of(variable, "qkv")

    def ablate(value: Any, hook: Any, name: str) -> Any:
        for place in range(value.shape[2]):
            if f"{name}[:, :, {place}]" not in kept:
                value[:, :, place] = 0.0
        return value

    # Inside the bridge a hook may go by the name that hook_z or hook_post is an alias of.
    names = [name for name in lens.hook_dict if name.endswith(("hook_z", "hook_post"))]
    hooks = [(name, partial(ablate, name=name)) for name in names]
    assert len(hooks) >= 2 * model.size.layers
    _, clean = lens.run_with_cache(tokens)
    with lens.hooks(fwd_hooks=hooks):
        _, ablated = lens.run_with_cache(tokens)
    where = torch.tensor(inside(model, data.tokens))
    for stay in model.circuit.dimensions:
        states = range(stay.first_state, stay.last_state + 1)
        for state in states if stay.variable == variable else ():
            name = f"blocks.{state // 2}.hook_resid_{'mid' if state % 2 else 'pre'}"
            if state == 2 * model.size.layers:
                name = f"blocks.{model.size.layers - 1}.hook_resid_post"
            gap = (clean[name] - ablated[name])[where][:, list(stay.dimensions)].abs()
            assert float(gap.max()) < 1e-5
    last = f"blocks.{model.size.layers - 1}.hook_resid_post"
    changed = float((clean[last] - ablated[last])[where].abs().max())
    assert changed > 0.5


def test_every_hook_that_the_circuit_names_is_there() -> None:
    for name, level in (("reverse", 2), ("upper_case", 2), ("shuffle_dyck1", 1)):
        model = compiled(name, level)
        lens = model.to_transformer_lens()
        graph = model.circuit.graph("dimension")
        named = {
            hook.partition("[")[0] for _, data in graph.nodes(data=True) for hook in data["hooks"]
        }
        assert named <= set(lens.hook_dict)


def test_a_model_without_layers_gets_one_that_adds_nothing() -> None:
    model = compile_rasp_to_model(rasp.tokens, {"a", "b"}, 3)
    assert model.size.layers == 0
    lens = model.to_transformer_lens()
    tokens = codes(model, "ab", "b")
    logits, cache = lens.run_with_cache(tokens)
    assert said(model, logits)[0] == ["a", "b"]
    for name in ("blocks.0.hook_attn_out", "blocks.0.hook_mlp_out"):
        assert float(cache[name].abs().max()) == 0.0


def test_kinds_that_are_not_there() -> None:
    model = compiled("hist")
    with pytest.raises(InputError, match="transformer-lens<4"):
        model.to_transformer_lens(kind="hooked")
    with pytest.raises(InputError, match="give one of bridge, hooked"):
        model.to_transformer_lens(kind="other")


HOOKED = """
import copy, warnings
warnings.simplefilter("ignore")
import numpy, torch
from transformer_lens import HookedTransformer
from optitracr.errors import InputError
from tests.compiled import compiled, decoded, inside, states

for name in ("reverse", "hist", "shift_by", "frac_prevs", "upper_case", "shuffle_dyck1"):
    for level in (0, 2):
        for causal in (False, True):
            model = compiled(name, level, causal)
            data = model.dataset(16, seed=1)
            tokens = torch.tensor(data.tokens).long()
            wanted = model.forward_numpy(data.tokens)
            lens = model.to_transformer_lens()
            assert isinstance(lens, HookedTransformer)
            with torch.no_grad():
                logits, cache = lens.run_with_cache(tokens)
                masked = lens(tokens, attention_mask=torch.tensor(data.mask).long())
            where = inside(model, data.tokens)
            for found in (logits, masked):
                found = found.numpy()[..., : wanted.logits.shape[-1]]
                assert numpy.abs(found - wanted.logits)[where].max() < 1e-4, name
                assert (decoded(model, found) == decoded(model, wanted.logits))[where].all(), name
            for layer in range(model.size.layers):
                for place, state in (("mid", 2 * layer + 1), ("post", 2 * layer + 2)):
                    found = cache[f"blocks.{layer}.hook_resid_{place}"].numpy()
                    gap = found - states(wanted)[state]
                    assert numpy.abs(gap)[data.mask].max() < 1e-4, name
hist = compiled("hist", 2, False)
lens = hist.to_transformer_lens()
row = torch.tensor([hist.input_encoder.encode([hist.setting.bos, *"aab"])])
assert decoded(hist, lens(row).detach().numpy())[0, 1:].tolist() == [2, 2, 1]
hidden = lens(row, attention_mask=torch.tensor([[1, 1, 0, 1]])).detach().numpy()
assert decoded(hist, hidden)[0, 1] == 1

unique = compiled("sort_unique", 2, False)
data, other = unique.dataset(24, seed=2), unique.dataset(24, seed=5)
tokens, others = (torch.tensor(d.tokens).long() for d in (data, other))
mask, where = torch.tensor(data.mask).long(), inside(unique, data.tokens)
wanted = unique.forward_numpy(data.tokens).logits
lens = unique.to_transformer_lens()
copied = copy.deepcopy(lens)
half = lens(tokens, stop_at_layer=1)
lens(others)
runs = [
    copied(tokens),
    lens(half, start_at_layer=1, attention_mask=mask),
    lens(half, start_at_layer=1, tokens=tokens),
    lens.run_with_hooks(tokens, fwd_hooks=[]),
]
lens.reset_hooks(including_permanent=True)
runs.append(lens(tokens))
for found in runs:
    assert numpy.abs(found.detach().numpy() - wanted)[where].max() < 1e-4
try:
    lens(half, start_at_layer=1)
except InputError as error:
    assert "no tokens to tell PAD by" in str(error)
else:
    raise AssertionError("a run without tokens or mask")

try:
    model.to_transformer_lens(kind="bridge")
except InputError as error:
    assert "transformer-lens>=4" in str(error)
    print("agreed")
"""


@pytest.mark.slow
@pytest.mark.parametrize("version", ["2.18.0", "3.9.0"])
def test_hooked_transformer(version: str, tmp_path: Path) -> None:
    """An older TransformerLens, laid over the one that is installed, in a process of its own."""
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    packages = [f"transformer-lens=={version}", "better_abc==0.0.3"]
    made = subprocess.run(
        [*install, "--target", str(tmp_path), *packages],
        check=False,
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, f"needs the package index: {made.stderr[-1000:]}"
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", HOOKED],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": f"{tmp_path}:{root}", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        check=False,
    )
    assert done.stdout == "agreed\n", done.stderr[-2000:]

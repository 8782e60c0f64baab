"""Ablating outside of a variable's circuit never changes it; resampling inside does."""

from __future__ import annotations

import numpy as np
import pytest

from optitracr import compile_rasp_to_model
from optitracr.circuit.intervention import Ablation, ablate, activations, change
from optitracr.circuit.parts import node_hooks
from optitracr.compiled import CompiledModel
from optitracr.errors import InputError, NotFoundError
from optitracr.levels import LEVELS
from tests.compiled import compiled
from tests.programs import READOUTS, Case

NAMES = [
    "hist",
    "reverse",
    "sort",
    "frac_prevs",
    "pair_balance",
    "shuffle_dyck1",
    "distinct_so_far",
]


def variables(model: CompiledModel) -> list[str]:
    held = [stay.variable for stay in model.circuit.dimensions if stay.variable]
    return [*dict.fromkeys([*held, model.name])]


@pytest.mark.sweep
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", NAMES)
def test_outside_and_inside(name: str, level: int) -> None:
    model = compiled(name, level)
    tokens = model.dataset(128, seed=5).tokens
    before, found = activations(model, tokens)
    every = {f"{hook}[:, :, {i}]" for hook, array in found.items() for i in range(array.shape[2])}
    without = []
    for variable in variables(model):
        parts = model.circuit.parts_of(variable, "qkv")
        for how in Ablation:
            after = ablate(model, tokens, sorted(every - parts), how, seed=1)
            assert change(model, variable, before, after, tokens) < 1e-5, (variable, how)
        for node in model.circuit.nodes:
            own = [part for part in node_hooks(node) if part in parts]
            if (
                own
                and not change(model, variable, before, ablate(model, tokens, own), tokens) > 1e-3
            ):
                without.append((node, variable))
    # What only erases may leave less behind than its readers' margins; what computes may not.
    assert not [pair for pair in without if not pair[0].erases]
    if level != 1:
        assert not without


@pytest.mark.parametrize("case", READOUTS, ids=lambda case: case.name)
def test_outside_of_what_a_readout_is_decoded_from(case: Case) -> None:
    """Scores that are no one-hot do not change either."""
    model = compile_rasp_to_model(case.make(), case.vocab, case.max_seq_len)
    tokens = model.dataset(64, seed=5).tokens
    before, found = activations(model, tokens)
    every = {f"{hook}[:, :, {i}]" for hook, array in found.items() for i in range(array.shape[2])}
    for variable in variables(model):
        outside = sorted(every - model.circuit.parts_of(variable, "qkv"))
        after = ablate(model, tokens, outside, seed=1)
        assert change(model, variable, before, after, tokens) < 1e-5, variable
    assert (
        change(model, model.name, before, ablate(model, tokens, every), tokens) > 0.5 or not every
    )


def test_resampling_takes_what_another_position_has() -> None:
    model = compiled("reverse")
    tokens = model.dataset(64, seed=1, lengths=[8]).tokens
    before, _ = activations(model, tokens)
    [writer] = [n for n in model.circuit.nodes if n.kind == "head" and model.name in n.variables]
    after = ablate(model, tokens, node_hooks(writer), seed=3)
    again = ablate(model, tokens, node_hooks(writer), seed=3)
    np.testing.assert_array_equal(after.logits, again.logits)
    taken, known = (
        {tuple(row) for row in run.logits[:, 1:].round(2).reshape(-1, 4).tolist()}
        for run in (after, before)
    )
    assert all(row in known or max(row) <= 0.5 for row in taken)
    assert (after.unembedded_output != before.unembedded_output).any()
    zero = ablate(model, tokens, node_hooks(writer), Ablation.ZERO)
    assert (zero.unembedded_output[:, 1:] == -1).all()


def test_mlps_and_other_names() -> None:
    model = compiled("reverse")
    tokens = model.dataset(16, seed=1).tokens
    whole = ablate(model, tokens, ["blocks.0.hook_mlp_out"], "zero")
    neurons = [f"blocks.0.mlp.hook_post[:, :, {i}]" for i in range(model.size.neurons)]
    np.testing.assert_array_equal(whole.logits, ablate(model, tokens, neurons, "zero").logits)
    nothing = ablate(model, tokens, ["hook_embed", "blocks.0.attn.hook_q[:, :, 0]"])
    np.testing.assert_array_equal(nothing.logits, model.forward_numpy(tokens).logits)


def test_wrong_names() -> None:
    model = compiled("hist")
    tokens = model.dataset(4).tokens
    for part in (
        "blocks.7.hook_mlp_out",
        "blocks.0.attn.hook_z[:, :, 99]",
        "blocks.0.attn.hook_z",
        "blocks.0.hook_mlp_out[:, :, 3]",
        "blocks.77.attn.hook_q[:, :, 0]",
        "whateverembed",
    ):
        with pytest.raises(NotFoundError, match="the model has no part"):
            ablate(model, tokens, [part])
    with pytest.raises(InputError, match="zero, resample"):
        ablate(model, tokens, [], "mean")
    output = model.forward_numpy(tokens)
    with pytest.raises(NotFoundError, match="holds no variable"):
        change(model, "other", output, output, tokens)

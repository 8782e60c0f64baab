"""What is known of a model: proven, refuted, checked or nothing, and of which weights."""

from __future__ import annotations

import copy
from typing import Any

import jax
import numpy as np
import pytest

import optitracr
from optitracr import compile_rasp_to_model, rasp
from optitracr.checking import proving
from optitracr.checking.proving import known_before_use
from optitracr.compiled import CompiledModel
from optitracr.domain import at_most_one
from optitracr.errors import InputError, VerificationError
from optitracr.levels import LEVELS
from optitracr.model.proof import Discharge, Proof, Status
from optitracr.options import Check
from tests.compiled import compiled

OUT = "transformer/layer_0/mlp/linear_2"
HIST = rasp.SelectorWidth(rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)).named("hist")


def hist(**options: Any) -> CompiledModel:
    return compile_rasp_to_model(HIST, {"a", "b"}, 4, **options)


def with_an_mlp(**options: Any) -> CompiledModel:
    """At level 2 the count is read out of the head that counts."""
    return hist(optimize=1, **options)


def wrong_params(model: CompiledModel) -> dict[str, dict[str, Any]]:
    """Weights that say something else on every input."""
    return {**model.params, OUT: {**model.params[OUT], "w": model.params[OUT]["w"] * 0}}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("options", [{}, {"check": True}, {"check": "proof"}])
def test_a_model_is_proven_by_default(level: int, options: dict[str, Any]) -> None:
    model = hist(optimize=level, **options)
    proof = model.proof
    assert proof.proven
    assert model.options.check is Check.PROOF
    assert (proof.inputs, proof.undefined, proof.open) == (2 + 4 + 8 + 16, 0, ())
    assert proof.discharged[Discharge.INPUTS] == proof.obligations > 1
    assert 0 < proof.largest_error < 1e-3
    assert proof.smallest_separation is not None
    assert proof.smallest_separation > 0.4


def test_a_sample_is_no_proof() -> None:
    model = hist(check="sample")
    assert model.options.check is Check.SAMPLE
    assert model.proof.status is Status.CHECKED
    assert model.proof.inputs == 2 + 4 + 8 + 16
    assert "sample" in model.proof.open[0]


def test_nothing_is_known_of_a_model_that_is_not_checked() -> None:
    model = hist(check=False)
    assert model.options.check is None
    assert model.proof == Proof(Status.CHECKED, open=("nothing was checked: check=False",))


@pytest.mark.parametrize("check", ["proven", "", None, 2, 1.0, ["proof"]])
def test_other_checks_are_refused(check: Any) -> None:
    with pytest.raises(InputError, match="'proof', 'sample', True for a proof, or False"):
        hist(check=check)


def test_where_a_proof_falls_short_inputs_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "BUDGET", 10)
    proof = hist().proof
    assert proof.status is Status.CHECKED
    assert proof.inputs == 2 + 4 + 8 + 16
    assert proof.open


@pytest.mark.parametrize("check", list(Check))
def test_a_wrong_model_is_an_error_that_names_variable_and_input(check: Check) -> None:
    model = with_an_mlp(check=False)
    model.params = wrong_params(model)
    with pytest.raises(
        VerificationError, match=r"'hist.* at position 0 of \['a'.* RASP says [12]\. S-op"
    ):
        known_before_use(model, check)


def test_what_one_run_does_not_show_is_an_error_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refuted = Proof(Status.REFUTED, counterexample=("a",), finding="the model says 2")
    monkeypatch.setattr(proving, "prove_model", lambda model, budget: refuted)
    with pytest.raises(VerificationError, match=r"the model says 2.*float32 rounds"):
        hist()


def test_proving_finds_and_remembers_what_holds() -> None:
    model = hist(check=False)
    assert optitracr.prove(model).proven
    assert model.proof.proven
    assert model.proof == hist().proof


def test_other_weights_are_proven_in_the_place_of_the_models_own() -> None:
    model = with_an_mlp()
    proof = model.prove(wrong_params(model))
    assert proof.status is Status.REFUTED
    assert proof.counterexample is not None
    assert proof.finding
    assert model.proof.proven
    tokens = list(proof.counterexample)
    wrong = copy.copy(model)
    wrong.params = wrong_params(model)
    said = wrong.apply([model.setting.bos, *tokens]).decoded[1:]
    assert said != HIST(tokens)
    as_jax = jax.tree_util.tree_map(jax.numpy.asarray, model.params)
    assert optitracr.prove(model, as_jax).proven


@pytest.mark.parametrize("params", [3, {}, {"token_embed": {"embeddings": np.zeros((2, 2))}}])
def test_weights_that_do_not_fit_are_refused(params: Any) -> None:
    with pytest.raises(InputError, match="params"):
        optitracr.prove(hist(), params)


def test_a_proof_holds_for_the_weights_that_it_is_of() -> None:
    model = with_an_mlp()
    before = model.params[OUT]["w"].copy()
    model.params[OUT]["w"][0, 0] += 0.5
    assert model.proof.status is Status.CHECKED
    assert model.proof.inputs == 0
    assert "changed since the model was PROVEN" in model.proof.open[0]
    model.params[OUT]["w"][:] = before
    assert model.proof.proven
    model.params[OUT]["w"][:] = 0
    assert model.prove().status is Status.REFUTED
    assert model.proof.status is Status.REFUTED
    model.params[OUT]["w"][:] = before
    assert "changed since the model was REFUTED" in model.proof.open[0]


def test_a_proof_holds_for_the_configuration_that_it_is_of() -> None:
    model = hist()
    model.model_config.activation_function = jax.nn.gelu
    assert "configuration were changed" in model.proof.open[0]
    model.model_config.activation_function = jax.nn.relu
    assert model.proof.proven
    model.params[OUT] = {}
    assert not model.proof.proven


def test_copies_keep_what_is_known() -> None:
    model = hist()
    for again in (copy.copy(model), copy.deepcopy(model)):
        assert again.proof == model.proof
        again.unembed = again.unembed * 2
        assert not again.proof.proven
    assert model.proof.proven


def test_what_is_known_cannot_be_set() -> None:
    model = hist(check=False)
    for name in ("proof", "evidence"):
        with pytest.raises(AttributeError):
            setattr(model, name, hist().proof)


def test_an_input_is_looked_for_where_nothing_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    short = Proof(Status.CHECKED, open=("something",))
    monkeypatch.setattr(proving, "prove_model", lambda model: short)
    model = compiled("sort_unique", 2)
    right = model.prove()
    assert (right.status, right.open) == (Status.CHECKED, ("something",))
    assert right.inputs > 100
    found = model.prove(
        {**model.params, "pos_embed": {"embeddings": model.params["pos_embed"]["embeddings"] * 0}}
    )
    assert found.status is Status.REFUTED
    assert found.counterexample is not None


def test_a_proof_names_the_domain() -> None:
    model = compile_rasp_to_model(HIST, {"a", "b"}, 4, domain=at_most_one("a"))
    assert model.proof.proven
    assert model.proof.domain == model.domain.text
    assert model.proof.inputs < 2 + 4 + 8 + 16


def test_a_model_with_another_activation_is_never_proven() -> None:
    model = with_an_mlp()
    model.model_config.activation_function = lambda x: x
    assert model.prove().status is Status.REFUTED
    model.model_config.activation_function = lambda x: jax.nn.relu(x)
    proof = model.prove()
    assert proof.status is Status.CHECKED
    assert "ReLU" in proof.open[0]


def test_what_float32_alone_gets_wrong_is_no_defect() -> None:
    """A number that is added to what a head reads, and taken from what it writes, costs digits."""
    entry = optitracr.library.get("frac_prevs")
    model = compile_rasp_to_model(entry.make(), entry.vocab, 4, optimize=1)
    params = {
        name: {kind: w.copy() for kind, w in part.items()} for name, part in model.params.items()
    }
    for layer in range(model.size.layers):
        value, linear = (params[f"transformer/layer_{layer}/attn/{x}"] for x in ("value", "linear"))
        value["b"] += np.float32(2.0**16)
        linear["b"] -= np.float32(2.0**16) * linear["w"].sum(axis=0)
    model.params = params
    with pytest.raises(VerificationError, match="In float64 the same weights are right"):
        model.verify()
    model.params = wrong_params(model)
    with pytest.raises(VerificationError, match="a defect of the compiler"):
        model.verify()

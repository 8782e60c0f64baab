"""Models in their published forms: the same forward pass as their class, and their circuits."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, library, rasp
from optitracr.benchmark import (
    METHODS,
    published_sites,
    score_any,
    score_edges,
    score_sites,
    sites_of,
)
from optitracr.benchmark.published import _carried, _moved, published_task, published_truth
from optitracr.benchmark.scoring import faithfulness
from optitracr.circuit.truth import truth_of
from optitracr.compiled import CompiledModel
from optitracr.errors import InputError
from tests.compiled import compiled

pytest.importorskip("torch")

FORMS = [("gpt2", None), ("gpt2", 3), ("llama", None), ("llama", 3)]


@cache
def published(name: str, architecture: str) -> CompiledModel:
    entry = library.get(name)
    return compile_rasp_to_model(
        entry.make(), entry.vocab, 4, causal=True, architecture=architecture, check=False
    )


@pytest.mark.sweep
@pytest.mark.parametrize(("architecture", "rotate"), FORMS)
def test_logits_are_those_of_the_form(architecture: str, rotate: int | None) -> None:
    model = published("reverse", architecture)
    task = published_task(model, rotate, size=6)
    form = model.stock(rotate)
    wanted = form.logits(task.tokens) / form.logit_scale
    found = task.clean_run.logits.detach().numpy()
    assert np.allclose(found[task.inside], wanted[task.inside], atol=1e-3)
    assert (
        model.decode_logits(found * form.logit_scale)
        == model.decode_logits(wanted * form.logit_scale)
    ).all()


@pytest.mark.sweep
@pytest.mark.parametrize(("architecture", "rotate"), FORMS)
def test_the_circuit_keeps_the_output_and_methods_run(
    architecture: str, rotate: int | None
) -> None:
    task = published_task(published("reverse", architecture), rotate, size=6)
    score = score_edges(task, METHODS["truth"](task))
    assert score.auroc == score.precision == 1.0
    assert score.faithfulness == pytest.approx(1.0, abs=1e-3)
    found = {name: METHODS[name](task) for name in ("patching", "eap", "magnitude")}
    assert all(scores.shape == (len(task.edges),) for scores in found.values())
    assert all(np.isfinite(scores).all() for scores in found.values())
    outside = ~task.truth.inside
    assert found["patching"][outside].max() < 1e-2 < found["patching"].max()


@pytest.mark.sweep
@pytest.mark.parametrize(("architecture", "rotate"), FORMS)
def test_variables_lie_where_the_model_has_them(architecture: str, rotate: int | None) -> None:
    """At the same states, later by the layers that tell positions, and in as many directions."""
    model = published("reverse", architecture)
    found, plain = published_sites(model, rotate), sites_of(model)
    later = 2 * model.stock().early_layers
    assert [(s.variable, s.state, s.size) for s in found] == [
        (s.variable, s.state + later, s.size) for s in plain
    ]
    score = score_sites(found, "true_subspace")
    assert score.interchange_accuracy == 1
    assert score_sites(found, "random_subspace").interchange_accuracy < 0.5
    # A run that is begun at a state goes on as the whole run does.
    task = published_task(model, rotate, size=6)
    state = found[0].state
    after = task.network.onwards(state, task.clean_run.states[state], task.tokens)
    assert np.allclose(after.detach(), task.clean_run.logits.detach())


@pytest.mark.parametrize(("architecture", "rotate"), [("gpt2", None), ("llama", 3)])
def test_circuits_without_edges_that_cancel_keep_the_output(
    architecture: str, rotate: int | None
) -> None:
    task = published_task(published("double_hist", architecture), rotate, size=6)
    whole, fewer = task.truths
    assert (whole.inside == task.truth.inside).all()
    assert fewer.inside.sum() < whole.inside.sum()
    for truth in (whole, fewer):
        assert faithfulness(task, truth.inside) == pytest.approx(1.0, abs=1e-3)
        assert score_any(task, truth.inside.astype(float)).auroc == 1


def test_noise_is_no_output_to_keep() -> None:
    """The causal reading of argmax gives 0 at every position: only noise moves its logits."""
    task = published_task(published("argmax", "gpt2"), size=6)
    assert 0 < float(task.direction.abs().max()) < 1e-3
    assert np.isnan(score_edges(task, METHODS["truth"](task)).faithfulness)


@pytest.mark.parametrize("name", ["reverse", "hist"])
def test_edges_are_those_of_the_model_without_norms(name: str) -> None:
    """For GPT-2 they are what the weights say; Llama has more, which tell positions."""
    model = published(name, "gpt2")
    own = truth_of(model.circuit)
    true = {_moved(e, 0) for e, inside in zip(own.edges, own.inside, strict=True) if inside}
    assert _carried(model.stock()) == true
    other = published(name, "llama")
    truth, plain = published_truth(other), truth_of(other.circuit)
    assert (truth.inside & truth.counts).sum() == (plain.inside & plain.counts).sum()
    assert truth.inside.sum() >= plain.inside.sum()


def test_the_constant_that_stands_for_biases_is_no_mistake() -> None:
    """Llama's MLP reads it off the input, by the largest weights of the model."""
    equal, less = (
        rasp.SelectorWidth(rasp.Select(rasp.tokens, rasp.tokens, comparison))
        for comparison in (rasp.Comparison.EQ, rasp.Comparison.LEQ)
    )
    program = rasp.SequenceMap(lambda x, y: (x * y) % 3, equal, less)
    model = compile_rasp_to_model(
        program, {1, 2, 3}, 4, causal=True, architecture="llama", check=False
    )
    task = published_task(model, size=6)
    edge = task.edges.index(("input", "m0"))
    assert task.truth.inside[edge]
    assert not task.truth.counts[edge]
    scores = METHODS["magnitude"](task)
    assert scores[edge] > 1e5
    assert score_edges(task, scores).auroc == 1


def test_only_published_models_have_such_a_form() -> None:
    with pytest.raises(InputError, match="no published transformer"):
        published_task(compiled("hist"))
    with pytest.raises(InputError, match="model is 3"):
        published_task(3)  # type: ignore[arg-type]

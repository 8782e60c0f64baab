"""Methods on compiled models, and a method of one's own."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optitracr.benchmark import METHODS, Task, score_edges, score_method, task_of, truth_of
from optitracr.circuit.patching import edge_effects
from optitracr.errors import InputError
from tests.compiled import compiled

pytest.importorskip("torch")

NAMES = ("hist", "frac_prevs", "most_frequent")


@pytest.mark.parametrize("name", NAMES)
def test_the_forward_pass_is_the_models(name: str) -> None:
    task = task_of(compiled(name))
    wanted = task.model.forward_numpy(task.tokens).logits
    assert np.allclose(task.clean_run.logits.numpy(), wanted, atol=1e-5)
    whole = dict.fromkeys(task.edges, True)
    other = task.network.run(task.tokens, task.patches(whole)).logits.numpy()
    gap = np.abs(other - task.corrupted_run.logits.numpy())
    assert gap[task.inside].max() < 1e-4, "all edges patched are the corrupted run"


@pytest.mark.parametrize("name", NAMES)
def test_the_truth_scores_one(name: str) -> None:
    score = score_method(compiled(name), "truth")
    for figure in (score.auroc, score.precision, score.node_auroc, score.node_precision):
        assert math.isnan(figure) or figure == 1
    assert score.faithfulness == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_patching_finds_nothing_outside_the_circuit(name: str) -> None:
    task = task_of(compiled(name))
    found = METHODS["patching"](task)
    assert found[task.truth.inside].any()
    assert found[~task.truth.inside].max(initial=0) < 1e-5
    assert METHODS["eap"](task)[~task.truth.inside].max(initial=0) < 1e-5


def test_truth_is_that_of_the_graph_file(tmp_path: Path) -> None:
    model = compiled("most_frequent")
    truth = truth_of(model.circuit)
    model.circuit.to_eap(tmp_path / "graph.json")
    edges = json.loads((tmp_path / "graph.json").read_text())["edges"]
    assert [f"{writer}->{reader}" for writer, reader in truth.edges] == list(edges)
    assert truth.inside.tolist() == [edge["in_graph"] for edge in edges.values()]
    assert truth.inside[~truth.counts].all()


def test_constants_count_for_nothing() -> None:
    """What reads the mark of BOS alone reads what no input changes."""
    task = task_of(compiled("most_frequent"))
    effects = METHODS["patching"](task)
    assert not task.truth.counts.all()
    assert effects[~task.truth.counts].max() < 1e-5


def test_patching_agrees_with_the_circuits_own() -> None:
    """Between heads and MLPs, where the other patches too: the same edges have an effect."""
    model = compiled("sort")
    task = task_of(model)
    found = dict(zip(task.edges, METHODS["patching"](task), strict=True))
    own = edge_effects(model, task.tokens, "head")
    for layer in range(model.size.layers):
        for head in range(model.model_config.num_heads):
            edge = f"blocks.{layer}.attn.hook_z[:, :, {head}]", f"blocks.{layer}.hook_mlp_out"
            assert own[edge] > 1e-4 or found[f"a{layer}.h{head}", f"m{layer}"] < 1e-4


def test_a_method_of_ones_own() -> None:
    def shortest(task: Task) -> Any:
        return np.array([-len(writer) for writer, _ in task.edges], dtype=float)

    model = compiled("hist")
    score = score_method(model, shortest)
    assert 0 <= score.auroc <= 1
    assert score.as_dict()["edges"] == score.edges
    with pytest.raises(InputError, match="number"):
        score_edges(task_of(model), np.zeros(1))
    with pytest.raises(InputError, match="method"):
        score_method(model, "nothing")


def test_the_same_for_the_same_seed() -> None:
    model = compiled("hist")
    for name in METHODS:
        first, second = (METHODS[name](task_of(model, seed=2)) for _ in range(2))
        assert np.array_equal(first, second)


def test_random_scores_of_two_models_are_drawn_apart() -> None:
    """With one draw for all of them a mean over models would have no interval."""
    tasks = [task_of(compiled(name)) for name in NAMES[:2]]
    first, second = (METHODS["random"](task) for task in tasks)
    assert (first == METHODS["random"](task_of(compiled(NAMES[0])))).all()
    assert len(first) == len(second)
    assert not (first == second).any()
    assert not (first == METHODS["random"](task_of(compiled(NAMES[0]), seed=1))).any()


def test_attribution_ends_at_the_clean_input() -> None:
    """Its attention ties: where the last digit of an embedding breaks ties, the gradient is other.

    That gradients at clean inputs were others by a factor of 1e8 was seen beside another package.
    """
    task = task_of(compiled("rank"))
    run = task.network.run(task.tokens, probed=True)
    (run.logits * task.direction).sum().backward()
    moved = task.corrupted_run.outputs[0] - task.clean_run.outputs[0]
    wanted = abs(float((moved * run.probes["a0.h0<k>"].grad).sum()))
    found = METHODS["eap"](task)[task.edges.index(("input", "a0.h0<k>"))]
    assert found == pytest.approx(wanted, rel=1e-6)

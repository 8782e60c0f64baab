"""Methods that look for variables, and what their subspaces score."""

from __future__ import annotations

import math

import numpy as np
import pytest

from optitracr import benchmark, compile_rasp_to_model, rasp
from optitracr.benchmark import VARIABLE_METHODS, Site, score_site, score_variables, sites_of
from optitracr.errors import InputError
from tests.compiled import compiled

pytest.importorskip("torch")


@pytest.mark.parametrize(("name", "level"), [("reverse", 0), ("rank", 2), ("frac_prevs", 2)])
def test_the_true_dimensions_score_one(name: str, level: int) -> None:
    found = score_variables(compiled(name, level=level), "true_subspace", seed=3)
    assert found.interchange_accuracy == 1
    assert set(found.accuracies.values()) == {1.0}


def test_sites_are_the_states_up_to_the_first_reader() -> None:
    """At level 0 each variable has dimensions of its own for ever, and is read once."""
    found = [(site.variable, site.state) for site in sites_of(compiled("sort", level=0))]
    wanted = {"distinct_keys_3": (2,), "target_position_5": (3, 4), "sort_7": (5, 6)}
    assert found == [(variable, state) for variable, states in wanted.items() for state in states]


def test_pairs_are_interchanges_of_the_program() -> None:
    """What is wanted on each pair is the program's own, and both halves have what has an effect."""
    model = compiled("hist")
    site = sites_of(model)[0]
    pairs = model.counterfactuals(benchmark.sites.DRAWN)
    known = {
        (tuple(base), tuple(output[1:]))
        for base, output in zip(pairs.tokens.tolist(), pairs.outputs[site.variable], strict=True)
        if output is not None
    }
    for half in (site.examples, site.held_out):
        assert half.effect.sum() >= 2
        for tokens, wanted, inside in zip(half.tokens, half.wanted, half.inside, strict=True):
            decoded = model.output_encoder.decode(wanted[inside].tolist())
            assert (tuple(tokens.tolist()), tuple(decoded)) in known


def test_das_finds_what_a_probe_does_not() -> None:
    """The count is told by other dimensions too, which a probe leans on."""
    scores = {
        name: score_variables(compiled("hist"), name).interchange_accuracy
        for name in VARIABLE_METHODS
    }
    assert scores["random_subspace"] < scores["probe"] < scores["das"] == 1


def test_to_set_nothing_has_a_half_at_most() -> None:
    for site in sites_of(compiled("sort", level=0)):
        nothing = score_site(site, np.zeros((site.width, 0)))
        assert nothing == (0.5 if not site.held_out.effect.all() else 0)


def test_the_same_for_the_same_seed() -> None:
    for name in VARIABLE_METHODS:
        first, second = (score_variables(compiled("hist"), name, seed=1) for _ in range(2))
        assert first == second


def test_a_model_without_variables() -> None:
    model = compile_rasp_to_model(rasp.tokens == "a", {"a", "b"}, 3)
    found = score_variables(model, "true_subspace")
    assert found.as_dict()["interchange_accuracy"] is None or found.accuracies
    assert math.isnan(found.interchange_accuracy) == (not found.accuracies)


def test_a_method_of_ones_own_and_errors() -> None:
    model = compiled("hist")

    def first(site: Site) -> np.ndarray:
        return np.eye(site.width)[:, : site.size]

    assert 0 <= score_variables(model, first).interchange_accuracy <= 1
    site = sites_of(model)[0]
    for wrong, told in (
        (np.zeros(3), "shape"),
        (np.full((site.width, 1), math.nan), "finite"),
        (np.eye(site.width), "at most"),
        ("text", "numbers"),
    ):
        with pytest.raises(InputError, match=told):
            score_site(site, wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="ZeroDivisionError"):
        score_variables(model, lambda site: np.eye(1 // 0))
    with pytest.raises(InputError, match="method"):
        score_variables(model, "nothing")

"""Bounds of a stock transformer hold whatever float32 does, and wrong ones are not proven."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optitracr.architectures.architecture import Activation
from optitracr.inputs import check_inputs, with_bos
from optitracr.model.proof import Status
from optitracr.stock.activated import SHAPES
from optitracr.stock.every_input import proven_by_inputs
from optitracr.stock.forward import activated, streams
from optitracr.stock.lower import Lowered
from optitracr.stock.states import states
from optitracr.stock.weights import Affine
from tests.stock.forms import compiled

PROGRAMS = ("hist", "shuffle_dyck2", "argmax", "run_length", "sum_modulo")


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
@pytest.mark.parametrize("rotate", [None, 3])
def test_every_state_is_within_its_bounds(kind: str, rotate: int | None) -> None:
    for name in PROGRAMS:
        model = compiled(name, kind)
        form, encoder = model.stock(rotate).lowered, model.input_encoder
        codes = check_inputs(len(model.setting.vocabulary), 4, 200, 0, 0).codes
        tokens = with_bos(codes, encoder.bos_encoding, encoder.pad_encoding)
        seen = (tokens != encoder.pad_encoding)[..., None]
        with np.errstate(invalid="ignore"):
            bounded = list(states(form, tokens))
        for bounds, found in zip(bounded, streams(form, tokens), strict=True):
            off = np.abs(found - bounds.rows.center[bounds.ids])
            assert not ((off > bounds.rows.error[bounds.ids]) & seen).any()


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
@pytest.mark.parametrize("name", ["hist", "shuffle_dyck2", "frac_prevs", "difference"])
def test_models_are_proven(kind: str, name: str) -> None:
    """Counts, brackets and numbers, and a difference of numbers over positions that are counted."""
    proof = compiled(name, kind).prove_stock()
    assert proof.status is Status.PROVEN
    assert not proof.open
    assert proof.largest_error < 0.1


def changed(form: Lowered, name: str, factor: float) -> Lowered:
    """One map of the compiled model's first layer, multiplied with a number."""
    layers = list(form.weights.layers)
    part = getattr(layers[form.early], name)
    other = {name: Affine(part.w * factor, part.b * factor)}
    layers[form.early] = replace(layers[form.early], **other)
    return replace(form, weights=replace(form.weights, layers=tuple(layers)))


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
@pytest.mark.parametrize("name", ["query", "value", "heads_out", "neurons_in", "neurons_out"])
def test_changed_weights_are_not_proven(kind: str, name: str) -> None:
    model = compiled("sum_modulo", kind)
    form = model.stock()
    for factor in (-1.0, 0.0):
        found = proven_by_inputs(model, form.stock, changed(form.lowered, name, factor))
        assert found is not None
        assert found.status is Status.CHECKED


def test_a_norm_that_shows_is_not_proven() -> None:
    """With a small constant the scale differs from row to row by more than is allowed for."""
    model = compiled("hist", "gpt2")
    form = model.stock()
    weights = form.lowered.weights
    assert weights.positions is not None
    small = np.where(np.abs(weights.positions) > 100, weights.positions / 1000, weights.positions)
    shown = replace(form.lowered, weights=replace(weights, positions=small))
    found = proven_by_inputs(model, form.stock, shown)
    assert found is not None
    assert not found.proven


@pytest.mark.parametrize("activation", list(Activation))
def test_activations_are_relu_far_from_zero(activation: Activation) -> None:
    shape = SHAPES[activation]
    far = np.geomspace(max(shape.far, 1e-3), 1e5, 2000, dtype=np.float32)
    for numbers in (far, -far):
        found = activated(activation, numbers).astype(np.float64)
        wanted = np.maximum(numbers.astype(np.float64), 0.0)
        assert (np.abs(found - wanted) <= shape.tail + 2.0**-20 * wanted).all()

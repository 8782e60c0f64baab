"""Data sets: the interpreter's outputs, as the model encodes them."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from optitracr.checking.dataset import Dataset
from optitracr.errors import InputError
from tests.compiled import compiled

pytestmark = pytest.mark.filterwarnings("ignore")


def test_inputs_and_outputs() -> None:
    model = compiled("reverse")
    data = model.dataset(50, seed=3, lengths=[2, 5])
    assert {len(sequence) for sequence in data.inputs} == {3, 6}
    for tokens, expected in zip(data.inputs, data.outputs, strict=True):
        assert expected[1:] == tokens[:0:-1]
    assert data.tokens.shape == data.mask.shape == (50, 9)
    assert data.mask.sum(axis=1).tolist() == [len(sequence) for sequence in data.inputs]
    assert model.apply_batch(data.inputs).decoded == data.outputs
    again = model.dataset(50, seed=3, lengths=[2, 5])
    np.testing.assert_array_equal(data.tokens, again.tokens)
    with pytest.raises(InputError, match="lengths is 9; give an integer from 1 to 8"):
        model.dataset(5, lengths=[9])
    with pytest.raises(InputError, match="size is 0; give an integer of at least 1"):
        model.dataset(0)


@pytest.mark.parametrize(
    "arguments",
    [
        {"size": 1.5},
        {"size": "3"},
        {"size": True},
        {"size": 3, "lengths": 3},
        {"size": 3, "lengths": "3"},
        {"size": 3, "lengths": [2.0]},
        {"size": 3, "lengths": []},
        {"size": 3, "seed": -1},
        {"size": 3, "seed": None},
    ],
    ids=str,
)
def test_what_cannot_be_drawn(arguments: dict[str, object]) -> None:
    with pytest.raises(InputError, match=rf"{list(arguments)[-1]} is .*"):
        compiled("hist").dataset(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["hist", "frac_prevs", "shift_by"])
def test_expected_outputs_are_those_of_the_model(name: str) -> None:
    model = compiled(name)
    data = model.dataset(40, seed=1)
    found = np.asarray(model.forward_numpy(data.tokens).unembedded_output)
    inside = data.mask.copy()
    inside[:, 0] = False
    np.testing.assert_allclose(found[inside], data.expected[inside], atol=1e-4)
    outside = data.expected[~inside]
    assert (np.isnan(outside) if outside.dtype.kind == "f" else outside == -1).all()


def test_balanced() -> None:
    model = compiled("contains")
    plain = [row[-1] for row in model.dataset(60, seed=2).outputs]
    data = model.dataset(60, seed=2, balanced=True)
    even = [row[-1] for row in data.outputs]
    assert min(plain.count(True), plain.count(False)) < 30
    assert even.count(True) == even.count(False) == 30
    assert data.tokens.shape == (60, model.setting.max_seq_len + 1)
    again = model.dataset(60, seed=2, balanced=True)
    assert np.array_equal(again.tokens, data.tokens)


def test_corrupted() -> None:
    """A permutation of the examples that leaves none in its place, nor changes its length."""
    clean = compiled("sort").dataset(60, seed=3)
    corrupted = clean.corrupted(seed=1)
    assert sorted(map(str, clean.inputs)) == sorted(map(str, corrupted.inputs))
    pairs = dict(zip(map(str, clean.inputs), map(str, clean.outputs), strict=True))
    assert all(
        pairs[str(xs)] == str(ys)
        for xs, ys in zip(corrupted.inputs, corrupted.outputs, strict=True)
    )
    assert [len(xs) for xs in clean.inputs] == [len(xs) for xs in corrupted.inputs]
    assert not np.array_equal(clean.tokens, corrupted.tokens)
    three = Dataset(
        clean.inputs[:3],
        clean.outputs[:3],
        *(array[:3] for array in (clean.tokens, clean.mask, clean.expected)),
    )
    moved = three.corrupted()
    assert all(a is not b for a, b in zip(three.inputs, moved.inputs, strict=True))


def test_for_torch() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch

    model = compiled("hist")
    data = model.dataset(12, seed=0)
    loader = torch.utils.data.DataLoader(data.to_torch(), batch_size=5)
    module = model.to_torch()
    for tokens, mask, expected in loader:
        inside = mask.clone()
        inside[:, 0] = False
        assert torch.equal(module(tokens).argmax(-1)[inside], expected[inside])

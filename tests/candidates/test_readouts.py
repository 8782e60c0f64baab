"""An output of many values is decoded from two numbers; of few, from a one-hot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, library, rasp
from optitracr.candidates.families import Family, readouts
from optitracr.candidates.families.readouts import FEW_VALUES
from optitracr.checking.verification import verify_model
from optitracr.compiled import CompiledModel
from optitracr.rasp import indices, tokens


def difference() -> rasp.SOp:
    return library.make_count(tokens, "a") - library.make_count(tokens, "b")


def pair(make: Callable[[], rasp.SOp], *setting: Any) -> tuple[CompiledModel, CompiledModel]:
    """With readouts, every variable of it checked, and without."""
    found = compile_rasp_to_model(make(), *setting)
    verify_model(found, 3_000, 100, backend="numpy")
    return found, compile_rasp_to_model(make(), *setting, without=Family.READOUTS)


def outputs(model: CompiledModel) -> int:
    return int(model.unembed.shape[1])


PROGRAMS = {
    "numbers": (lambda: rasp.SequenceMap(lambda t, i: 3 * t + i, tokens, indices), range(13), 3),
    "names": (lambda: rasp.SequenceMap(lambda t, i: (t, i), tokens, indices), range(20), 2),
    "uneven": (lambda: rasp.Map(lambda t: t * t, tokens), range(40), 2),
    "three hundred": (lambda: rasp.Map(lambda t: 300 - t, tokens), range(300), 1),
    "tokens": (lambda: tokens, range(60), 2),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_two_dimensions_do(name: str) -> None:
    make, vocab, length = PROGRAMS[name]
    found, plain = pair(make, vocab, length)
    assert found.size.width == 2 < FEW_VALUES < plain.size.width
    assert found.size.layers <= plain.size.layers
    assert found.size.parameters < plain.size.parameters


def test_a_difference_of_counts() -> None:
    found, plain = pair(difference, "abc", 20)
    assert outputs(found) == 41 <= plain.size.width
    assert found.size.width <= 6
    assert found.size.layers <= plain.size.layers
    [detail] = {s.detail for s in found.savings if "decoded" in s.detail}
    assert detail == "41 values decoded from 2 numbers"


@pytest.mark.slow
def test_a_difference_of_many_counts() -> None:
    """Checked as every compilation is."""
    found = compile_rasp_to_model(difference(), "abc", 150)
    assert outputs(found) == 301
    assert found.size.width <= 6


def test_few_values_stay_a_one_hot() -> None:
    found, plain = pair(lambda: tokens, range(FEW_VALUES), 2)
    np.testing.assert_array_equal(found.unembed, plain.unembed)
    np.testing.assert_array_equal(found.unembed.sum(axis=0), np.ones(FEW_VALUES))


@pytest.mark.parametrize("values", [40, 200])
def test_none_is_where_nothing_is_held(values: int) -> None:
    found, plain = pair(lambda: rasp.Map(lambda t: t or None, tokens), range(values + 1), 2)
    assert found.size.width == 2 < plain.size.width
    assert found.apply(["compiler_bos", 0, 7]).decoded[1:] == [None, 7]
    assert found.forward_numpy(found.dataset(9, seed=1).tokens * 0).logits.max() <= 0.25


def test_none_where_nothing_is_selected() -> None:
    found, plain = pair(lambda: library.shift_by(1, tokens), range(50), 3)
    assert found.size.width <= 10 < plain.size.width
    assert found.apply(["compiler_bos", 3, 9, 4]).decoded[1:] == [None, 3, 9]


def test_scores_lead_in_the_model() -> None:
    found, _ = pair(difference, "abc", 20)
    data = found.dataset(200, seed=3)
    inside = data.mask & (np.arange(data.mask.shape[1]) > 0)
    scores = np.sort(found.forward_numpy(data.tokens).logits[inside], axis=1)
    assert scores[:, -1].min() > 0.9
    assert (scores[:, -1] - scores[:, -2]).min() > 0.9


@pytest.mark.parametrize(("length", "width"), [(6, 13), (10, 21), (20, 25)])
def test_a_bracket_counter_over_means(length: int, width: int) -> None:
    """A mean over a prefix times its positions is a count; both are held as numbers."""
    before = rasp.Select(indices, indices, rasp.Comparison.LEQ)

    def count(token: str) -> rasp.SOp:
        return rasp.Aggregate(before, tokens == token) * (indices + 1)

    found, plain = pair(lambda: count("(") - count(")"), set("abc()"), length)
    assert found.size.width == width <= plain.size.width
    assert outputs(found) == 2 * length + 1


@pytest.mark.parametrize("name", ["title_case", "length", "word_index"])
def test_a_readout_takes_no_room_from_other_forms(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where few values have one too, no model is larger."""
    entry = library.get(name)
    monkeypatch.setattr(readouts, "FEW_VALUES", 0)
    found, plain = pair(entry.make, entry.vocab, entry.max_seq_len)
    smaller, larger = (
        (model.size.layers, model.size.width, model.size.neurons) for model in (found, plain)
    )
    assert smaller < larger

"""Outputs are decoded from a number or a few, as the largest of linear scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, library, rasp
from optitracr.candidates.families import Family
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
    "few": (lambda: tokens, range(3), 2),
    "numbers": (lambda: rasp.SequenceMap(lambda t, i: 3 * t + i, tokens, indices), range(13), 3),
    "names": (lambda: rasp.SequenceMap(lambda t, i: (t, i), tokens, indices), range(20), 2),
    "uneven": (lambda: rasp.Map(lambda t: t * t, tokens), range(40), 2),
    "two hundred": (lambda: rasp.Map(lambda t: 200 - t, tokens), range(200), 1),
    "tokens": (lambda: tokens, range(60), 2),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_few_dimensions_do(name: str) -> None:
    """A number and a constant, or the number of each variable of which the output is a sum."""
    make, vocab, length = PROGRAMS[name]
    found, plain = pair(make, vocab, length)
    assert found.size.width <= 3 <= plain.size.width
    assert found.size.width == 2 or found.size.layers == 0
    assert found.size.layers <= plain.size.layers
    assert found.size.parameters < plain.size.parameters


def test_a_sum_modulo_of_many_values_is_a_line_that_leaps() -> None:
    """Places of more than a hundred lie so close that what a leap rounds to is borne."""
    first = rasp.Aggregate(rasp.Select(indices, indices, lambda k, q: k == 0), tokens)
    total = rasp.SequenceMap(lambda x, y: (x + y) % 128, tokens, first)
    model = compile_rasp_to_model(total, range(128), 2)
    assert (model.size.width, model.size.neurons) == (4, 3)
    assert model.proof.status == "PROVEN"


def test_two_values_need_no_constant() -> None:
    found, plain = pair(lambda: rasp.Map(lambda t: t > 2, tokens), range(5), 2)
    assert (found.size.width, plain.size.width) == (1, 2)
    assert set(found.output_reads) == {"tokens~1"}


@pytest.mark.parametrize("length", [5, 40])
def test_a_width_is_read_without_neurons(length: int) -> None:
    make = lambda: library.make_hist()  # noqa: E731
    found, plain = pair(make, "abcd", length)
    assert found.size.neurons == 0 < plain.size.neurons
    assert found.size.width < plain.size.width
    [detail] = {s.detail for s in found.savings if "decoded" in s.detail}
    assert detail == f"{length + 1} values decoded from 1 number"


def test_a_mean_is_read_without_neurons() -> None:
    """More than a third of the tokens up to here: three classes of a fraction."""
    before = rasp.Select(indices, indices, rasp.Comparison.LEQ)

    def share() -> rasp.SOp:
        fraction = rasp.Aggregate(before, tokens == "a")
        return rasp.Map(lambda x: "few" if x < 0.3 else "some" if x < 0.6 else "many", fraction)

    found, plain = pair(share, "ab", 9)
    assert found.size.neurons == 0 < plain.size.neurons


def test_a_comparison_of_widths_is_read_without_neurons() -> None:
    more = lambda: library.make_count(tokens, "a") > library.make_count(tokens, "b")  # noqa: E731
    found, plain = pair(more, "abc", 9)
    assert found.size.neurons == 0 < plain.size.neurons


def test_a_difference_of_counts() -> None:
    found, plain = pair(difference, "abc", 20)
    assert outputs(found) == 41 <= plain.size.width
    assert found.size.width <= 5
    assert found.size.layers < plain.size.layers


@pytest.mark.slow
def test_a_difference_of_many_counts() -> None:
    """Checked as every compilation is."""
    found = compile_rasp_to_model(difference(), "abc", 100)
    assert outputs(found) == 201
    assert found.size.width <= 6


@pytest.mark.parametrize("values", [2, 3, 40, 200])
def test_none_is_a_class_of_its_own(values: int) -> None:
    found, plain = pair(lambda: rasp.Map(lambda t: t or None, tokens), range(values + 1), 2)
    assert found.size.width <= 2 <= plain.size.width
    assert found.apply(["compiler_bos", 0, values]).decoded[1:] == [None, values]
    assert found.forward_numpy(found.dataset(9, seed=1).tokens * 0).logits[:, 1:].max() <= 0.0


def test_none_where_nothing_is_selected() -> None:
    found, plain = pair(lambda: library.shift_by(1, tokens), range(50), 3)
    assert found.size.width <= 6 < plain.size.width
    assert found.apply(["compiler_bos", 3, 9, 4]).decoded[1:] == [None, 3, 9]


@pytest.mark.parametrize("name", ["hist", "reverse", "sort", "majority"])
def test_scores_lead_by_a_logit(name: str) -> None:
    entry = library.get(name)
    found = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len)
    data = found.dataset(200, seed=3)
    inside = data.mask & (np.arange(data.mask.shape[1]) > 0)
    scores = np.sort(found.forward_numpy(data.tokens).logits[inside], axis=1)
    said = scores[:, -1] > 0.5
    assert (scores[said, -1] - scores[said, -2]).min() > 0.9
    assert scores[said, -1].min() > 0.9


@pytest.mark.parametrize(("length", "width"), [(6, 7), (10, 9)])
def test_a_bracket_counter_over_means(length: int, width: int) -> None:
    """A mean over a prefix times its positions is a count; both are held as numbers."""
    before = rasp.Select(indices, indices, rasp.Comparison.LEQ)

    def count(token: str) -> rasp.SOp:
        return rasp.Aggregate(before, tokens == token) * (indices + 1)

    found, plain = pair(lambda: count("(") - count(")"), set("abc()"), length)
    assert found.size.width == width <= plain.size.width
    assert outputs(found) == 2 * length + 1


@pytest.mark.parametrize("name", ["title_case", "length", "word_index"])
def test_no_model_is_larger(name: str) -> None:
    entry = library.get(name)
    found, plain = pair(entry.make, entry.vocab, entry.max_seq_len)
    smaller, larger = (
        (model.size.layers, model.size.width, model.size.neurons) for model in (found, plain)
    )
    assert smaller < larger

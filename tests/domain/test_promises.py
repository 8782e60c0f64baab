"""Promises go through the whole of the product: models, checks, data sets, files, pages."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, domain, load, make_report, rasp
from optitracr.checking.rare_inputs import SearchBudget, find_rare_inputs
from optitracr.compiled import CompiledModel
from optitracr.domain import binding
from optitracr.errors import InputError
from optitracr.inputs import check_inputs, telling_inputs

VOCABULARY = {"0", "1", "+"}
PROMISE = domain.exactly_one("+") & domain.matches(r"[01]+\+[01]*")


def counted() -> rasp.SOp:
    same = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)
    return rasp.SelectorWidth(same).named("counted")


@pytest.fixture(scope="module", params=[0, 1, 2])
def model(request: pytest.FixtureRequest) -> CompiledModel:
    return compile_rasp_to_model(counted(), VOCABULARY, 5, optimize=request.param, domain=PROMISE)


def test_the_model_tells_its_domain(model: CompiledModel) -> None:
    assert str(model.domain) == r"exactly_one('+') & matches('[01]+\\+[01]*')"
    assert model.domain.contains("01+1")
    assert not model.domain.contains("+01")
    assert model.domain.count() == 2 + 2 * 4 + 3 * 8 + 4 * 16
    assert str(model.domain) in model._repr_html_().replace("&#39;", "'").replace("&amp;", "&")
    plain = compile_rasp_to_model(counted(), VOCABULARY, 5, optimize=0)
    assert plain.domain.count() == sum(3**n for n in range(1, 6))
    assert plain.domain.contains("+01")
    assert str(plain.domain) == "every input of 1 to 5 tokens"


def test_it_can_refuse_other_inputs(model: CompiledModel) -> None:
    inside, outside = ["compiler_bos", *"01+1"], ["compiler_bos", *"0101"]
    assert model.apply(inside, check_domain=True).decoded[1:] == counted()("01+1")
    model.apply(outside)
    with pytest.raises(InputError, match=r"\['0', '1', '0', '1'\] is not in the domain exactly"):
        model.apply(outside, check_domain=True)
    padded = [*inside, model.setting.pad]
    assert model.apply_batch([inside, padded], check_domain=True).decoded[0][1:] == [1, 2, 1, 2]
    with pytest.raises(InputError, match="not in the domain"):
        model.apply_batch([inside, outside], check_domain=True)
    with pytest.raises(InputError, match="check_domain is 3"):
        model.apply(inside, check_domain=3)  # type: ignore[arg-type]


def test_it_is_checked_on_its_domain_alone(model: CompiledModel) -> None:
    report = model.verify()
    assert report.exhaustive
    assert report.inputs == model.domain.count()
    assert "every input of the domain exactly_one" in str(report)


def test_data_sets_are_of_the_domain(model: CompiledModel) -> None:
    inputs = model.dataset(200).inputs
    assert all(model.domain.contains(tokens) for tokens in inputs)
    assert {len(tokens) - 1 for tokens in inputs} == {2, 3, 4, 5}
    assert {len(tokens) for tokens in model.dataset(20, lengths=[3], balanced=True).inputs} == {4}
    with pytest.raises(InputError, match="lengths holds 1, and no input of the domain"):
        model.dataset(3, lengths=[1, 2])


def test_files_keep_the_domain(model: CompiledModel, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    read = load(tmp_path / "model")
    assert read.domain == model.domain
    assert read.domain.contains("01+1")
    assert read.verify().inputs == model.domain.count()
    assert all(read.domain.contains(tokens) for tokens in read.dataset(20).inputs)


def test_a_file_says_that_it_does_not_hold_a_predicate(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(binding, "MAX_ASKED", 10)
    promise = domain.where(lambda tokens: tokens.count("+") == 1) & domain.lengths(2, 5)
    made = compile_rasp_to_model(counted(), VOCABULARY, 5, optimize=0, domain=promise)
    assert made.verify().inputs == sum(n * 2 ** (n - 1) for n in range(2, 6))
    made.save(tmp_path / "model")
    read = load(tmp_path / "model")
    assert not read.domain.contains("1")
    for call in (lambda: read.domain.contains("1+"), read.verify, lambda: read.dataset(3)):
        with pytest.raises(InputError, match="does not hold the predicate"):
            call()


def test_reports_tell_the_domain() -> None:
    report = make_report(counted(), VOCABULARY, 4, optimize=0, domain=PROMISE)
    assert all(promise_holds(example.tokens) for example in report.examples)
    assert "domain: exactly_one(" in report.html


def promise_holds(tokens: Any) -> bool:
    return list(tokens).count("+") == 1 and tokens[0] != "+"


def test_every_way_to_give_a_domain() -> None:
    for given in (promise_holds, ["0+", "11+"], domain.matches("0+[+]")):
        made = compile_rasp_to_model(counted(), VOCABULARY, 3, optimize=0, domain=given)
        assert made.verify().inputs == made.domain.count()
        assert not made.domain.contains("00")


def test_checks_and_searches_stay_inside() -> None:
    tokens = tuple(sorted(VOCABULARY))
    language = binding.bound(PROMISE, tokens, 12)
    rng = np.random.default_rng(0)
    inputs = check_inputs(len(tokens), 12, 100, 400, 0, language)
    assert inputs.exhaustive_length == 5
    assert len(inputs.codes) > 400
    found = find_rare_inputs(
        counted(), tokens, 12, budget=SearchBudget(500, 100), domain=language, known=[[1], [1, 0]]
    )
    assert len(found.codes) > 20
    assert found.evaluated <= 500
    for codes in (inputs.codes, telling_inputs(rng, 3, 12, 100, language), found.codes):
        assert language.rows.contain(codes).all()
    edges = {language.rows.tokens(row).index("+") for row in inputs.codes}
    assert edges == set(range(1, 12))


@pytest.mark.parametrize("level", [0, 1, 2])
def test_random_promises_of_one_program(level: int) -> None:
    from tests.domain.meaning import LONGEST, SEQUENCES, VOCABULARY, holds, random_domain

    rng = random.Random(level)
    for _ in range(4):
        promise = random_domain(rng)
        inside = [tokens for tokens in SEQUENCES if holds(promise, tokens)]
        if inside:
            made = compile_rasp_to_model(
                counted(), set(VOCABULARY), LONGEST, optimize=level, domain=promise
            )
            assert made.verify().inputs == len(inside)

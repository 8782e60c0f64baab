"""What a proof says where inputs are too many, and where a wrong one is rare."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, domain, library, memory
from optitracr.checking.proof import prove
from optitracr.checking.proof.expected import Judgement, Known
from optitracr.checking.proof.prove import prove_model
from optitracr.compiled import CompiledModel
from optitracr.inputs import InputSet
from optitracr.model.current import Current
from optitracr.model.proof import Proof, Status


@pytest.fixture
def inputs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is proven by values."""
    left_open = Proof(Status.CHECKED, open=("values",))
    monkeypatch.setattr(prove.ByValues, "proof", lambda self, asks: left_open)


def compiled(name: str, length: int) -> CompiledModel:
    entry = library.get(name)
    return compile_rasp_to_model(entry.make(), entry.vocab, length, check=False)


@pytest.mark.usefixtures("inputs_alone")
def test_inputs_are_counted_before_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def made(*arguments: object) -> InputSet:
        raise AssertionError("inputs are made, of which not all can be run")

    monkeypatch.setattr(prove, "check_inputs", made)
    proof = prove_model(compiled("length", 12), budget=1 << 22)
    assert (proof.status, proof.inputs) == (Status.CHECKED, 0)


@pytest.mark.usefixtures("inputs_alone")
def test_inputs_that_do_not_fit_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    model = compiled("length", 6)
    monkeypatch.setattr(prove, "FEW_INPUTS", 0)
    assert prove_model(model).proven
    monkeypatch.setattr(memory, "available", lambda: 1000)
    assert prove_model(model).status is Status.CHECKED


def test_a_promise_leaves_few_inputs() -> None:
    entry, longest = library.get("length"), ["a"] * 12
    promise = domain.listed([longest, ["b"]])
    model = compile_rasp_to_model(entry.make(), "ab", 12, domain=promise, check=False)
    proof = prove_model(model, budget=1 << 14)
    assert (proof.status, proof.inputs, proof.domain) == (Status.PROVEN, 2, str(promise))


@pytest.mark.usefixtures("inputs_alone")
def test_all_inputs_of_which_bounds_do_not_tell_are_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds tell nothing, and the model is wrong on the longest inputs alone."""
    model = compiled("length", 6)
    unembed = np.array(model.unembed)
    unembed[:, model.output_encoder.encode([6])[0]] = 0.0
    wrong = copy.copy(model)
    wrong.unembed = unembed

    def nothing(
        model: CompiledModel, now: Current, inputs: InputSet, known: Known
    ) -> Iterator[Judgement]:
        unknown = np.zeros(inputs.codes.shape, dtype=bool)
        yield Judgement("something", unknown, unknown, np.inf)

    monkeypatch.setattr(prove, "judged", nothing)
    proof = prove_model(wrong)
    assert proof.status is Status.REFUTED
    assert proof.counterexample is not None
    assert len(proof.counterexample) == 6
    assert prove_model(model).status is Status.CHECKED


def test_inputs_that_are_surely_wrong_are_run_first() -> None:
    findings = prove._Findings()
    fits = np.array([[True], [False], [False], [True]])
    findings.add(Judgement("one", fits, np.zeros_like(fits), 0.0), 0)
    findings.add(Judgement("other", fits, np.array([[False], [False], [True], [False]]), 0.0), 0)
    findings.add(Judgement("other", fits, np.zeros_like(fits), 0.0), 4)
    assert findings.tried().tolist() == [2, 1, 5, 6]

"""What is found out of a model: it is proven, refuted by an input, or compared on some inputs."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

from optitracr.checking.comparison import blame, compared_outputs
from optitracr.checking.proof.prove import BUDGET, prove_model
from optitracr.checking.rare_inputs import add_rare_inputs
from optitracr.checking.verification import check_model, compare_one, one_input
from optitracr.errors import VerificationError
from optitracr.inputs import InputSet, check_inputs
from optitracr.model.proof import Proof, Status
from optitracr.model.transformer import Transformer, check_params
from optitracr.options import Check

SAMPLED = Proof(Status.CHECKED, open=('the inputs that were not tried: check="sample"',))

SHORT, RANDOM = 10_000, 2000
"""Inputs that are tried where a proof falls short: all short ones up to so many, and so many random
and so many rare ones; a second's work or so for most models."""


def prove_or_refute(model: Transformer, params: Mapping[str, Any] | None = None) -> Proof:
    """Proves a model, or other weights in its place; where that falls short, looks for an input.

    Args:
        model: The model, with its program.
        params: Other weights, of the same shapes; None for the model's own.

    Raises:
        InputError: If the weights do not fit the model.
        NotFoundError: If the model was read from a file that holds no program.
    """
    if params is not None:
        check_params(model, params)
        model = copy.copy(model)
        model.params = dict(params)
    proof = prove_model(model)
    return proof if proof.status is not Status.CHECKED else _tried(model, proof)


def known_before_use(model: Transformer, check: Check, seed: int = 0) -> Proof:
    """Proves a model, or compares it with the interpreter on some hundred inputs.

    Args:
        model: The model.
        check: What is asked for; where a proof is, and falls short of it within its budget, the
            model is compared besides.
        seed: Of the inputs that are tried.

    Raises:
        VerificationError: If the model is wrong on an input; names the first wrong variable,
            position and input.
    """
    match check:
        case Check.PROOF:
            proof = prove_model(model, budget=BUDGET)
        case Check.SAMPLE:
            domain = model.setting.domain
            proof = replace(SAMPLED, domain="" if domain is None else domain.text)
    match proof.status:
        case Status.PROVEN:
            return proof
        case Status.REFUTED:
            refuse(model, proof)
        case Status.CHECKED:
            tried = check_model(model, seed)
            return replace(
                proof,
                inputs=tried.inputs,
                undefined=tried.undefined,
                seconds=proof.seconds + tried.seconds,
            )


def refuse(model: Transformer, proof: Proof) -> NoReturn:
    """Says what is wrong with a model that was refuted, and where that begins.

    Raises:
        VerificationError: In any case.
    """
    assert proof.counterexample is not None, "a model is refuted by an input"
    compare_one(model, proof.counterexample)
    raise VerificationError(
        f"the model differs from the interpreter: {proof.finding}."
        f"{blame(model, one_input(model, proof.counterexample))}"
    )


def _tried(model: Transformer, proof: Proof) -> Proof:
    """A proof that falls short, once an input was looked for on which the model is wrong."""
    start, inputs = time.perf_counter(), _inputs(model)
    wrong = compared_outputs(model, inputs)
    seconds = proof.seconds + time.perf_counter() - start
    if wrong is None:
        return replace(proof, inputs=len(inputs.codes), seconds=seconds)
    return Proof(
        Status.REFUTED,
        inputs=len(inputs.codes),
        counterexample=wrong.tokens,
        finding=wrong.finding,
        domain=proof.domain,
        seconds=seconds,
    )


def _inputs(model: Transformer) -> InputSet:
    """Short, random and rare inputs of the domain."""
    setting = model.setting
    found = check_inputs(
        len(setting.vocabulary), setting.max_seq_len, SHORT, RANDOM, 0, setting.domain
    )
    return add_rare_inputs(found, model, RANDOM, 0)

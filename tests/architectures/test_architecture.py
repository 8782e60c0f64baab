"""Architectures are data, checked; a published class holds them or says what it is bound to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optitracr import Architecture
from optitracr.architectures.architecture import (
    ARCHITECTURES,
    GPT2,
    LLAMA,
    TRACR,
    Activation,
    parse_architecture,
)
from optitracr.architectures.classes import GPT2_CLASS, LLAMA_CLASS, stock_class
from optitracr.errors import InputError


def test_names_and_architectures_are_understood() -> None:
    assert parse_architecture("gpt2") == GPT2
    assert parse_architecture(Architecture()) == TRACR == ARCHITECTURES["tracr"]


@pytest.mark.parametrize("given", ["gpt3", 2, None, ["gpt2"], GPT2_CLASS])
def test_others_are_refused(given: object) -> None:
    with pytest.raises(InputError, match=r"'tracr', 'gpt2', 'llama', or an optitracr.Architecture"):
        parse_architecture(given)


@pytest.mark.parametrize(
    "wrong",
    [
        {"norm": "batch"},
        {"activation": "tanh"},
        {"positions": 3},
        {"biases": "yes"},
        {"neurons_per_width": 0},
        {"largest_gain": 0.5},
        {"largest_weight": float("inf")},
    ],
)
def test_fields_are_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        Architecture(**wrong)  # type: ignore[arg-type]


def test_texts_stand_for_kinds() -> None:
    assert Architecture(activation="silu").activation is Activation.SILU  # type: ignore[arg-type]


def test_classes_follow_from_the_fields() -> None:
    assert stock_class(TRACR) is None
    assert stock_class(replace(GPT2, activation=Activation.RELU)) is GPT2_CLASS
    assert stock_class(replace(LLAMA, biases=True, largest_gain=30)) is LLAMA_CLASS


@pytest.mark.parametrize(
    ("architecture", "wanted"),
    [
        (replace(GPT2, tied=True), "tied=True is not compiled.*give tied=False"),
        (Architecture(tied=True), "tie_word_embeddings=False"),
        (replace(GPT2, causal=False), "causal=True"),
        (replace(LLAMA, gated=False), "LlamaForCausalLM, .* gated=True"),
    ],
)
def test_what_no_class_holds_is_refused(architecture: Architecture, wanted: str) -> None:
    with pytest.raises(InputError, match=wanted):
        stock_class(architecture)

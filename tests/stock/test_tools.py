"""Checkpoints in the tools that open published transformers, with their logits compared."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optitracr.compiled import CompiledModel
from tests.stock.forms import compiled

torch: Any = pytest.importorskip("torch")

ROWS = (["a", "a", "a", "a"], ["c", "b", "c", "a"])
KINDS = ("gpt2", "llama")


def encoded(model: CompiledModel) -> Any:
    """The rows as integers, BOS first."""
    codes = [model.input_encoder.encode([model.setting.bos, *row]) for row in ROWS]
    return torch.tensor(codes)


def said(model: CompiledModel, rows: Sequence[list[str]]) -> list[list[Any]]:
    """What the compiled model says of rows."""
    return [model.apply([model.setting.bos, *row]).decoded[1:] for row in rows]


@pytest.fixture(params=KINDS)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[CompiledModel, Path, Any]:
    """A model of which GPT-2's unembedding would be square, its checkpoint, and its logits."""
    model = compiled("hist", request.param)
    model.save_pretrained(tmp_path / "hist")
    with torch.no_grad():
        return model, tmp_path / "hist", model.to_transformers()(encoded(model)).logits


def agrees(
    model: CompiledModel, logits: Any, wanted: Any, rows: Sequence[list[str]] = ROWS
) -> bool:
    """Whether logits behind BOS are the same but for what all of them share, and decode alike."""
    found, right = (np.asarray(x.detach())[:, 1:] for x in (logits, wanted))
    shared = (found - right).mean(axis=-1, keepdims=True)
    assert np.abs(found - right - shared).max() < 1e-2
    return model.decode_logits(logits)[:, 1:].tolist() == said(model, rows)


@pytest.mark.parametrize("compatible", [False, True])
def test_transformer_lens(opened: tuple[CompiledModel, Path, Any], compatible: bool) -> None:
    lens: Any = pytest.importorskip("transformer_lens.model_bridge")
    model, folder, wanted = opened
    bridge = lens.TransformerBridge.boot_transformers(str(folder))
    if compatible:
        bridge.enable_compatibility_mode()
    assert agrees(model, bridge(encoded(model)), wanted)


def test_nnsight(opened: tuple[CompiledModel, Path, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nnsight: Any = pytest.importorskip("nnsight")
        model, _, wanted = opened
        traced = nnsight.NNsight(model.to_transformers())
        with traced.trace(encoded(model)):
            logits = traced.lm_head.output.save()
    assert agrees(model, logits, wanted)


def test_nnsight_opens_the_folder_and_pads_on_the_right(
    opened: tuple[CompiledModel, Path, Any],
) -> None:
    """Texts of several lengths; nnsight pads on the left, where BOS is at no first position."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nnsight: Any = pytest.importorskip("nnsight")
        model, folder, wanted = opened
        language = nnsight.TransformersModel(str(folder), task="text-generation", dispatch=True)
        language.tokenizer.padding_side = "right"
        with language.trace(["c b", " ".join(ROWS[0])]):
            logits = language.lm_head.output.save()
    assert np.allclose(logits.detach()[0, 1:3], wanted[1, 1:3], atol=1e-2)
    assert agrees(model, logits[1:], wanted[:1], ROWS[:1])


def test_pyvene(opened: tuple[CompiledModel, Path, Any]) -> None:
    """All of the stream of one row in place of that of another makes it say what that says.

    Collected from several positions, it is decoded.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pyvene: Any = pytest.importorskip("pyvene")
        model, _, wanted = opened
        place, stock = {"layer": 0, "component": "block_output"}, model.to_transformers()
        changed = pyvene.IntervenableModel(pyvene.IntervenableConfig([place]), model=stock)
        rows, places = encoded(model), [[[0, 1, 2, 3, 4]]]
        _, found = changed(
            {"input_ids": rows[:1]}, [{"input_ids": rows[1:]}], {"sources->base": (places, places)}
        )
        collect = {"intervention_type": pyvene.CollectIntervention, "max_number_of_units": 5}
        settings = pyvene.IntervenableConfig([place | collect])
        collecting = pyvene.IntervenableModel(settings, model=stock)
        (_, [stream]), _ = collecting({"input_ids": rows[:1]}, unit_locations={"base": places})
    assert np.allclose(found.logits.detach()[0, 1:], wanted[1, 1:], atol=1e-2)
    label, own = model.source.lines[-1].label, model.stock().compiled_stream(stream.detach())
    assert model.decode(label, own[:, 1:], state=2).tolist() == said(model, ROWS[:1])

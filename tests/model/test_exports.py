"""PyTorch, TransformerLens and files give what the model gives; circuit and data sets."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import optitracr
from optitracr import compile_rasp_to_model, library, rasp
from optitracr.errors import FileError, InputError, LimitError, NotFoundError
from optitracr.levels import LEVELS
from optitracr.model.compiled import CompiledModel

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import torch
    import transformer_lens  # noqa: F401

pytestmark = pytest.mark.filterwarnings("ignore")
NAMES = ["reverse", "shift_by", "pair_balance", "shuffle_dyck1", "nary_sequencemap"]


def compiled(name: str, level: int) -> CompiledModel:
    entry = library.get(name)
    return compile_rasp_to_model(
        entry.make(), entry.vocab, entry.max_seq_len, causal=entry.causal, optimize=level
    )


def batch(model: CompiledModel) -> np.ndarray:
    return model.dataset(32, seed=1).tokens


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", NAMES)
def test_torch(name: str, level: int) -> None:
    model = compiled(name, level)
    tokens = batch(model)
    with torch.no_grad():
        found = model.to_torch()(torch.tensor(tokens).long()).numpy()
    expected = np.asarray(model.forward(model.params, tokens).logits)
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", NAMES)
def test_transformer_lens(name: str, level: int) -> None:
    model = compiled(name, level)
    tokens = model.dataset(16, seed=1, lengths=[model.setting.max_seq_len]).tokens
    hooked = model.to_transformer_lens()
    with torch.no_grad():
        found, cache = hooked.run_with_cache(torch.tensor(tokens).long())
    expected = model.forward(model.params, tokens)
    np.testing.assert_allclose(found.numpy(), np.asarray(expected.logits), atol=1e-4)
    for layer in range(model.size.layers):
        theirs = cache[f"blocks.{layer}.hook_resid_post"].numpy()
        ours = expected.transformer_output.residuals[2 * layer + 1]
        np.testing.assert_allclose(theirs, np.asarray(ours), atol=1e-4)


def test_transformer_lens_needs_a_layer() -> None:
    model = compile_rasp_to_model(rasp.tokens, {"a"}, 2, optimize=2)
    with pytest.raises(LimitError, match="no layer"):
        model.to_transformer_lens()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", NAMES)
def test_saved_models_come_back(name: str, level: int, tmp_path: Path) -> None:
    model = compiled(name, level)
    model.save(tmp_path / "model")
    model.save(tmp_path / "model")
    again = optitracr.load(tmp_path / "model")
    sequences = model.dataset(8, seed=2).inputs
    assert again.apply_batch(sequences).decoded == model.apply_batch(sequences).decoded
    for part, arrays in model.params.items():
        for key, array in arrays.items():
            np.testing.assert_array_equal(array, again.params[part][key])
    assert again.residual_map == model.residual_map
    assert again.residual_labels == model.residual_labels
    assert again.circuit == model.circuit
    assert again.allocation == model.allocation
    assert again.size == model.size
    assert dict(again.input_encoder.encoding_map) == dict(model.input_encoder.encoding_map)
    with pytest.raises(NotFoundError, match="read from a file"):
        again.verify()
    with pytest.raises(NotFoundError, match="read from a file"):
        again.dataset(3)


def test_loading_needs_no_solver(tmp_path: Path) -> None:
    compiled("hist", 2).save(tmp_path / "model")
    code = (
        "import sys, optitracr\n"
        f"model = optitracr.load({str(tmp_path / 'model')!r})\n"
        "print(model.apply(['compiler_bos', 'a', 'a']).decoded)\n"
        "assert not {'ortools', 'torch'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['compiler_bos', 2, 2]\n"


def test_broken_files_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    compiled("hist", 1).save(folder)
    weights, manifest = folder / "weights.safetensors", folder / "manifest.json"
    good_weights, good_manifest = weights.read_bytes(), manifest.read_text()
    data = json.loads(good_manifest)
    cases = [
        (good_weights[:-10], good_manifest, "truncated or changed"),
        (good_weights, good_manifest[:-10], "no readable model"),
        (good_weights, json.dumps({**data, "version": 99}), "version 99"),
        (good_weights, json.dumps({**data, "schema": "other"}), "no manifest"),
        (good_weights, json.dumps({k: v for k, v in data.items() if k != "size"}), "malformed"),
        (good_weights, "[]", "no manifest"),
    ]
    for new_weights, new_manifest, part in cases:
        weights.write_bytes(new_weights)
        manifest.write_text(new_manifest)
        with pytest.raises(FileError, match=part):
            optitracr.load(folder)
    with pytest.raises(FileError, match="no readable model"):
        optitracr.load(tmp_path / "nothing")
    (tmp_path / "other").mkdir()
    with pytest.raises(FileError, match="is no saved model"):
        compiled("hist", 1).save(tmp_path / "other")


@pytest.mark.parametrize("level", LEVELS)
def test_circuit_covers_the_model(level: int) -> None:
    model = compiled("shuffle_dyck1", level)
    circuit = model.circuit
    heads = [node for node in circuit.nodes if node.kind == "head"]
    assert len(heads) == sum(layer.heads for layer in model.size.per_layer)
    for layer, size in enumerate(model.size.per_layer):
        covered = [
            neuron
            for node in circuit.nodes
            if node.kind == "neurons" and node.layer == layer
            for neuron in range(*node.index)
        ]
        assert covered == list(range(size.neurons))
    names = {node.name for node in circuit.nodes} | {"embed", "unembed"}
    assert all(writer in names and reader in names for writer, reader in circuit.edges)
    assert any(reader == "unembed" for _, reader in circuit.edges)
    labels = {node.label for node in model.program.graph.nodes}
    assert all(set(node.variables) <= labels | {f"{x}.share" for x in labels} for node in heads)
    assert circuit.serving(model.name)
    widths = [0] * model.layout.states
    for stay in circuit.dimensions:
        for state in range(stay.first_state, stay.last_state + 1):
            widths[state] += len(stay.dimensions)
    assert max(widths) == model.size.width


@pytest.mark.parametrize("level", LEVELS)
def test_ablating_a_node_outside_the_circuit_of_an_early_variable_changes_nothing(
    level: int,
) -> None:
    """Zeroing a later layer's neurons leaves every earlier state as it was."""
    model = compiled("reverse", level)
    tokens = batch(model)
    last = model.size.layers - 1
    params = {name: dict(part) for name, part in model.params.items()}
    for part in ("attn/linear", "mlp/linear_2"):
        name = f"transformer/layer_{last}/{part}"
        params[name] = {k: np.zeros_like(v) for k, v in params[name].items()}
    before = model.forward(model.params, tokens).transformer_output.residuals
    after = model.forward(params, tokens).transformer_output.residuals
    for state in range(2 * last):
        np.testing.assert_array_equal(np.asarray(before[state]), np.asarray(after[state]))
    assert np.abs(np.asarray(before[-1]) - np.asarray(after[-1])).max() > 0.5


def test_dataset() -> None:
    model = compiled("reverse", 2)
    data = model.dataset(50, seed=3, lengths=[2, 5])
    assert {len(sequence) for sequence in data.inputs} == {3, 6}
    for tokens, expected in zip(data.inputs, data.outputs, strict=True):
        assert expected[1:] == tokens[:0:-1]
    assert data.tokens.shape == data.mask.shape == (50, 9)
    assert data.mask.sum(axis=1).tolist() == [len(sequence) for sequence in data.inputs]
    assert model.apply_batch(data.inputs).decoded == data.outputs
    again = model.dataset(50, seed=3, lengths=[2, 5])
    np.testing.assert_array_equal(data.tokens, again.tokens)
    with pytest.raises(InputError, match="lengths from 1 to 8"):
        model.dataset(5, lengths=[9])
    with pytest.raises(InputError, match="size of at least 1"):
        model.dataset(0)


def test_expected_outputs_are_those_of_the_model() -> None:
    for name in ("hist", "frac_prevs", "shift_by"):
        entry = library.get(name)
        model = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len)
        data = model.dataset(40, seed=1)
        found = np.asarray(model.forward_numpy(data.tokens).unembedded_output)
        inside = data.mask.copy()
        inside[:, 0] = False
        np.testing.assert_allclose(found[inside], data.expected[inside], atol=1e-4)
        outside = data.expected[~inside]
        assert (np.isnan(outside) if outside.dtype.kind == "f" else outside == -1).all()


def test_balanced_data_sets() -> None:
    entry = library.get("contains")
    model = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len)
    plain = [row[-1] for row in model.dataset(60, seed=2).outputs]
    data = model.dataset(60, seed=2, balanced=True)
    even = [row[-1] for row in data.outputs]
    assert min(plain.count(True), plain.count(False)) < 30
    assert even.count(True) == even.count(False) == 30
    assert data.tokens.shape == (60, model.setting.max_seq_len + 1)
    again = model.dataset(60, seed=2, balanced=True)
    assert np.array_equal(again.tokens, data.tokens)


def test_data_sets_for_torch() -> None:
    import torch

    entry = library.get("hist")
    model = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len)
    data = model.dataset(12, seed=0)
    loader = torch.utils.data.DataLoader(data.to_torch(), batch_size=5)
    module = model.to_torch()
    for tokens, mask, expected in loader:
        inside = mask.clone()
        inside[:, 0] = False
        assert torch.equal(module(tokens).argmax(-1)[inside], expected[inside])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", [*NAMES, "upper_case"])
@pytest.mark.parametrize("causal", [False, True])
def test_onnx(name: str, level: int, causal: bool, tmp_path: Path) -> None:
    import onnxruntime

    entry = library.get(name)
    model = compile_rasp_to_model(
        entry.make(), entry.vocab, entry.max_seq_len, causal=causal, optimize=level
    )
    model.to_onnx(tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    tokens = model.dataset(16, seed=1).tokens
    found, *states = session.run(None, {"tokens": tokens.astype(np.int64)})
    expected = model.forward_numpy(tokens)
    inside = tokens != model.input_encoder.pad_encoding
    np.testing.assert_allclose(found[inside], np.asarray(expected.logits)[inside], atol=1e-4)
    inner = expected.transformer_output
    for theirs, ours in zip(states, (inner.input_embeddings, *inner.residuals), strict=True):
        np.testing.assert_allclose(theirs[inside], np.asarray(ours)[inside], atol=1e-4)
    short = session.run(["output"], {"tokens": tokens[:, :3].astype(np.int64)})[0]
    assert short.shape[:2] == (16, 3)


def test_onnx_into_a_folder_that_is_not_there(tmp_path: Path) -> None:
    model = compile_rasp_to_model(rasp.tokens, {"a"}, 2)
    with pytest.raises(FileError, match="cannot be written"):
        model.to_onnx(tmp_path / "none" / "model.onnx")

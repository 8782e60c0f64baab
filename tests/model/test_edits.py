"""What a client edits is what the model does: no output, file or export is of before."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, load, rasp
from optitracr.circuit.intervention import ablate
from optitracr.compiled import CompiledModel
from optitracr.errors import FileError, InputError, OptitracrError, VerificationError

TOKENS = ["compiler_bos", "a", "b", "a", "a"]
MLP = "transformer/layer_0/mlp/linear_1"


@pytest.fixture(scope="module")
def compiled() -> CompiledModel:
    same = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)
    return compile_rasp_to_model(rasp.SelectorWidth(same) + 0, {"a", "b"}, 4, optimize=0)


@pytest.fixture
def model(compiled: CompiledModel) -> CompiledModel:
    return copy.deepcopy(compiled)


def in_place(model: CompiledModel) -> None:
    model.params[MLP]["w"][:] = 0.0


def by_assignment(model: CompiledModel) -> None:
    model.params[MLP]["w"] = model.params[MLP]["w"] * 0


def as_in_jax(model: CompiledModel) -> None:
    model.params[MLP]["w"] = model.params[MLP]["w"].at[:, :].set(0.0)  # type: ignore[attr-defined]


def by_a_map_over_the_tree(model: CompiledModel) -> None:
    import jax

    model.params = jax.tree_util.tree_map(lambda leaf: leaf * 0.0, model.params)


def in_float64(model: CompiledModel) -> None:
    noise = np.random.default_rng(0).normal(size=model.params[MLP]["w"].shape)
    model.params[MLP]["w"] = model.params[MLP]["w"] + noise


def in_the_unembedding(model: CompiledModel) -> None:
    model.unembed[:] = -model.unembed


def of_the_unembedding(model: CompiledModel) -> None:
    model.unembed = np.zeros_like(model.unembed)


EDITS = (
    in_place,
    by_assignment,
    as_in_jax,
    by_a_map_over_the_tree,
    in_float64,
    in_the_unembedding,
    of_the_unembedding,
)


def logits(model: CompiledModel) -> Any:
    codes = np.array([model.input_encoder.encode(TOKENS)])
    return np.asarray(model.forward_numpy(codes).logits)


@pytest.mark.parametrize("edit", EDITS)
def test_everything_sees_an_edit(
    model: CompiledModel, edit: Callable[[CompiledModel], None], tmp_path: Path
) -> None:
    before, drawn = logits(model), model.circuit
    model.apply(TOKENS), model.apply_batch([TOKENS])
    edit(model)
    after = logits(model)
    assert not np.allclose(before, after, atol=0.1)
    codes = np.array([model.input_encoder.encode(TOKENS)])
    in_jax = model.forward(model.params, codes).logits
    np.testing.assert_allclose(in_jax, after, atol=1e-3)
    for output in (model.apply(TOKENS).decoded, model.apply_batch([TOKENS]).decoded[0]):
        chosen = np.asarray(model.forward_numpy(codes).unembedded_output)[0, 1:]
        assert output[1:] == model.output_encoder.decode(chosen.tolist())
    with pytest.raises(VerificationError):
        model.verify(max_inputs=100)
    assert model.circuit is not drawn
    np.testing.assert_allclose(np.asarray(ablate(model, codes, ()).logits), after, atol=1e-6)
    model.save(tmp_path / "model")
    others = (load(tmp_path / "model"), pickle.loads(pickle.dumps(model)), copy.deepcopy(model))
    for other in (*others, copy.copy(model), replace(model)):
        np.testing.assert_allclose(logits(other), after, atol=1e-5)


@pytest.mark.parametrize("edit", [in_place, as_in_jax, of_the_unembedding])
def test_exports_see_an_edit(
    model: CompiledModel, edit: Callable[[CompiledModel], None], tmp_path: Path
) -> None:
    onnxruntime, torch = pytest.importorskip("onnxruntime"), pytest.importorskip("torch")
    edit(model)
    after, codes = logits(model), np.array([model.input_encoder.encode(TOKENS)])
    module = model.to_torch()
    np.testing.assert_allclose(module(torch.tensor(codes)).detach().numpy(), after, atol=1e-3)
    model.to_onnx(tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    [found] = session.run(["output"], {"tokens": codes.astype(np.int64)})
    np.testing.assert_allclose(found, after, atol=1e-3)
    lens = model.to_transformer_lens()(torch.tensor(codes))
    np.testing.assert_allclose(lens.detach().numpy(), after, atol=1e-3)


def test_the_graph_of_the_circuit_is_of_the_weights_as_they_are(model: CompiledModel) -> None:
    before = model.circuit.graph("head")
    assert model.circuit is model.circuit
    for part in ("w", "b"):
        model.params["transformer/layer_0/mlp/linear_2"][part][:] = 0.0
    after = model.circuit.graph("head")
    mlp = "blocks.0.hook_mlp_out"
    assert before.out_degree(mlp) > after.out_degree(mlp) == 0


def test_another_activation_function_is_what_the_model_does(
    model: CompiledModel, tmp_path: Path
) -> None:
    import jax

    before = logits(model)
    assert asdict(model.model_config)["activation_function"](-1.0) == 0.0
    assert model.model_config.activation_function is jax.nn.relu
    model.model_config.activation_function = jax.nn.gelu
    after, codes = logits(model), np.array([model.input_encoder.encode(TOKENS)])
    assert not np.allclose(before, after, atol=1e-3)
    np.testing.assert_allclose(model.forward(model.params, codes).logits, after, atol=1e-2)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert other.model_config.activation_function is jax.nn.gelu
        np.testing.assert_allclose(logits(other), after, atol=1e-5)
    model.model_config.activation_function = abs
    with pytest.raises(VerificationError):
        model.verify(max_inputs=100)
    for export in (
        lambda: model.save(tmp_path / "model"),
        model.to_torch,
        lambda: model.to_onnx(tmp_path / "model.onnx"),
        model.to_transformer_lens,
    ):
        with pytest.raises((InputError, FileError), match="ReLU"):
            export()
    assert not list(tmp_path.iterdir())
    model.model_config.activation_function = jax.nn.relu
    assert model.verify(max_inputs=100).exhaustive


def test_activation_functions_that_do_not_work_are_named(model: CompiledModel) -> None:
    codes = np.array([model.input_encoder.encode(TOKENS)])
    model.model_config.activation_function = lambda x: x.no_such_thing
    for run in (lambda: model.forward_numpy(codes), lambda: model.forward(model.params, codes)):
        with pytest.raises(InputError, match="activation_function raised AttributeError"):
            run()
    model.model_config.activation_function = lambda x: x.sum()
    with pytest.raises(InputError, match="gives shape"):
        model.apply(TOKENS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dropout_rate", 0.1),
        ("layer_norm", True),
        ("num_heads", -1),
        ("num_layers", 1.5),
        ("key_size", "4"),
        ("causal", "yes"),
        ("activation_function", None),
        ("no_such_field", 1),
    ],
)
def test_a_configuration_that_nothing_can_run(
    model: CompiledModel, name: str, value: object
) -> None:
    before = asdict(model.model_config)
    with pytest.raises(InputError, match=name):
        setattr(model.model_config, name, value)
    assert asdict(model.model_config).keys() == before.keys()


def test_a_causal_reading_that_is_switched_on_is_seen(model: CompiledModel) -> None:
    model.model_config.causal = True
    assert model.apply(TOKENS).decoded[1:] == [1, 1, 2, 3]
    with pytest.raises(VerificationError):
        model.verify(max_inputs=100)


def edits_that_do_not_fit(model: CompiledModel) -> list[tuple[str, Callable[[], object], str]]:
    part = model.params[MLP]
    return [
        ("shape", lambda: part.update(w=part["w"][:-1]), "has shape"),
        ("text", lambda: part.update(w=np.full(part["w"].shape, "a")), "no array of real numbers"),
        ("missing", lambda: part.pop("b"), "is None"),
        ("unknown", lambda: model.params.update(extra={}), "'extra', which is no part"),
        ("nothing", lambda: model.params.clear(), "by model_config it is an array"),
    ]


@pytest.mark.parametrize("place", range(5))
def test_weights_that_do_not_fit_are_named(
    model: CompiledModel, place: int, tmp_path: Path
) -> None:
    _, edit, message = edits_that_do_not_fit(model)[place]
    edit()
    codes = np.array([model.input_encoder.encode(TOKENS)])
    for use in (
        lambda: model.apply(TOKENS),
        lambda: model.forward_numpy(codes),
        model.verify,
        lambda: model.circuit,
        lambda: model.save(tmp_path / "model"),
        lambda: pickle.dumps(model),
        model.to_torch,
    ):
        with pytest.raises(OptitracrError, match=message):
            use()
    assert not list(tmp_path.iterdir())


def test_what_may_be_set_and_what_may_not(model: CompiledModel) -> None:
    for value in (None, {}, {**model.params, "token_embed": None}):
        with pytest.raises(InputError, match="params"):
            model.params = value  # type: ignore[assignment]
    with pytest.raises(InputError, match="unembed has shape"):
        model.unembed = np.zeros((1, 1), np.float32)
    with pytest.raises(InputError, match="model_config"):
        model.model_config = None  # type: ignore[assignment]
    for name in ("level", "size", "residual_map", "new"):
        with pytest.raises(AttributeError):
            setattr(model, name, None)


def _decoded(model: CompiledModel) -> list[Any]:
    return model.apply_batch([TOKENS]).decoded[0]


def test_a_model_can_be_sent_to_another_process(model: CompiledModel) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(_decoded, [model]) == [_decoded(model)]


def test_an_unpickled_model_is_as_one_from_a_file(model: CompiledModel, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    loaded, unpickled = load(tmp_path / "model"), pickle.loads(pickle.dumps(model))
    for name in ("name", "level", "model_config", "setting", "size", "allocation", "options"):
        assert getattr(loaded, name) == getattr(unpickled, name)
    assert unpickled.verify(max_inputs=100).exhaustive
    assert unpickled.source == model.source
    pickled = pickle.dumps(model)
    assert b"lambda" not in pickled.replace(str(model.source).encode(), b"")
    broken = pickled.replace(b"manifest", b"manifesT").replace(b'"level": 0', b'"level": 1')
    with pytest.raises(FileError):
        pickle.loads(broken)


def test_a_program_whose_values_no_file_holds_is_not_pickled() -> None:
    program = rasp.Map(lambda token: frozenset({token}), rasp.tokens)
    model = compile_rasp_to_model(program, {"a", "b"}, 2, optimize=0)
    with pytest.raises(FileError, match="frozenset"):
        pickle.dumps(model)
    assert copy.deepcopy(model).apply(TOKENS[:2]).decoded == ["compiler_bos", frozenset({"a"})]


def test_what_cannot_go_on_says_which_part() -> None:
    model = compile_rasp_to_model(rasp.length, {"a"}, 2)
    model.model_config.causal = True
    with pytest.raises(InputError, match=r"model_config.causal is True instead of False"):
        model.to_torch()
    model.model_config.causal = False
    model.model_config.activation_function = lambda x: x
    with pytest.raises(InputError, match=r"cannot be pickled"):
        pickle.dumps(model)


def test_tokens_in_place_of_sequences() -> None:
    model = compile_rasp_to_model(rasp.length, {"a"}, 2)
    with pytest.raises(InputError, match=r"a list of sequences.*\[\['compiler_bos', ...\]\]"):
        model.apply_batch(["compiler_bos", "a", "a"])

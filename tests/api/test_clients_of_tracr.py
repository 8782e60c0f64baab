"""What published clients of Tracr touch works: calls, attributes, edits, encoders and outputs."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import asdict, is_dataclass
from typing import Any

import numpy as np
import pytest

import optitracr
from optitracr import compiling, library, rasp, validating
from optitracr.compiled import CompiledModel
from optitracr.model.encoders import CategoricalEncoder, NumericalEncoder
from optitracr.rasp import causal_eval

EVERY = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.TRUE)
SAME = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ).named("same")
PROGRAM = (rasp.SelectorWidth(SAME).named("hist") % 2).named("odd")


@pytest.fixture(scope="module", params=[0, 1, 2])
def model(request: pytest.FixtureRequest) -> CompiledModel:
    return compiling.compile_rasp_to_model(
        PROGRAM, {"x", "y"}, 4, False, "BOS", "PAD", 100, optimize=request.param
    )


def test_the_signature_is_tracrs() -> None:
    found = list(inspect.signature(compiling.compile_rasp_to_model).parameters.values())[:7]
    assert [(p.name, p.default) for p in found] == [
        ("program", inspect.Parameter.empty),
        ("vocab", inspect.Parameter.empty),
        ("max_seq_len", inspect.Parameter.empty),
        ("causal", False),
        ("compiler_bos", compiling.COMPILER_BOS),
        ("compiler_pad", compiling.COMPILER_PAD),
        ("mlp_exactness", 100),
    ]
    assert optitracr.COMPILER_BOS == compiling.COMPILER_BOS == "compiler_bos"
    assert optitracr.COMPILER_PAD == compiling.COMPILER_PAD == "compiler_pad"
    assert optitracr.compiling is compiling
    assert optitracr.validating is validating


def test_validating() -> None:
    strings = rasp.numerical(rasp.Map(lambda t: t, rasp.tokens))
    assert validating.static_validate(PROGRAM) == []
    for found in (
        validating.validate(strings, ["a"]),
        validating.static_validate(strings, {"a"}, 2),
        validating.dynamic_validate(rasp.Aggregate(EVERY, rasp.tokens), ["a", "b"]),
    ):
        [unsupported] = found
        assert isinstance(unsupported, validating.TracrUnsupportedExpr)
        expression, reason = unsupported
        assert (expression, reason) == (unsupported.expr, unsupported.reason)
        assert isinstance(expression, rasp.RASPExpr)


def test_params(model: CompiledModel) -> None:
    """Names, shapes [in, out], every layer there, nothing else; row 0 of positions is BOS's."""
    config, width = model.model_config, len(model.residual_labels)
    inner, hidden = config.num_heads * config.key_size, config.mlp_hidden_size
    shapes = {"token_embed": (4, width), "pos_embed": (5, width)}
    found = {
        part: arrays["embeddings"].shape for part, arrays in model.params.items() if part in shapes
    }
    assert found == shapes
    linear = {f"attn/{part}": (width, inner) for part in ("query", "key", "value")}
    linear |= {
        "attn/linear": (inner, width),
        "mlp/linear_1": (width, hidden),
        "mlp/linear_2": (hidden, width),
    }
    for layer in range(config.num_layers):
        for part, shape in linear.items():
            arrays = model.params[f"transformer/layer_{layer}/{part}"]
            assert set(arrays) == {"w", "b"}
            assert arrays["w"].shape == shape
            assert arrays["b"].shape == shape[1:]
    assert len(model.params) == 2 + 6 * config.num_layers
    assert type(model.params) is dict
    assert all(type(arrays) is dict for arrays in model.params.values())


@pytest.mark.sweep
def test_weights_are_edited_as_in_jax(model: CompiledModel) -> None:
    import jax
    import jax.numpy as jnp

    edited = copy.deepcopy(model)
    leaves = jax.tree_util.tree_leaves(edited.params)
    assert len(leaves) == 2 + 12 * model.model_config.num_layers
    paths = [path for path, _ in jax.tree_util.tree_flatten_with_path(edited.params)[0]]
    assert len(paths) == len(leaves)
    table = edited.params["pos_embed"]["embeddings"]
    changed = table.at[0, 0].set(7.0)  # type: ignore[attr-defined]
    assert isinstance(changed, jax.Array)
    assert float(changed[0, 0]) == 7.0 != float(table[0, 0])
    assert float(table.at[0].add(1.0)[0, 0]) == float(table[0, 0]) + 1  # type: ignore[attr-defined]
    edited.params["pos_embed"]["embeddings"] = changed
    mapped = jax.tree_util.tree_map(jnp.zeros_like, edited.params)
    assert set(mapped) == set(edited.params)
    doubled = table * 2
    assert doubled.at[0, 0].get() == 2 * table[0, 0]
    assert isinstance(table.sum(), np.floating)
    assert float(jnp.sum(table)) == pytest.approx(float(table.sum()))


def test_configuration(model: CompiledModel) -> None:
    import jax

    config = copy.deepcopy(model).model_config
    assert is_dataclass(config)
    assert set(asdict(config)) == {
        *("num_heads", "num_layers", "key_size", "mlp_hidden_size", "dropout_rate"),
        *("activation_function", "layer_norm", "causal"),
    }
    assert config.activation_function is jax.nn.relu
    config.activation_function = jax.nn.gelu
    assert asdict(config)["activation_function"](1.0) == jax.nn.gelu(1.0)


def test_labels_are_unique_and_split_at_the_colon(model: CompiledModel) -> None:
    assert len(set(model.residual_labels)) == len(model.residual_labels) == model.size.width
    assert all(label.count(":") <= 1 for label in model.residual_labels)


def test_encoders(model: CompiledModel) -> None:
    encoder = model.input_encoder
    assert isinstance(encoder, CategoricalEncoder)
    assert encoder.encode(["BOS", "x", "y", "PAD"]) == [2, 0, 1, 3]
    assert encoder.decode([2, 0, 1, 3]) == ["BOS", "x", "y", "PAD"]
    assert (encoder.bos_token, encoder.pad_token) == ("BOS", "PAD")
    assert (encoder.bos_encoding, encoder.pad_encoding, encoder.vocab_size) == (2, 3, 4)
    assert encoder.encoding_map == {"x": 0, "y": 1, "BOS": 2, "PAD": 3}
    assert encoder.enforce_bos
    assert len(encoder.basis) == 4
    assert set(model.output_encoder.encoding_map) == {0, 1}  # type: ignore[union-attr]
    share = library.make_frac_prevs(rasp.tokens == "x")
    numbers = compiling.compile_rasp_to_model(share, {"x", "y"}, 3)
    assert isinstance(numbers.output_encoder, NumericalEncoder)


@pytest.mark.sweep
def test_running(model: CompiledModel) -> None:
    tokens = ["BOS", "x", "y", "x"]
    output, layers = model.apply(tokens), model.model_config.num_layers
    assert output.decoded == ["BOS", *PROGRAM(tokens[1:])]
    assert output.unembedded.shape == (1, 4)
    assert len(output.layer_outputs) == len(output.residuals) == 2 * layers
    assert len(output.attn_logits) == layers
    assert output.transformer_output.shape == output.input_embeddings.shape
    codes = np.array([model.input_encoder.encode(tokens)])
    whole = model.forward(model.params, codes)
    np.testing.assert_allclose(
        whole.transformer_output.output, output.transformer_output, atol=1e-4
    )
    scores = np.asarray(output.transformer_output)[0] @ model.unembed
    assert model.output_encoder.decode(scores.argmax(axis=-1)[1:].tolist()) == output.decoded[1:]


@pytest.mark.sweep
def test_the_module_is_as_haikus(model: CompiledModel) -> None:
    module = model.get_compiled_model()
    codes = np.array([model.input_encoder.encode(["BOS", "x", "y", "x", "PAD"])])
    whole: Any = module(codes, use_dropout=False)
    assert module.pad_token == model.input_encoder.pad_encoding
    assert module.use_unembed_argmax
    first = module.embed(codes)
    np.testing.assert_allclose(first, whole.transformer_output.input_embeddings, atol=1e-5)
    inner = module.transformer(first, mask=codes != module.pad_token, use_dropout=False)
    np.testing.assert_allclose(inner.output, whole.transformer_output.output, atol=1e-4)
    chosen = module.unembed(inner.output)
    assert (np.asarray(chosen) == np.asarray(whole.unembedded_output)).all()
    assert module.unembed(inner.output, use_unembed_argmax=False).shape[-1] == 2
    assert module.token_embed(codes).shape == first.shape
    assert module.transformer.config is model.model_config


def test_models_are_copied_and_sent(model: CompiledModel) -> None:
    tokens = ["BOS", "x", "y", "x"]
    for other in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert other.apply(tokens).decoded == model.apply(tokens).decoded
        assert other.residual_labels == model.residual_labels
    deep = copy.deepcopy(model)
    deep.params["token_embed"]["embeddings"][:] = 0.0
    assert model.params["token_embed"]["embeddings"].any()


def test_the_language() -> None:
    named = rasp.annotate(rasp.tokens, name="letters")
    assert named.annotations["name"] == named.name == "letters"
    assert rasp.numerical(rasp.tokens).annotations["encoding"] is rasp.Encoding.NUMERICAL
    assert rasp.categorical(rasp.tokens).annotations["encoding"] is rasp.Encoding.CATEGORICAL
    assert SAME.label.startswith("same")
    assert PROGRAM.children[0].name == "hist"
    assert rasp.DefaultRASPEvaluator().evaluate(rasp.length, "abc") == [3, 3, 3]
    assert causal_eval.evaluate(rasp.length, "abc") == [1, 2, 3]
    assert library.make_reverse(rasp.tokens)("abc") == ["c", "b", "a"]

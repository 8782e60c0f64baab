"""The model object: Tracr's attributes, determinism, batches, padding, checks."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, library, rasp
from optitracr.checking.verification import verify_model
from optitracr.compiled import CompiledModel
from optitracr.errors import VerificationError
from optitracr.levels import LEVELS
from optitracr.model.encoders import CategoricalEncoder, NumericalEncoder
from tests.in_numpy import numpy_runs

BOS, PAD = "compiler_bos", "compiler_pad"
PADDED = ("reverse", "shift_by", "pair_balance", "count_less_freq")
COUNTS = ("length", "hist", "count")


@contextmanager
def jax_in_turn(place: int, level: int) -> Iterator[None]:
    """Each program runs in JAX at one level, and at the others in NumPy."""
    with nullcontext() if level == LEVELS[place % len(LEVELS)] else numpy_runs():
        yield


def compiled(name: str, level: int) -> CompiledModel:
    entry = library.get(name)
    return compile_rasp_to_model(
        entry.make(), entry.vocab, entry.max_seq_len, causal=entry.causal, optimize=level
    )


@pytest.mark.parametrize("level", LEVELS)
def test_attributes_are_tracrs(level: int) -> None:
    model = compiled("reverse", level)
    layers, width = model.size.layers, model.size.width
    expected = {"token_embed", "pos_embed"}
    for layer in range(layers):
        prefix = f"transformer/layer_{layer}"
        expected |= {f"{prefix}/attn/{part}" for part in ("query", "key", "value", "linear")}
        expected |= {f"{prefix}/mlp/linear_1", f"{prefix}/mlp/linear_2"}
    assert set(model.params) == expected
    config = model.model_config
    inner = config.num_heads * config.key_size
    for layer in range(layers):
        prefix = f"transformer/layer_{layer}"
        assert model.params[f"{prefix}/attn/query"]["w"].shape == (width, inner)
        assert model.params[f"{prefix}/attn/linear"]["w"].shape == (inner, width)
        hidden = config.mlp_hidden_size
        assert model.params[f"{prefix}/mlp/linear_1"]["w"].shape == (width, hidden)
        assert model.params[f"{prefix}/mlp/linear_2"]["b"].shape == (width,)
    assert model.params["token_embed"]["embeddings"].shape == (6, width)
    assert model.params["pos_embed"]["embeddings"].shape == (9, width)
    assert all(a.dtype == np.float32 for part in model.params.values() for a in part.values())
    assert (config.dropout_rate, config.layer_norm, config.causal) == (0.0, False, False)
    assert float(config.activation_function(-1.0)) == 0.0
    assert len(model.residual_labels) == len(set(model.residual_labels)) == width
    assert model.unembed.shape == (width, 4)
    total = sum(array.size for part in model.params.values() for array in part.values())
    assert total + model.unembed.size == model.size.parameters


@pytest.mark.parametrize("level", LEVELS)
def test_output_of_apply(level: int) -> None:
    model = compiled("reverse", level)
    output = model.apply([BOS, "a", "b", "c"])
    layers, width = model.size.layers, model.size.width
    assert output.decoded == [BOS, "c", "b", "a"]
    assert len(output.layer_outputs) == len(output.residuals) == 2 * layers
    assert len(output.attn_logits) == layers
    assert output.transformer_output.shape == output.input_embeddings.shape == (1, 4, width)
    assert output.attn_logits[0].shape == (1, model.size.heads, 4, 4)
    total = output.input_embeddings + sum(output.layer_outputs)
    np.testing.assert_allclose(total, output.transformer_output, atol=1e-4)
    np.testing.assert_allclose(output.residuals[-1], output.transformer_output, atol=0)
    logits = np.asarray(output.transformer_output)[0] @ model.unembed
    codes = logits.argmax(axis=-1)[1:].tolist()
    assert model.output_encoder.decode(codes) == ["c", "b", "a"]


def test_encoders() -> None:
    model = compiled("reverse", 0)
    encoder = model.input_encoder
    assert isinstance(encoder, CategoricalEncoder)
    assert encoder.encode([BOS, "a", PAD]) == [4, 0, 5]
    assert encoder.decode([4, 0, 5]) == [BOS, "a", PAD]
    assert (encoder.bos_encoding, encoder.pad_encoding, encoder.vocab_size) == (4, 5, 6)
    assert encoder.enforce_bos
    assert encoder.encoding_map["b"] == 1
    assert [d.value for d in encoder.basis] == ["a", "b", "c", "d", BOS, PAD]
    assert isinstance(compiled("frac_prevs", 0).output_encoder, NumericalEncoder)


@pytest.mark.parametrize(("level", "width"), [(0, 5), (1, 5), (2, 1)])
def test_residual_map_and_labels(level: int, width: int) -> None:
    """At level 2 the output is read out of a number and a constant."""
    model = compiled("sort_unique", level)
    assert len(model.residual_map) == 2 * model.size.layers + 1
    for state in model.residual_map:
        held = [label for label in state if label is not None]
        assert len(held) == len(set(held))
        assert len(state) == model.size.width
    assert sum(label.startswith("sort_unique") for label in model.residual_labels) == width


@pytest.mark.sweep
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", PADDED)
def test_padding_influences_nothing(name: str, level: int) -> None:
    with jax_in_turn(PADDED.index(name), level):
        check_padding(compiled(name, level))


def check_padding(model: CompiledModel) -> None:
    vocab = [str(token) for token in model.setting.vocabulary]
    sequences = [[BOS, *vocab[:n]] for n in (1, 3)]
    batch = model.apply_batch(sequences)
    for sequence, decoded in zip(sequences, batch.decoded, strict=True):
        alone = model.apply(sequence).decoded
        padded = model.apply([*sequence, PAD, PAD]).decoded[: len(sequence)]
        assert alone[1:] == pytest.approx(decoded[1:], abs=1e-6) or alone == decoded
        assert alone[1:] == pytest.approx(padded[1:], abs=1e-6) or alone == padded
        tokens = np.array([model.input_encoder.encode(sequence)])
        unpadded = np.asarray(model.forward(model.params, tokens).unembedded_output)[0, 1:]
        assert model.output_encoder.decode(unpadded.tolist()) == pytest.approx(alone[1:], abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", COUNTS)
def test_counts_are_exact_to_64(name: str, level: int) -> None:
    entry = library.get(name)
    model = compile_rasp_to_model(entry.make(), entry.vocab, 64, optimize=level)
    with jax_in_turn(COUNTS.index(name), level):
        check_counts(model, str(entry.vocab[0]))


def check_counts(model: CompiledModel, token: str) -> None:
    report = verify_model(model, max_inputs=100, sampled=500)
    assert report.inputs > 500
    sequences = [[BOS, *[token] * length] for length in range(1, 65)]
    every = model.apply_batch(sequences).decoded
    assert every == [[BOS, *[length] * length] for length in range(1, 65)]
    for length in (9, 10, 64):
        assert model.apply(sequences[length - 1]).decoded == every[length - 1]


@pytest.mark.sweep
@pytest.mark.parametrize("level", LEVELS)
def test_gradients_reach_the_parameters(level: int) -> None:
    import jax

    model = compiled("pair_balance", level)
    tokens = np.array([model.input_encoder.encode([BOS, "(", ")", "("])])

    def loss(params: object) -> object:
        return model.forward(params, tokens).unembedded_output.sum()

    gradient = jax.grad(loss)(model.params)
    assert any(float(abs(np.asarray(a)).sum()) > 0 for p in gradient.values() for a in p.values())


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
def test_changed_weights_are_caught(level: int) -> None:
    """The largest weight of each matrix, negated; some only tell how BOS attends."""
    model = compiled("reverse", level)
    caught = tried = 0
    for name, part in model.params.items():
        weights = part.get("w", part.get("embeddings"))
        assert weights is not None
        if not weights.any():
            continue
        tried += 1
        changed = weights.copy()
        changed[np.unravel_index(abs(changed).argmax(), changed.shape)] *= -1.0
        key = "w" if "w" in part else "embeddings"
        broken = replace(model, params={**model.params, name: {**part, key: changed}})
        try:
            broken.verify(max_inputs=1000)
        except VerificationError:
            caught += 1
    assert tried >= 8
    assert 3 * caught >= 2 * tried


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
def test_same_weights_in_every_process(level: int) -> None:
    code = f"""
import hashlib
from optitracr import compile_rasp_to_model, library
digest = hashlib.sha256()
for name in ("sort", "shuffle_dyck1", "pair_balance"):
    entry = library.get(name)
    model = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len, optimize={level})
    for part, arrays in model.params.items():
        for key, array in arrays.items():
            digest.update(part.encode() + key.encode() + array.tobytes())
    digest.update(repr(model.residual_labels).encode())
print(digest.hexdigest())
"""
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin", "JAX_PLATFORMS": "cpu"},
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert len(runs[0].strip()) == hashlib.sha256().digest_size * 2


def test_labels_do_not_depend_on_what_was_built_before() -> None:
    first = compiled("shuffle_dyck1", 0).residual_labels
    compiled("reverse", 0)
    library.get("shuffle_dyck2").make()
    assert compiled("shuffle_dyck1", 0).residual_labels == first


@pytest.mark.parametrize("level", LEVELS)
def test_programs_without_tokens_and_tokens_alone(level: int) -> None:
    indices = compile_rasp_to_model(rasp.indices, {"a"}, 3, optimize=level)
    assert indices.apply([BOS, "a", "a"]).decoded == [BOS, 0, 1]
    constant = compile_rasp_to_model(rasp.Full(7), {"a"}, 3, optimize=level)
    assert constant.apply([BOS, "a", "a"]).decoded == [BOS, 7, 7]
    tokens = compile_rasp_to_model(rasp.tokens, {"a", "b"}, 3, optimize=level)
    assert tokens.apply([BOS, "b", "a"]).decoded == [BOS, "b", "a"]
    assert tokens.size.layers == 0

"""JAX compiles a model for few shapes, and gives each sequence as it is."""

from __future__ import annotations

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.compiled import CompiledModel
from optitracr.model import runner
from optitracr.model.current import current
from optitracr.model.forward import ForwardOutput

BOS = "compiler_bos"


@pytest.fixture(scope="module")
def model() -> CompiledModel:
    equal = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)
    return compile_rasp_to_model(rasp.SelectorWidth(equal), "ab", 40, check=False)


def codes(model: CompiledModel, rows: int, length: int) -> np.ndarray:
    tokens = np.random.default_rng(0).integers(0, 2, size=(rows, length))
    tokens[:, 0] = model.input_encoder.bos_encoding
    return tokens


def test_new_lengths_and_batches_are_not_compiled_anew(model: CompiledModel) -> None:
    compiled = runner._jitted()
    model.forward(model.params, codes(model, 8, 20))
    before = compiled._cache_size()
    for rows, length in [(8, 32), (5, 17), (2, 31), (7, 25)]:
        assert model.forward(model.params, codes(model, rows, length)).logits.shape[:2] == (
            rows,
            length,
        )
    assert compiled._cache_size() == before
    model.apply([BOS, "a"])
    before = compiled._cache_size()
    for length in range(1, 15):
        found = model.apply([BOS, *"ab" * length][: length + 1])
        assert found.decoded[1:] == [[(length + 1) // 2, length // 2][i % 2] for i in range(length)]
    assert compiled._cache_size() == before
    for length in (16, 39, 32, 33, 40):
        model.apply([BOS, *"a" * length])
    # Up to 32 positions, and all that the model has.
    assert compiled._cache_size() == before + 2


@pytest.mark.parametrize(("rows", "length"), [(1, 41), (3, 2), (9, 33), (1, 1)])
def test_what_is_padded_is_cut_off(model: CompiledModel, rows: int, length: int) -> None:
    tokens = codes(model, rows, length)
    found, wanted = model.forward(model.params, tokens), model.forward_numpy(tokens)
    for one, other in zip(flat(found), flat(wanted), strict=True):
        assert one.shape == other.shape
        largest = np.abs(other).max(initial=1.0, where=np.abs(other) < 1e29)
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6 * largest)


def flat(output: ForwardOutput) -> list[np.ndarray]:
    inner = output.transformer_output
    parts = (*inner.layer_outputs, *inner.residuals, *inner.attn_logits)
    rest = (inner.output, inner.input_embeddings, output.unembedded_output, output.logits)
    return [np.asarray(part) for part in (*parts, *rest)]


@pytest.mark.slow
def test_gradients_are_those_of_what_is_there(model: CompiledModel) -> None:
    import jax

    tokens = codes(model, 3, 5)

    def loss(params: object) -> object:
        return model.forward(params, tokens).logits.sum()

    def whole(params: object) -> object:
        now = model.architecture
        return runner._run_jax(now, params, np.asarray(model.unembed), tokens).logits.sum()

    params = current(model).params
    found, wanted = jax.grad(loss)(params), jax.grad(whole)(params)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3, rtol=1e-4)
    assert jax.jit(lambda t: model.forward(params, t).logits)(tokens).shape[:2] == (3, 5)

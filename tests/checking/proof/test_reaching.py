"""Heads that no output hangs on are left out of proofs, and no others."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from optitracr import library
from optitracr.checking.proof.prove import prove_model
from optitracr.checking.proof.reaching import reaching
from optitracr.compiled import CompiledModel
from optitracr.corpus.one_program import compiled
from optitracr.corpus.programs import Item
from optitracr.model.current import current
from optitracr.model.names import Linear, linear_name
from optitracr.options import check_options


@pytest.fixture(scope="module")
def busy() -> CompiledModel:
    entry = library.get("sort")
    item = Item("sort", entry.make(), entry.vocab, entry.max_seq_len, busy=1)
    return compiled(item, check_options())


def test_busy_heads_are_left_out_and_no_others(busy: CompiledModel) -> None:
    now, left = current(busy), reaching(current(busy))
    used = {(node.layer, node.index[0]) for node in busy.record.nodes if node.kind == "head"}
    size = busy.model_config.key_size
    for layer in range(busy.model_config.num_layers):
        for head in range(busy.model_config.num_heads):
            own = slice(head * size, (head + 1) * size)
            name = linear_name(layer, Linear.HEADS_OUT)
            before, after = now.params[name]["w"][own], left.params[name]["w"][own]
            assert (after == (before if (layer, head) in used else 0)).all()
    assert reaching(left) is left
    assert busy.proof.proven


def test_what_reaches_the_output_by_another_head_stays(busy: CompiledModel) -> None:
    """The column of the first layer's head is read by one of the circuit: it is proven no more."""
    model = copy.deepcopy(busy)
    empty = np.setdiff1d(
        np.arange(model.size.width), [c for t in model.layout.tenancies for c in t.columns]
    )
    node = next(node for node in model.record.nodes if node.kind == "head" and node.layer > 0)
    column = node.index[0] * model.model_config.key_size
    model.params[linear_name(node.layer, Linear.VALUE)]["w"][empty, column] = 3.0
    now = current(model)
    name = linear_name(0, Linear.HEADS_OUT)
    assert (reaching(now).params[name]["w"] == now.params[name]["w"]).all()
    assert not prove_model(model, 1 << 20).proven


def test_what_may_be_no_number_stays(busy: CompiledModel) -> None:
    """Infinity times zero is no number, and would be in every output."""
    model = copy.deepcopy(busy)
    model.params["token_embed"]["embeddings"][0] = 1e30
    name = linear_name(0, Linear.HEADS_OUT)
    before, after = (now.params[name]["w"] for now in (current(model), reaching(current(model))))
    assert (before == after).all()

"""Circuits that are as good as each other, and scores that take any of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optitracr import benchmark, compile_rasp_to_model, library
from optitracr.benchmark.scoring import faithfulness, score_any
from optitracr.benchmark.valid import common_edges, valid_truths
from optitracr.errors import InputError
from tests.compiled import compiled

pytest.importorskip("torch")


@pytest.mark.sweep
@pytest.mark.parametrize("name", ["running_parity", "count_distinct"])
def test_every_valid_circuit_keeps_the_output(name: str) -> None:
    task = benchmark.task_of(compiled(name))
    truths = valid_truths(task.model.circuit)
    assert len(truths) == 2
    for truth in truths:
        assert faithfulness(task, truth.inside) == pytest.approx(1.0, abs=1e-4)


def test_what_erases_and_computes_at_once_stays() -> None:
    """Without the edges of what was erased there the output would be another."""
    entry = library.get("shuffle_dyck2")
    model = compile_rasp_to_model(
        entry.make(), entry.vocab, entry.max_seq_len, optimize=1, check=False
    )
    task = benchmark.task_of(model)
    for truth in valid_truths(model.circuit):
        assert faithfulness(task, truth.inside) == pytest.approx(1.0, abs=1e-4)


def test_scores_take_the_circuit_that_they_agree_with() -> None:
    task = benchmark.task_of(compiled("running_parity"), size=4)
    whole, fewer = valid_truths(task.model.circuit)
    for truth in (whole, fewer):
        score = score_any(task, truth.inside.astype(float))
        assert score.auroc == score.precision == 1.0
    assert benchmark.score_edges(task, fewer.inside.astype(float)).precision < 1.0
    assert score_any(task, fewer.inside.astype(float), [whole]).precision < 1.0
    every, share = common_edges([whole, fewer])
    assert (every == fewer.inside).all()
    assert share == fewer.inside.sum() / whole.inside.sum() < 1
    for wrong in ([], [whole, replace(fewer, edges=fewer.edges[1:])], [3]):
        with pytest.raises(InputError, match="truths"):
            common_edges(wrong)

"""Calls of `optitracr.benchmark`, and of `optitracr.variants`."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from optitracr import benchmark, corpus, rasp, variants
from optitracr.benchmark.entries import COLUMNS, PRIVATE, entries_of
from optitracr.benchmark.records import MODELS
from optitracr.compiled import CompiledModel
from optitracr.corpus.tables import write_table
from tests.api import corpora

TRUTH = np.array([True, False])
SCORES = np.array([1.0, 0.0])
LEFT_OUT = ("models",)
"""Parameters that the executor which compiles nothing has one answer for."""


@lru_cache(maxsize=1)
def made() -> Path:
    """A suite of one model, and scores of the truth."""
    folder = Path(tempfile.mkdtemp())
    shutil.copytree(corpora.made().folder, folder / MODELS)
    benchmark.run_suite(folder, ["truth"])
    return folder


@lru_cache(maxsize=1)
def judged() -> dict[str, Any]:
    """A suite of one model that is held back, and a submission."""
    folder = Path(tempfile.mkdtemp())
    shutil.copytree(corpora.made().folder, folder / PRIVATE / MODELS)
    [row, *_] = corpus.load(folder / PRIVATE / MODELS).rows()
    numbers = {name: 0 for name, kind in COLUMNS.items() if kind != "string"}
    texts = {name: "" for name, kind in COLUMNS.items() if kind == "string"}
    own = {"tier": "plain", "split": PRIVATE, "rotate": -1, "row": row["index"]}
    write_table(folder / PRIVATE / f"{MODELS}.parquet", [{**numbers, **texts, **own}], COLUMNS)
    (folder / PRIVATE / "suite.json").write_text(json.dumps({"request": {"seed": 0}}))
    [entry] = entries_of(folder)
    edges = len(benchmark.task_of(entry.model(), size=2).edges)
    path = folder / "found.jsonl"
    path.write_text(json.dumps({"index": 0, "scores": [0.0] * edges}))
    return {"folder": folder, "submission": path, "name": "theirs"}


def functions(model: CompiledModel, call: Callable[..., Any]) -> dict[str, Any]:
    """Calls of public functions with right arguments, made by `call`."""
    task = benchmark.task_of(model, size=2)
    [site, *_] = benchmark.sites_of(model)
    suite = {"folder": "suite", "models": 1, "executor": corpora.Instant()}
    several = {"program": rasp.tokens == "a", "vocab": {"a", "b"}, "max_seq_len": 2, "n": 2}
    return {"optitracr.variants": call(variants, {**several, "optimize": 0})} | {
        f"optitracr.benchmark.{function.__name__}": call(function, given, left_out=LEFT_OUT)
        for function, given in (
            (benchmark.make_suite, suite),
            (benchmark.run_suite, {"folder": made(), "methods": ["truth"]}),
            (benchmark.judge, judged()),
            (benchmark.score_suite, {"folder": made()}),
            (benchmark.save_gallery, {"folder": made(), "path": made() / "index.html"}),
            (benchmark.save_scores, {"folder": made(), "path": made() / "scores.csv"}),
            (benchmark.score_method, {"model": model, "method": "truth", "size": 2}),
            (benchmark.score_edges, {"task": task, "scores": benchmark.METHODS["truth"](task)}),
            (benchmark.task_of, {"model": model, "size": 2}),
            (benchmark.score_variables, {"model": model, "method": "true_subspace"}),
            (benchmark.score_site, {"site": site, "directions": site.truth}),
            (benchmark.score_sites, {"sites": [site], "method": "true_subspace"}),
            (benchmark.sites_of, {"model": model}),
            (benchmark.truth_of, {"circuit": model.circuit}),
            (benchmark.valid_truths, {"circuit": model.circuit}),
            (benchmark.score_any, {"task": task, "scores": benchmark.METHODS["truth"](task)}),
            (benchmark.common_edges, {"truths": [benchmark.truth_of(model.circuit)]}),
            (benchmark.auroc, {"scores": SCORES, "truth": TRUTH}),
            (benchmark.precision_at_size, {"scores": SCORES, "truth": TRUTH}),
            (benchmark.mean_over, {"figures": [0.5, 1.0]}),
        )
    }


def objects(model: CompiledModel) -> Iterator[tuple[Any, dict[str, Any]]]:
    """One of each class with methods, and right arguments by parameter."""
    task = benchmark.task_of(model, size=2)
    yield task, {"edges": {task.edges[0]: True}}
    yield benchmark.score_method(model, "truth", size=2), {}
    yield benchmark.score_variables(model, "true_subspace"), {}

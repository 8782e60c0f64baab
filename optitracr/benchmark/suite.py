"""A suite of models: made through `optitracr.corpus`, run and scored, and gone on with."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Executor
from os import PathLike
from pathlib import Path
from typing import Any

from optitracr import arguments, corpus, library
from optitracr.benchmark.methods import METHODS, Method
from optitracr.benchmark.metrics import Mean, mean_over
from optitracr.benchmark.scoring import score_method
from optitracr.circuit.edge_attribution import edges_of, sizes_of
from optitracr.corpus.programs import LARGEST_COUNT, LARGEST_SEED
from optitracr.errors import FileError, InputError, LimitError
from optitracr.writing import reason_of, shown_path

MODELS, SCORES = "models", "scores"
"""Folders within a suite's: the corpus of its models, and one file a method."""

FIGURES = ("auroc", "precision", "node_auroc", "node_precision", "faithfulness", "density")
"""What is averaged over models."""

MOST_EDGES = 1_000
"""Of a model that methods run on: exact patching runs it once an edge, ten seconds at most. Others
are noted as left out."""

DEFAULT_METHODS = tuple(METHODS)
"""All that come with the library."""

Watch = Callable[[str], None]


def _unwatched(line: str) -> None:
    """What happens to progress that nobody watches."""


def make_suite(
    folder: str | PathLike[str],
    models: int,
    seed: int = 0,
    *,
    executor: Executor | None = None,
    workers: int | None = None,
) -> corpus.Made:
    """Compiles library programs and random ones, half and half, as far as the library goes.

    Programs that equal one before them are left out, as in every corpus.

    Args:
        folder: Of the suite; new, or of a call that was the same and is gone on with.
        models: How many programs.
        seed: Of the random programs.
        executor: As `corpus.make` takes it.
        workers: As `corpus.make` takes it.

    Raises:
        InputError: If an argument is wrong.
        FileError: If the folder holds something else, or cannot be written.
        MissingExtraError: If PyArrow is not installed.
    """
    models = arguments.integer("models", models, 1, LARGEST_COUNT)
    seed = arguments.integer("seed", seed, 0, LARGEST_SEED)
    names = library.names()
    known = [corpus_item(name) for name in names[: (models + 1) // 2]]
    rest = models - len(known)
    drawn = corpus.RandomPrograms(rest, seed=seed) if rest else None
    items = [*known, *(drawn.item(place) for place in range(rest) if drawn)]
    place = _folder(folder) / MODELS
    return corpus.make(items, place, executor=executor, workers=workers)


def corpus_item(name: str) -> corpus.Item:
    """A library program as a corpus takes it."""
    entry = library.get(name)
    return corpus.Item(entry.name, entry.make(), entry.vocab, entry.max_seq_len, entry.causal)


def run_suite(
    folder: str | PathLike[str],
    methods: Collection[str] | Mapping[str, Method] = DEFAULT_METHODS,
    seed: int = 0,
    watch: Watch = _unwatched,
) -> int:
    """Runs methods on every model of a suite, where that was not done before.

    Args:
        folder: Of the suite.
        methods: Names in `METHODS`, or functions by names of one's own.
        seed: Of the data, and for methods that draw.
        watch: Called with a line after each model.

    Returns:
        How many scores were added.

    Raises:
        InputError: If there is no such method, or it raises, or gives something else than a
            number an edge; or the suite was run with another seed.
        FileError: If the folder holds no suite that is whole, or cannot be written.
        MissingExtraError: If PyTorch is not installed.
    """
    place = _folder(folder)
    seed = arguments.integer("seed", seed, least=0)
    arguments.function("watch", watch)
    chosen = _methods(methods)
    suite = corpus.load(place / MODELS)
    added = 0
    for name, method in chosen.items():
        path = place / SCORES / f"{name}.jsonl"
        done = {entry["index"] for entry in _entries(path, seed)}
        for row in suite.rows():
            if row["index"] not in done:
                entry = {"index": row["index"], "name": row["name"], "seed": seed}
                _append(path, {**entry, **_scored(suite.model(row), method, seed)})
                watch(f"{name}: {row['name']}")
                added += 1
    return added


def _methods(methods: object) -> dict[str, Method]:
    """The methods asked for.

    Raises:
        InputError: If there is no such one.
    """
    if isinstance(methods, Mapping):
        found = dict(methods)
        for name, method in found.items():
            if not isinstance(name, str) or not name.isidentifier():
                arguments.refuse("methods", methods, "functions by names like those of Python")
            arguments.function(f"method {name}", method)
        return found
    wanted = f"names out of {', '.join(METHODS)}"
    names = arguments.names("methods", methods, METHODS, wanted)
    return {name: METHODS[name] for name in names}


def _scored(model: Any, method: Method, seed: int) -> dict[str, Any]:
    """The figures of one model, or why it is left out."""
    if sum(1 for _ in edges_of(*sizes_of(model.model_config))) > MOST_EDGES:
        return {"left_out": f"more than {MOST_EDGES:,} edges"}
    try:
        return score_method(model, method, seed).as_dict()
    except LimitError as error:
        return {"left_out": str(error)}


def score_suite(folder: str | PathLike[str]) -> dict[str, Any]:
    """The figures of each method that was run, as means over models.

    Args:
        folder: Of the suite.

    Returns:
        `{"methods": {name: {"auroc": ..., "intervals": {"auroc": [low, high]}, ...}}}`; None
        where no model has the figure, as where every edge of each is true. `undefined` counts
        the models without an area, `left_out` those that were not run.

    Raises:
        FileError: If the folder holds no scores, or they cannot be read.
    """
    place = _folder(folder)
    paths = sorted((place / SCORES).glob("*.jsonl"))
    if not paths:
        raise FileError(
            f"{shown_path(place)} holds no scores; run methods first: optitracr benchmark run "
            f"{shown_path(place)}"
        )
    return {"methods": {path.stem: _averaged(list(_entries(path, None))) for path in paths}}


def _averaged(entries: list[dict[str, Any]]) -> dict[str, Any]:
    run = [entry for entry in entries if "left_out" not in entry]
    means = {
        name: mean_over([math.nan if x[name] is None else x[name] for x in run]) for name in FIGURES
    }
    return {
        **{name: _plain(mean.value) for name, mean in means.items()},
        "intervals": {name: _interval(mean) for name, mean in means.items()},
        "models": len(run),
        "undefined": len(run) - means["auroc"].models,
        "left_out": len(entries) - len(run),
    }


def _interval(mean: Mean) -> list[float | None]:
    return [_plain(mean.low), _plain(mean.high)]


def _plain(number: float) -> float | None:
    """A number as JSON has it."""
    return None if math.isnan(number) else round(number, DIGITS)


DIGITS = 6
"""Of a figure: more than an interval over a thousand models tells apart."""


def _folder(folder: object) -> Path:
    return arguments.path("folder", folder, "the folder of a suite as text or pathlib.Path")


def _entries(path: Path, seed: int | None) -> Iterator[dict[str, Any]]:
    """What a file of scores holds; a line that was cut off is none.

    Raises:
        FileError: If it cannot be read.
        InputError: If it was made with another seed.
    """
    if not path.exists():
        return
    try:
        lines = path.read_text(encoding="ascii").splitlines(keepends=True)
        entries = [json.loads(line) for line in lines if line.endswith("\n")]
        if lines and not lines[-1].endswith("\n"):
            path.write_text("".join(lines[:-1]), encoding="ascii")
    except (OSError, ValueError) as error:
        raise FileError(f"{shown_path(path)} cannot be read: {reason_of(error)}") from None
    for entry in entries:
        if seed is not None and entry["seed"] != seed:
            raise InputError(
                f"{shown_path(path)} was made with seed {entry['seed']}; give that one, or remove "
                "the file"
            )
        yield entry


def _append(path: Path, entry: dict[str, Any]) -> None:
    """Adds a line.

    Raises:
        FileError: If it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="ascii") as file:
            file.write(f"{json.dumps(entry)}\n")
    except OSError as error:
        raise FileError(f"{shown_path(path)} cannot be written: {reason_of(error)}") from None

"""Methods run on the models of a suite, and gone on with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from os import PathLike
from typing import Any

from optitracr import arguments, corpus
from optitracr.benchmark.methods import METHODS, Method
from optitracr.benchmark.records import MODELS, SCORES, append, entries, folder_of
from optitracr.benchmark.scoring import score_method
from optitracr.circuit.edge_attribution import edges_of, sizes_of
from optitracr.errors import LimitError

MOST_EDGES = 1_000
"""Of a model that methods run on: exact patching runs it once an edge, ten seconds at most. Others
are noted as left out."""

DEFAULT_METHODS = tuple(METHODS)
"""All that come with the library."""

Watch = Callable[[str], None]


def _unwatched(line: str) -> None:
    """What happens to progress that nobody watches."""


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
    place = folder_of(folder)
    seed = arguments.integer("seed", seed, least=0)
    arguments.function("watch", watch)
    chosen = _methods(methods)
    suite = corpus.load(place / MODELS)
    added = 0
    for name, method in chosen.items():
        path = place / SCORES / f"{name}.jsonl"
        done = {entry["index"] for entry in entries(path, seed)}
        for row in suite.rows():
            if row["index"] not in done:
                entry = {"index": row["index"], "name": row["name"], "seed": seed}
                append(path, {**entry, **_scored(suite.model(row), method, seed)})
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

"""Methods run on the models of a suite, and gone on with."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any

from optitracr import arguments, corpus
from optitracr.benchmark.methods import METHODS, Method
from optitracr.benchmark.records import MODELS, SCORES, about, append, folder_of, gone_on_with
from optitracr.benchmark.scoring import score_method
from optitracr.circuit.edge_attribution import edges_of, sizes_of
from optitracr.corpus.progress import duration
from optitracr.errors import LimitError

MOST_EDGES = 1_000
"""Of a model that methods run on: exact patching runs it once an edge, ten seconds at most. Others
are noted as left out."""

DEFAULT_METHODS = tuple(METHODS)
"""All that come with the library."""


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is.

    Attributes:
        total: Scores of all methods and models.
        before: Of these, those that there were when the run began.
        done: Those that there are.
        seconds: Since the run began.
        last: The method and the model that came last.
    """

    total: int
    before: int
    done: int
    seconds: float
    last: str

    @property
    def left(self) -> float:
        """Seconds that are left, if the others take as long."""
        return self.seconds * (self.total - self.done) / max(self.done - self.before, 1)

    def __str__(self) -> str:
        left = f"{duration(self.left)} left"
        return f"{self.done:,} of {self.total:,} scores, {left}; {self.last}"


Watch = Callable[[RunProgress], None]


def _unwatched(progress: RunProgress) -> None:
    """What happens to progress that nobody watches."""


def run_suite(
    folder: str | PathLike[str],
    methods: Collection[str] | Mapping[str, Method] = DEFAULT_METHODS,
    seed: int = 0,
    watch: Watch = _unwatched,
) -> int:
    """Runs methods on every model of a suite, where that was not done before.

    Each score is written when it is known: what is stopped goes on where it was.

    Args:
        folder: Of the suite.
        methods: Names in `METHODS`, or functions by names of one's own.
        seed: Of the data, and for methods that draw.
        watch: Called after each score; what it is given says in words how far the run is.

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
    paths = {name: place / SCORES / f"{name}.jsonl" for name in chosen}
    known = {name: gone_on_with(path, seed) for name, path in paths.items()}
    total, start = len(suite) * len(chosen), time.monotonic()
    before = done = sum(map(len, known.values()))
    for row in suite.rows():
        left = [name for name in chosen if row["index"] not in known[name]]
        model = suite.model(row) if left else None
        for name in left:
            entry = {**about(row), "seed": seed, **_scored(model, chosen[name], seed)}
            append(paths[name], entry)
            done += 1
            took = time.monotonic() - start
            watch(RunProgress(total, before, done, took, f"{name}: {row['name']}"))
    return done - before


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

"""A suite of models, made through `optitracr.corpus` and gone on with."""

from __future__ import annotations

from concurrent.futures import Executor
from os import PathLike

from optitracr import arguments, corpus, library
from optitracr.benchmark.records import MODELS, folder_of
from optitracr.corpus.programs import LARGEST_COUNT, LARGEST_SEED


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
    place = folder_of(folder) / MODELS
    return corpus.make(items, place, executor=executor, workers=workers)


def corpus_item(name: str) -> corpus.Item:
    """A library program as a corpus takes it."""
    entry = library.get(name)
    return corpus.Item(entry.name, entry.make(), entry.vocab, entry.max_seq_len, entry.causal)

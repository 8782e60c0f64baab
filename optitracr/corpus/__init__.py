"""Collections of compiled programs: made on any number of processes, resumed, loaded.

    from optitracr import corpus

    corpus.make(corpus.RandomPrograms(count=1000, size=(4, 8)), "small_programs")
    for row in corpus.load("small_programs").rows("train"):
        model = corpus.model_of(row)

PyArrow, Dask and what else a collection needs load when they are first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optitracr.corpus.loading import Corpus, load, model_of
    from optitracr.corpus.making import Made, make
    from optitracr.corpus.programs import Item, RandomPrograms
    from optitracr.corpus.progress import Progress
    from optitracr.corpus.request import Guard

__all__ = [
    "Corpus",
    "Guard",
    "Item",
    "Made",
    "Progress",
    "RandomPrograms",
    "load",
    "make",
    "model_of",
]

_HOMES = {
    "Corpus": "loading",
    "Guard": "request",
    "Item": "programs",
    "Made": "making",
    "Progress": "progress",
    "RandomPrograms": "programs",
    "load": "loading",
    "make": "making",
    "model_of": "loading",
}
"""The file of this folder in which each name lies."""


def __getattr__(name: str) -> Any:
    import importlib

    if name in _HOMES:
        return getattr(importlib.import_module(f"optitracr.corpus.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'optitracr.corpus' has no attribute {name!r}")

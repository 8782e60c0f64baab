"""The models of a suite: a row for each, and where it lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optitracr import corpus
from optitracr.benchmark.methods import Task, task_of
from optitracr.benchmark.planning import Tier
from optitracr.benchmark.published import published_sites, published_task, published_truth
from optitracr.benchmark.records import MODELS
from optitracr.benchmark.sites import Site, sites_of
from optitracr.circuit.truth import GroundTruth, truth_of
from optitracr.compiled import CompiledModel
from optitracr.corpus.tables import read_rows

PUBLIC, PRIVATE = "public", "private"
"""The splits; and the folder of what is not to be published."""

DATA = "data"
"""The folder of tables, within a suite's."""

COLUMNS = {
    "index": "int64",
    "name": "string",
    "tier": "string",
    "split": "string",
    "program": "string",
    "architecture": "string",
    "rotate": "int64",
    "layers": "int32",
    "width": "int32",
    "heads": "int32",
    "neurons": "int64",
    "edges": "int64",
    "true_edges": "int64",
    "row": "int64",
    "checkpoint": "string",
}
"""The columns of a suite's tables, and their types."""

NOT_ROTATED = -1
"""What stands for no rotation in a column of whole numbers."""


def tables(folder: Path) -> dict[str, Path]:
    """The table of each split: that of the private one lies with what is not published."""
    public = folder / DATA / f"{PUBLIC}.parquet"
    return {PUBLIC: public, PRIVATE: folder / PRIVATE / f"{MODELS}.parquet"}


def corpora(folder: Path) -> dict[str, Path]:
    """The corpus of each split."""
    return {PUBLIC: folder / MODELS, PRIVATE: folder / PRIVATE / MODELS}


@dataclass(frozen=True, slots=True)
class Entry:
    """A model of a suite.

    Attributes:
        about: Its columns.
        collection: The corpus that it is in.
        row: Its row there.
    """

    about: Mapping[str, Any]
    collection: corpus.Corpus
    row: Mapping[str, Any]

    def model(self) -> CompiledModel:
        """The model, without norms where it has a published form.

        Raises:
            FileError: If it cannot be read.
        """
        return self.collection.model(self.row)

    def task(self, model: CompiledModel, seed: int) -> Task:
        """What a method is given of it.

        Args:
            model: What `model()` gives.
            seed: Of the data, and for methods that draw.
        """
        return task_for(model, self.about.get("rotate"), seed, is_published(self.about))


def is_published(about: Mapping[str, Any]) -> bool:
    """Whether a model is taken in its published form."""
    return about.get("tier") in (Tier.ARCHITECTURES, Tier.ROTATED)


SPLIT = "split"
"""The column that says which split a model is in."""


def is_held_back(about: Mapping[str, Any]) -> bool:
    """Whether a model is in the private split."""
    return bool(about.get(SPLIT) == PRIVATE)


def task_for(model: CompiledModel, rotate: int | None, seed: int, published: bool) -> Task:
    """What a method is given of a model, in its published form or without norms."""
    if not published:
        return task_of(model, seed)
    return published_task(model, _turn(rotate), seed)


def sites_for(
    model: CompiledModel, rotate: int | None, seed: int, published: bool
) -> tuple[Site, ...]:
    """The same for methods that look for variables."""
    return published_sites(model, _turn(rotate), seed) if published else sites_of(model, seed)


def _turn(rotate: int | None) -> int | None:
    return None if rotate == NOT_ROTATED else rotate


def truth_for(model: CompiledModel, published: bool) -> GroundTruth:
    """The circuit of a model, in its published form or without norms."""
    return published_truth(model) if published else truth_of(model.circuit)


def entries_of(folder: Path) -> Iterator[Entry]:
    """The models of a suite, in order: those of every split that is there.

    Args:
        folder: Of the suite. Where it has no tables, all models of its corpus count.

    Raises:
        FileError: If it holds no suite that is whole, or a table cannot be read.
    """
    found = {split: path for split, path in tables(folder).items() if path.exists()}
    if not found:
        collection = corpus.load(folder / MODELS)
        for row in collection.rows():
            yield Entry({"index": row["index"], "name": row["name"]}, collection, row)
    for split, path in found.items():
        collection = corpus.load(corpora(folder)[split])
        rows = {row["index"]: row for row in collection.rows()}
        for about in read_rows(path):
            yield Entry(about, collection, rows[about["row"]])

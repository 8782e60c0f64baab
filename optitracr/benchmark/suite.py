"""A suite of models, made through `optitracr.corpus` and gone on with."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from optitracr import arguments, corpus, library
from optitracr.benchmark.entries import (
    COLUMNS,
    NOT_ROTATED,
    PRIVATE,
    PUBLIC,
    corpora,
    is_published,
    tables,
    truth_for,
)
from optitracr.benchmark.planning import (
    APART,
    Plan,
    Tier,
    Wanted,
    names_held_back,
    parse_tiers,
    planned,
)
from optitracr.benchmark.publishing import publish
from optitracr.benchmark.records import folder_of
from optitracr.compiled import CompiledModel
from optitracr.corpus.making import Watch
from optitracr.corpus.programs import LARGEST_COUNT, LARGEST_SEED, MOST_IDLE
from optitracr.corpus.progress import Progress
from optitracr.corpus.request import differences, versions
from optitracr.corpus.tables import arrow, write_table
from optitracr.errors import FileError
from optitracr.extras import require
from optitracr.stock.transformers_model import EXTRA
from optitracr.writing import reason_of, shown_path, write_file

ABOUT = "suite.json"
"""What a suite was asked for, in the folder of what is not published: it has the seeds."""

DEFAULT_PRIVATE = 0.2
"""The share of models that are held back: enough for an interval of a tenth over 40 models."""

TURNS = 1 << 31
"""Rotations that there are to draw from: all seeds that fit a column."""


@dataclass(frozen=True, slots=True)
class MadeSuite:
    """A suite that was made.

    Attributes:
        folder: Where it is.
        models: Models that it has.
        tiers: How many of each tier.
        splits: How many of each split.
        nothing: Models that were compiled and left out, since no input changes any edge.
        missing: How many models fewer than were asked for; other sizes or seeds have more.
        compiled: Programs that were compiled in this call; the others were there.
    """

    folder: Path
    models: int
    tiers: dict[str, int]
    splits: dict[str, int]
    nothing: int
    missing: int
    compiled: int = 0


def _unwatched(progress: Progress) -> None:
    """What happens to progress that nobody watches."""


def make_suite(
    folder: str | PathLike[str],
    models: int,
    seed: int = 0,
    *,
    tiers: Collection[str] | str = tuple(Tier),
    private: float = DEFAULT_PRIVATE,
    private_seed: int | None = None,
    idle: int = 1,
    executor: Executor | None = None,
    workers: int | None = None,
    watch: Watch = _unwatched,
) -> MadeSuite:
    """Makes a suite: models in tiers, of which some are held back, with tables and a data card.

    Programs are of the library, random, or other circuits of these; each is in one split.

    Args:
        folder: Of the suite; new, or of a call that was the same and is gone on with.
        models: How many models.
        seed: Of the choice of programs, and of random ones.
        tiers: Names of `Tier`.
        private: The share of models that are held back: their circuits lie in a folder of their
            own, without which the suite can be published.
        private_seed: Of what is held back; that of the suite by default. Who knows it can make
            these models again.
        idle: Heads a layer that do nothing, where every edge of a model would be true; 0 for none.
        executor: As `corpus.make` takes it.
        workers: As `corpus.make` takes it.
        watch: As `corpus.make` takes it; called for the models of each split in turn.

    Raises:
        InputError: If an argument is wrong.
        FileError: If the folder holds something else, or cannot be written.
        MissingExtraError: If PyArrow is not installed; or `transformers`, for published
            architectures.
    """
    asked = _asked(models, seed, tiers, private, private_seed, idle)
    place = folder_of(folder)
    known = _opened(place, asked)
    if known is not None:
        return MadeSuite(place, **known)
    arguments.function("watch", watch)
    making = partial(corpus.make, executor=executor, workers=workers, watch=watch)
    return _made(place, asked, making)


def _asked(
    models: object, seed: object, tiers: Any, private: object, private_seed: object, idle: object
) -> dict[str, Any]:
    """What decides what is in a suite, checked.

    Raises:
        InputError: If an argument is wrong.
        MissingExtraError: If what is needed is not installed.
    """
    arrow()
    seed = arguments.integer("seed", seed, 0, LARGEST_SEED)
    if private_seed is not None:
        private_seed = arguments.integer("private_seed", private_seed, 0, LARGEST_SEED)
    held_back = arguments.number("private", private, 0.0)
    asked = {
        "models": arguments.integer("models", models, 1, LARGEST_COUNT),
        "seed": seed,
        "tiers": [tier.value for tier in parse_tiers(tiers)],
        "private": held_back,
        "private_seed": seed if private_seed is None else private_seed,
        "idle": arguments.integer("idle", idle, 0, MOST_IDLE),
        "versions": versions(),
    }
    if held_back > 1.0:
        arguments.refuse("private", private, "a share from 0 to 1")
    if any(is_published({"tier": tier}) for tier in parse_tiers(tiers)):
        require("transformers", "transformers", EXTRA)
    return asked


def _opened(folder: Path, asked: dict[str, Any]) -> dict[str, Any] | None:
    """Begins a suite; what is in it, if it is whole.

    Raises:
        FileError: If something else stands there, or a suite that was asked for otherwise.
    """
    path = folder / PRIVATE / ABOUT
    try:
        if path.exists():
            about = json.loads(path.read_text(encoding="utf-8"))
        elif folder.exists() and any(folder.iterdir()):
            raise FileError(f"{shown_path(folder)} exists and is no suite; name another folder")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            about = {"request": asked, "counts": None}
            _write(path, about)
    except (OSError, ValueError) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{shown_path(path)} cannot be read: {reason_of(error)}") from None
    found = differences(about["request"], asked)
    if found:
        raise FileError(
            f"{shown_path(folder)} holds another suite: {'; '.join(found)}; ask for the same, or "
            "name another folder"
        )
    counts: dict[str, Any] | None = about["counts"]
    return counts


def _write(path: Path, about: dict[str, Any]) -> None:
    write_file(path, json.dumps(about, indent=1).encode())


def _made(folder: Path, asked: dict[str, Any], make: Callable[..., corpus.Made]) -> MadeSuite:
    """Makes what is missing of a suite."""
    rows: list[dict[str, Any]] = []
    nothing = compiled = 0
    for split, plan in _plans(asked).items():
        made = make(plan.items, corpora(folder)[split])
        compiled += made.compiled
        chosen = _Choice(corpora(folder)[split], plan, split, len(rows))
        found = chosen.rows()
        nothing += chosen.nothing
        publish(folder, found, chosen.collection, asked["seed"])
        write_table(_parent(tables(folder)[split]), found, COLUMNS)
        rows += found
    counts = {
        "models": len(rows),
        "tiers": _counted(rows, "tier"),
        "splits": _counted(rows, "split"),
        "nothing": nothing,
        "missing": asked["models"] - len(rows),
    }
    from optitracr.benchmark.suite_card import suite_card

    write_file(folder / "README.md", suite_card(counts, rows).encode())
    _write(folder / PRIVATE / ABOUT, {"request": asked, "counts": counts})
    return MadeSuite(folder, **counts, compiled=compiled)


def _parent(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _counted(rows: Sequence[dict[str, Any]], column: str) -> dict[str, int]:
    return dict(sorted(Counter(str(row[column]) for row in rows).items()))


def _plans(asked: dict[str, Any]) -> dict[str, Plan]:
    """What each split is made of; no program is in both."""
    tiers = parse_tiers(asked["tiers"])
    back = round(asked["models"] * asked["private"])
    held = names_held_back(asked["private_seed"], asked["private"])
    names = library.names()
    public = [name for name in names if name not in held]
    private = [name for name in names if name in held]
    found = {}
    if asked["models"] > back:
        count = asked["models"] - back
        found[PUBLIC] = planned(count, asked["seed"], public, tiers, asked["idle"])
    if back:
        seed = asked["private_seed"] + APART
        found[PRIVATE] = planned(back, seed, private, tiers, asked["idle"])
    return found


class _Choice:
    """Takes the models of a split out of its corpus.

    Attributes:
        collection: The corpus.
        nothing: Models with no edge that an input changes, which are left out.
    """

    def __init__(self, folder: Path, plan: Plan, split: str, first: int) -> None:
        """Nothing is taken yet.

        Args:
            folder: Of the corpus.
            plan: What it was made for.
            split: Which split it is.
            first: The number of the first model.
        """
        self.collection = corpus.load(folder)
        self.nothing = 0
        self._plan, self._split, self._first = plan, split, first
        self._known = {row["index"]: row for row in self.collection.rows()}

    def rows(self) -> list[dict[str, Any]]:
        """The models that are taken, each as a row without a number and a name."""
        found: list[dict[str, Any]] = []
        published: list[dict[str, Any]] = []
        lacking, place, tier = 0, 0, Tier.PLAIN
        for wanted in self._plan.wanted:
            lacking = lacking if wanted.tier == tier else 0
            tier = wanted.tier
            taken = list(self._taken(wanted, place, wanted.count + lacking))
            lacking += wanted.count - len(taken)
            place += len(wanted.items)
            if tier in self._plan.listed:
                found += taken
            published += taken if is_published({"tier": tier}) else []
        found += self._rotated(published[: self._plan.rotated])
        for number, row in enumerate(found, start=self._first):
            row["index"] = number
            if self._split == PRIVATE:
                row["name"] = f"{PRIVATE}-{number}"
        return found

    def _taken(self, wanted: Wanted, first: int, count: int) -> Iterator[dict[str, Any]]:
        """The first models of use, so many."""
        for place in range(first, first + len(wanted.items)):
            if count <= 0:
                return
            row = self._known.get(place)
            if row is None:
                continue
            model = self.collection.model(row)
            truth = truth_for(model, is_published({"tier": wanted.tier}))
            true = truth.inside[truth.counts]
            if not true.any():
                self.nothing += 1
                continue
            if wanted.tier is Tier.BUSY and true.all():
                # Without layers there is no place for a head.
                continue
            count -= 1
            yield self._row(wanted.tier, row, model, (len(true), int(np.count_nonzero(true))))

    def _row(
        self, tier: Tier, row: dict[str, Any], model: CompiledModel, edges: tuple[int, int]
    ) -> dict[str, Any]:
        published = is_published({"tier": tier})
        sizes: Any = model.stock().sizes if published else model.size
        return {
            "name": row["name"],
            "tier": tier.value,
            "split": self._split,
            "program": row["name"].partition("-circuit")[0].removesuffix("-busy"),
            "architecture": model.stock().stock.name if published else "",
            "rotate": NOT_ROTATED,
            **{name: getattr(sizes, name) for name in ("layers", "width", "heads", "neurons")},
            "edges": edges[0],
            "true_edges": edges[1],
            "row": row["index"],
            "checkpoint": "",
        }

    def _rotated(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The same models with their streams turned, each otherwise."""
        found = []
        for row in rows:
            turn = random.Random(f"turn {row['name']}").randrange(TURNS)
            name = f"{row['name']}-rotated"
            found.append({**row, "name": name, "tier": Tier.ROTATED.value, "rotate": turn})
        return found

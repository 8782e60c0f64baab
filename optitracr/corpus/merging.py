"""From what became of each program to the files of a corpus: in order, deduplicated, split."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from optitracr.corpus.parts import DATA, WEIGHTS, Parts
from optitracr.corpus.records import FAILED, Record
from optitracr.corpus.request import SPLITS, Split
from optitracr.corpus.tables import DUPLICATES, FAILURES, write_table

FAILURES_FILE, DUPLICATES_FILE = "failures.parquet", "duplicates.parquet"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many programs there are of each sort; together, all that were asked for.

    Attributes:
        programs: Asked for.
        splits: Rows of each split.
        failures: Programs of which no model was made, by reason.
        duplicates: Programs that equal one before them, by what is the same.
        proofs: Rows by what is known of the model.
    """

    programs: int
    splits: dict[str, int]
    failures: dict[str, int] = field(default_factory=dict)
    duplicates: dict[str, int] = field(default_factory=dict)
    proofs: dict[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Models of the corpus."""
        return sum(self.splits.values())

    @property
    def failed(self) -> int:
        """Programs of which no model was made."""
        return sum(self.failures.values())

    def as_dict(self) -> dict[str, Any]:
        """The counts as plain data."""
        return asdict(self)


class _Known:
    """The programs and models that there are already."""

    def __init__(self) -> None:
        self._first: dict[str, dict[bytes, int]] = {"program": {}, "model": {}}

    def same(self, row: dict[str, Any]) -> tuple[str, int] | None:
        """What of a row was there before, and where; otherwise it is noted."""
        made_of = json.loads(row["options"])["architecture"]
        # A program that is compiled otherwise, or with spare heads, is another one here, but not
        # where that changes nothing; the form of an architecture is another model.
        sizes = json.dumps([row[name] for name in ("heads", "width")])
        told = {"program": row["options"] + sizes, "model": json.dumps(made_of)}
        digests = {what: _digest(row[f"{what}_digest"], more) for what, more in told.items()}
        for what, digest in digests.items():
            if digest in self._first[what]:
                return what, self._first[what][digest]
        for what, digest in digests.items():
            self._first[what][digest] = row["index"]
        return None


def merge(records: Iterable[Record], folder: Path, split: Split, options: str) -> Counts:
    """Writes the tables and the weights of a corpus.

    Args:
        records: What became of each program, in order.
        folder: Where they are put together; it is empty.
        split: Which share goes where.
        options: Of the compilation, as JSON, for the rows of failures.

    Raises:
        FileError: If something cannot be written.
        MissingExtraError: If PyArrow is not installed.
    """
    for name in (DATA, WEIGHTS):
        (folder / name).mkdir()
    parts = {name: Parts(folder, name) for name in SPLITS}
    known, proofs, programs = _Known(), Counter[str](), 0
    failures: list[dict[str, Any]] = []
    duplicates: list[dict[str, Any]] = []
    for record in records:
        programs += 1
        row = record.row
        if record.outcome == FAILED:
            failures.append({**row, "options": options})
            continue
        same = known.same(row)
        if same is not None:
            duplicates.append({**row, "same": same[0], "of": same[1]})
            continue
        proofs[row["proof"]] += 1
        parts[split.of(row["program_digest"])].add(row, record.weights)
    for part in parts.values():
        part.flush()
    write_table(folder / DATA / FAILURES_FILE, failures, FAILURES)
    write_table(folder / DATA / DUPLICATES_FILE, duplicates, DUPLICATES)
    return Counts(
        programs,
        {name: part.rows for name, part in parts.items()},
        _ordered(Counter(row["reason"] for row in failures)),
        _ordered(Counter(row["same"] for row in duplicates)),
        _ordered(proofs),
    )


def _digest(*texts: str) -> bytes:
    return hashlib.sha256("\n".join(texts).encode()).digest()


def _ordered(counts: Counter[str]) -> dict[str, int]:
    """The most frequent first; the same counts in the order of their names."""
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))

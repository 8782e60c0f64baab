"""The columns of the tables, and Parquet files of them: the same rows give the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from optitracr.corpus.tasks import EXTRA
from optitracr.errors import FileError
from optitracr.extras import require
from optitracr.writing import reason_of, shown_path

ROW_GROUP = 500
"""Rows that are read together: some ten megabytes, with the programs and manifests in them."""

MODELS = {
    "index": "int64",
    "name": "string",
    "text": "string",
    "program": "string",
    "program_digest": "string",
    "model_digest": "string",
    "vocabulary": "string",
    "max_seq_len": "int32",
    "causal": "bool",
    "domain": "string",
    "level": "int8",
    "layers": "int32",
    "width": "int32",
    "heads": "int32",
    "head_size": "int32",
    "neurons": "int64",
    "parameters": "int64",
    "allocation": "string",
    "proof": "string",
    "proof_inputs": "int64",
    "proof_ways": "string",
    "proof_open": "int32",
    "warnings": "list",
    "options": "string",
    "made_from": "string",
    "weights": "string",
    "manifest": "string",
}
"""The columns of models and their types."""

FAILURES = {
    "index": "int64",
    "name": "string",
    "kind": "string",
    "reason": "string",
    "message": "string",
    "text": "string",
    "options": "string",
    "made_from": "string",
}
"""The columns of programs of which no model was made."""

DUPLICATES = {
    "index": "int64",
    "name": "string",
    "same": "string",
    "of": "int64",
    "program_digest": "string",
    "model_digest": "string",
    "made_from": "string",
}
"""The columns of programs that equal one before them: as a "program", or in their "model"."""


def arrow() -> Any:
    """PyArrow.

    Raises:
        MissingExtraError: If it is not installed.
    """
    return require("pyarrow", "PyArrow", EXTRA)


def write_table(path: Path, rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    """Writes a Parquet file.

    Args:
        path: The file.
        rows: Values by column.
        columns: The columns and their types.

    Raises:
        FileError: If it cannot be written.
        MissingExtraError: If PyArrow is not installed.
    """
    pa, parquet = arrow(), require("pyarrow.parquet", "PyArrow", EXTRA)
    schema = pa.schema([(name, _type(pa, kind)) for name, kind in columns.items()])
    table = pa.Table.from_pylist([{name: row[name] for name in columns} for row in rows], schema)
    try:
        parquet.write_table(table, path, row_group_size=ROW_GROUP, compression="zstd")
    except OSError as error:
        raise FileError(
            f"{shown_path(path)} cannot be written: {reason_of(error)}; make room and run the same "
            "command again, which goes on where this one ended"
        ) from None


def _type(pa: Any, kind: str) -> Any:
    kinds = {
        "int8": pa.int8,
        "int32": pa.int32,
        "int64": pa.int64,
        "string": pa.string,
        "bool": pa.bool_,
    }
    return pa.list_(pa.string()) if kind == "list" else kinds[kind]()


def read_rows(path: Path, columns: list[str] | None = None) -> Iterator[dict[str, Any]]:
    """The rows of a Parquet file, a group at a time.

    Raises:
        FileError: If it cannot be read.
        MissingExtraError: If PyArrow is not installed.
    """
    pa, parquet = arrow(), require("pyarrow.parquet", "PyArrow", EXTRA)
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=ROW_GROUP, columns=columns):
                yield from batch.to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise FileError(
            f"{shown_path(path)} cannot be read: {reason_of(error)}; make the corpus again in "
            "another folder"
        ) from None

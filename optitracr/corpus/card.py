"""The data card: what a corpus holds, for readers, and for `datasets.load_dataset`."""

from __future__ import annotations

import json
from typing import Any

from optitracr.corpus.merging import Counts
from optitracr.corpus.parts import DATA
from optitracr.corpus.request import SPLITS

TEXT = """\
---
pretty_name: Compiled RASP programs
tags:
- rasp
- transformers
- interpretability
configs:
{configs}---

# Compiled RASP programs

{rows:,} transformers of {programs:,} programs, compiled by optitracr {version}. Each row of
`models` is a program and its model: what the program says, how large the model is and what is
known of it. The weights of a row are in the file of safetensors that its column `weights` names,
under names that begin with its `index` and a slash.

| programs | number |
|---|---|
{table}

## Load

```python
from datasets import load_dataset

rows = load_dataset("THIS_FOLDER", split="{first}")
```

```python
from optitracr import corpus

row = next(corpus.load("THIS_FOLDER").rows("{first}"))
model = corpus.model_of(row, "THIS_FOLDER")
```

## Columns

| column | what it holds |
|---|---|
| `index`, `name` | the program's place among those that were asked for, and what it is called |
| `text` | the program, one line an s-op, to be read |
| `program` | the same as JSON with its functions as tables, from which it is made again |
| `program_digest`, `model_digest` | the same for equal programs, and for equal models |
| `vocabulary`, `max_seq_len`, `causal`, `domain` | tokens as JSON, longest input, which inputs |
| `level` | of optimisation |
| `layers` … `parameters` | sizes of the model |
| `allocation` | what is known of the sizes: `OPTIMAL` where none smaller exist |
| `proof` … `proof_open` | what is known of the model: `PROVEN` on every input, or `CHECKED` on \
`proof_inputs` of them; how obligations were discharged, and how many are open |
| `warnings` | what the compiler warned of |
| `options`, `made_from` | of the compilation, and of the generator, as JSON |
| `weights` | the file of the weights |
| `manifest` | all else that a saved model holds, as JSON |

`failures` has the programs of which no model was made, with reason and message; `duplicates` those
that equal one before them, as programs or in their models. Programs are in `train`, `validation` or
`test` by their digests, so that a program is in the same one in every corpus.

## What it was asked for

```json
{request}
```
"""


def card(request: dict[str, Any], counts: Counts) -> str:
    """The text of the card.

    Args:
        request: What decides what is in the corpus.
        counts: What is in it.
    """
    splits = [split for split in SPLITS if counts.splits[split]]
    return TEXT.format(
        configs=_configs(splits, counts),
        rows=counts.rows,
        programs=counts.programs,
        version=request["versions"]["optitracr"],
        table=_table(counts),
        first=(splits or SPLITS)[0],
        request=json.dumps(request, indent=1),
    )


def _configs(splits: list[str], counts: Counts) -> str:
    """What `load_dataset` reads: tables without rows are left out, which it does not take."""
    lines = []
    if splits:
        lines += ["- config_name: models", "  default: true", "  data_files:"]
        for split in splits:
            lines += [f"  - split: {split}", f"    path: {DATA}/{split}-*.parquet"]
    for name, number in (
        ("failures", counts.failed),
        ("duplicates", sum(counts.duplicates.values())),
    ):
        if number:
            lines += [f"- config_name: {name}", "  data_files:"]
            lines += [f"  - split: {name}", f"    path: {DATA}/{name}.parquet"]
    return "".join(f"{line}\n" for line in lines)


def _table(counts: Counts) -> str:
    rows = [(f"in `{split}`", number) for split, number in counts.splits.items()]
    rows += [(f"known of the model: {status}", number) for status, number in counts.proofs.items()]
    rows += [(f"left out: equal {what}", number) for what, number in counts.duplicates.items()]
    rows += [(f"failed: {_cell(reason)}", number) for reason, number in counts.failures.items()]
    return "\n".join(f"| {name} | {number:,} |" for name, number in rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")

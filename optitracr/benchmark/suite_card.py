"""The data card of a suite: what it holds, for readers, and for `datasets.load_dataset`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from optitracr.benchmark.entries import DATA, PRIVATE, PUBLIC
from optitracr.benchmark.publishing import BLIND
from optitracr.version import __version__

LICENCE = "apache-2.0"
"""Of models and tables: that of the library, whose programs and compiler they are made by."""

TEXT = """\
---
pretty_name: Compiled transformers with their circuits
license: {licence}
tags:
- interpretability
- circuits
- transformers
- rasp
configs:
{configs}---

# Compiled transformers with their circuits

{models:,} transformers that compute known programs exactly, and of each which edges are in its
circuit. They were compiled by optitracr {version} and never trained. {held:,} of them are held
back: their weights are here, and what they compute is not.

| tier | models | what they are |
|---|---|---|
{tiers}

| edges | |
|---|---|
| that count, of a model | {least:,} to {most:,} |
| in the circuit, of those that count | {density:.0%} |
| models whose every edge that counts is in the circuit, which have no area | {every:,} |
| models that were left out, since no input changes any edge | {nothing:,} |

## Load

```python
from datasets import load_dataset

models = load_dataset("THIS_FOLDER", "{first}", split="{first}")
```

Models with a `checkpoint` in `hub/` open with
`AutoModelForCausalLM.from_pretrained("THIS_FOLDER/" + checkpoint)`, and with their circuits by
`optitracr.load`. All public models are in the corpus `models/`:

```python
from optitracr import corpus

models = corpus.load("THIS_FOLDER/models")
```

Models that are held back are in `blind/`: a checkpoint of `transformers`, or arrays as
`model.safetensors`. The table `{blind}` lists their edges, and inputs with others to patch from, as
JSON.

## Columns

| column | what it holds |
|---|---|
| `index`, `name` | number and name |
| `tier`, `split` | as above; `public` or `private` |
| `program` | the program |
| `architecture`, `rotate` | its class, and the seed of its rotation; -1 for none |
| `layers` … `neurons` | sizes |
| `edges`, `true_edges` | edges that count, and those in the circuit |
| `row` | the model's `index` in the corpus |
| `checkpoint` | the folder to open |

## Publishing

Leave out the folder `private/`, and `scores/` if figures of models held back are not to be known.
`private/` has their programs and circuits, and the seeds of the suite.

## Licence

{licence}, as optitracr itself.
"""

MEANINGS = {
    "plain": "without norms: library programs, other circuits of programs, random programs",
    "busy": "the same, with a head in each layer that attends and writes what nothing reads",
    "architectures": "GPT-2 and Llama with their norms, causal readings",
    "rotated": "the same in a residual stream that is turned",
}


def suite_card(counts: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """The text of the card.

    Args:
        counts: What is in the suite.
        rows: Its models.
    """
    splits = Counter(row["split"] for row in rows)
    edges = [row["edges"] for row in rows] or [0]
    tables = [name for name, there in ((PUBLIC, PUBLIC), (BLIND, PRIVATE)) if splits[there]]
    tiers = counts["tiers"]
    return TEXT.format(
        licence=LICENCE,
        configs=_configs(tables),
        models=counts["models"],
        held=splits[PRIVATE],
        version=__version__,
        tiers="\n".join(f"| `{name}` | {tiers[name]:,} | {MEANINGS[name]} |" for name in tiers),
        least=min(edges),
        most=max(edges),
        density=sum(row["true_edges"] for row in rows) / max(1, sum(edges)),
        every=sum(row["edges"] == row["true_edges"] for row in rows),
        nothing=counts["nothing"],
        first=(tables or [PUBLIC])[0],
        blind=BLIND,
    )


def _configs(tables: Sequence[str]) -> str:
    """What `load_dataset` reads."""
    lines = []
    for place, name in enumerate(tables):
        lines += [f"- config_name: {name}"]
        lines += ["  default: true"] if place == 0 else []
        lines += ["  data_files:", f"  - split: {name}", f"    path: {DATA}/{name}.parquet"]
    return "".join(f"{line}\n" for line in lines)

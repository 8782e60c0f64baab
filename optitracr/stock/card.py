"""The model card of a stock checkpoint: what it computes, how to use it, and what is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from optitracr.model.evidence import in_short
from optitracr.model.proof import Proof
from optitracr.model.transformer import Transformer
from optitracr.stock.form import StockForm
from optitracr.stock.tokenizer import words_of
from optitracr.version import __version__

TEXT = """\
---
library_name: transformers
tags:
- rasp
- interpretability
- optitracr
---

# {name}, compiled

A stock `{stock}` that computes a RASP program exactly. Its weights were compiled by optitracr
{version} and never trained.

## The program

```
{program}
```

It is compiled to its causal reading: no position sees a later one. Inputs are of 1 to {longest} \
tokens. {domain}

## Use

```python
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("THIS_FOLDER")
model = AutoModelForCausalLM.from_pretrained("THIS_FOLDER")
logits = model(**tokenizer("{example}", return_tensors="pt")).logits[0, 1:]
```

{decoding} With optitracr, `optitracr.load("THIS_FOLDER").decode_logits(logits)` says the same. The
tokenizer takes words with spaces between them, puts `{bos}` first and pads on the right. All
logits are NaN where a word is none of these: {words}.

## Sizes

| | this model | without norms |
|---|---|---|
{sizes}

## What is known

This model: {known}.

The compiled model without norms: {plain}.

{findings}

## Circuit

{rotation}

| layer | part | computes | erases |
|---|---|---|---|
{parts}

| variable | columns | states |
|---|---|---|
{columns}

A layer has two states behind it, one after attention and one after its MLP; state 0 is the
embedding{early}. `manifest.json` holds the same as data, and the model without norms is in
`weights.safetensors`; `optitracr.load` reads both.
"""


def card(model: Transformer, form: StockForm, proof: Proof, plain: Proof) -> str:
    """The text of the card.

    Args:
        model: The compiled model.
        form: The stock transformer.
        proof: What is known of that.
        plain: What is known of the model without norms.
    """
    encoder = model.input_encoder
    words = words_of([direction.value for direction in encoder.basis])
    tokens = [word for code, word in enumerate(words) if code not in form.special]
    return TEXT.format(
        name=cell(model.name),
        stock=form.stock.name,
        version=__version__,
        program=str(model.source),
        longest=model.setting.max_seq_len,
        domain=_domain(proof),
        example=" ".join(tokens[: model.setting.max_seq_len]).replace("\\", r"\\"),
        decoding=_decoding(model, form),
        bos=words[form.special[0]],
        words=", ".join(f"`{word}`" for word in tokens),
        sizes=_rows(_sizes(model, form)),
        known=in_short(proof),
        plain=in_short(plain),
        findings="\n".join(f"- {cell(line)}" for line in str(proof).splitlines()),
        rotation=_rotation(form),
        parts=_rows(_parts(model, form)),
        columns=_rows(_columns(model)),
        early=", and the layer before it, which tells positions" if form.early_layers else "",
    )


def _domain(proof: Proof) -> str:
    return f"It is exact on the domain {proof.domain}." if proof.domain else ""


def _decoding(model: Transformer, form: StockForm) -> str:
    values = [direction.value for direction in getattr(model.output_encoder, "basis", ())]
    if not values:
        return f"The first logit{_divided(form)} is the number that the program gives."
    listed = ", ".join(f"{code}: `{cell(repr(value))}`" for code, value in enumerate(values))
    return (
        f"The first {len(values)} logits stand for the values of the program, of which the largest "
        f"counts; where none is above {form.logit_scale / 2!r} the value is None. They are "
        f"{listed}."
    )


def _divided(form: StockForm) -> str:
    return "" if form.logit_scale == 1.0 else f", divided by {form.logit_scale!r},"


def _sizes(model: Transformer, form: StockForm) -> Iterable[Sequence[Any]]:
    own, plain = form.sizes, model.size
    yield "layers", own.layers, plain.layers
    yield "width", own.width, plain.width
    yield "heads", own.heads, plain.heads
    yield "head size", own.head_size, plain.head_size
    yield "neurons", own.neurons, plain.neurons
    yield "parameters", f"{own.parameters:,}", f"{plain.parameters:,}"


def _rotation(form: StockForm) -> str:
    if form.basis is None:
        return "Columns, heads and neurons are numbered as in the model."
    return (
        "Heads and neurons are numbered as in the model. Its stream was rotated: columns are those "
        "of the stream times the transpose of `basis` in `rotation.safetensors`."
    )


def _parts(model: Transformer, form: StockForm) -> Iterable[Sequence[Any]]:
    for node in model.record.nodes:
        part = node.name.partition(".")[2]
        yield (
            node.layer + form.early_layers,
            part,
            ", ".join(node.variables),
            ", ".join(node.erases),
        )


def _columns(model: Transformer) -> Iterable[Sequence[Any]]:
    for entry in model.record.dimensions:
        columns = ", ".join(map(str, entry.dimensions))
        yield entry.variable or entry.name, columns, f"{entry.first_state} to {entry.last_state}"


def _rows(rows: Iterable[Sequence[Any]]) -> str:
    return "\n".join(f"| {' | '.join(cell(str(entry)) for entry in row)} |" for row in rows)


def cell(text: str) -> str:
    """A text as Markdown has it in a cell."""
    return text.replace("|", "\\|").replace("<", "&lt;")

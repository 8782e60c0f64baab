"""The proof of a stock transformer by every input, within bounds for every order of summation."""

from __future__ import annotations

import time

import numpy as np

from optitracr.architectures.classes import StockClass
from optitracr.checking.proof.bounded import Bounded
from optitracr.checking.proof.distinct import kinds
from optitracr.checking.proof.exhaustive import chunks
from optitracr.checking.proof.expected import Expectation, Judgement, Known, judged_output
from optitracr.checking.proof.told import Told
from optitracr.inputs import InputSet, check_inputs, length_within, with_bos
from optitracr.model.proof import Discharge, Proof, Status
from optitracr.model.transformer import Transformer
from optitracr.stock.lower import Lowered
from optitracr.stock.normed import Reader
from optitracr.stock.states import states
from optitracr.stock.weights import Affine

BUDGET = 1 << 25
"""Numbers that such a proof may make: some seconds of work, counted as the other proofs count."""


def proven_by_inputs(model: Transformer, stock: StockClass, form: Lowered) -> Proof | None:
    """Proves that a stock transformer says what the program says; None if that takes too much.

    Args:
        model: The compiled model, with its program.
        stock: The class, for messages.
        form: Its stock transformer.
    """
    start, inputs = time.perf_counter(), _every_input(model, form)
    if inputs is None:
        return None
    expectation, found, undefined = Expectation(model), [], 0
    for chunk in chunks(inputs, form.sizes.heads):
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            known = expectation.of(chunk)
            found.append(_judged(model, form, chunk, known))
        undefined += int(known.undefined.sum())
    fits = all(bool(each.fits.all()) for each in found)
    leads = [each.separation for each in found if each.separation is not None]
    domain = model.setting.domain
    return Proof(
        Status.PROVEN if fits else Status.CHECKED,
        inputs=len(inputs.codes) - undefined,
        undefined=undefined,
        discharged={Discharge.INPUTS: 1} if fits else {},
        open=() if fits else (f"the output of {stock.name} is not told by bounds on every input",),
        largest_error=max((each.error for each in found), default=0.0),
        smallest_separation=min(leads, default=None),
        domain="" if domain is None else domain.text,
        seconds=time.perf_counter() - start,
    )


def _every_input(model: Transformer, form: Lowered) -> InputSet | None:
    """All inputs of the domain; None if running them takes more than the budget."""
    setting, positions = model.setting, model.setting.max_seq_len + 1
    vocabulary, length, domain = len(setting.vocabulary), setting.max_seq_len, setting.domain
    most = BUDGET // (positions * (form.sizes.layers + 1) * (form.sizes.heads * positions + 1))
    if length_within(vocabulary, length, most, domain) < length:
        return None
    return check_inputs(vocabulary, length, most, 0, 0, domain)


def _judged(model: Transformer, form: Lowered, inputs: InputSet, known: Known) -> Judgement:
    """What is to be said of the output on some inputs."""
    encoder = model.input_encoder
    tokens = with_bos(inputs.codes, encoder.bos_encoding, encoder.pad_encoding)
    *_, stream = states(form, tokens)
    used, ids = kinds(stream.ids, len(stream.rows.center))
    return judged_output(known, _told(model, form, stream.rows[used]), ids)


def _told(model: Transformer, form: Lowered, rows: Bounded) -> Told:
    """The logits of rows, each anywhere within its own bounds."""
    outputs, reader = model.output_encoder.vocab_size, Reader.of(form)
    weights = form.weights.unembedding[:, :outputs]
    part = reader.weights(form.weights.gain, Affine(weights, np.zeros(outputs)))
    found = reader.read(part, rows)
    scores = Bounded(found.center / form.logit_scale, found.error / form.logit_scale)
    # Nothing is said of rows, so that what is off in one counts in each logit by itself.
    unknown = Bounded(rows.center, np.full_like(rows.error, np.inf))
    return Told(unknown, part.w, scores)

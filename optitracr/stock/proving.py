"""What is known of the form of a model before it is handed over."""

from __future__ import annotations

from dataclasses import replace
from weakref import WeakKeyDictionary

from optitracr.architectures.classes import StockClass
from optitracr.errors import VerificationError
from optitracr.model.current import current
from optitracr.model.proof import Discharge, Proof, Status
from optitracr.model.transformer import Transformer
from optitracr.options import Check
from optitracr.stock.checking import StockCheck, compared
from optitracr.stock.every_input import proven_by_inputs
from optitracr.stock.form import StockForm, architecture_class, stock_form


class SpoiledError(VerificationError):
    """A form that is wrong on an input, though its model is not."""


EVERY, SAMPLED = 1 << 17, 2000
"""Inputs up to which all are run, and inputs of each kind that are run where these are more: a
second's work or so for most models."""

FEW, FEW_SAMPLED = 64, 64
"""The same where a sample is asked for."""


def known_as_stock(model: Transformer, check: Check, seed: int) -> Proof:
    """The same as `known_form`, kept where a proof was asked for."""
    return form_proof(model) if check is Check.PROOF else known_form(model, check, seed)


_KNOWN: WeakKeyDictionary[Transformer, tuple[bytes, Proof]] = WeakKeyDictionary()
"""What is known of the form of each model, and the digest of the weights that it had then."""


def form_proof(model: Transformer) -> Proof:
    """What is known of the form of a model with the weights that it has now.

    Args:
        model: The model, compiled for a published transformer.

    Raises:
        InputError: If it is none.
        SpoiledError: If the form is wrong on an input.
        NotFoundError: If the model was read from a file that holds no program.
    """
    architecture_class(model)
    digest, known = current(model).digest, _KNOWN.get(model)
    if known is None or known[0] != digest:
        known = _KNOWN[model] = (digest, known_form(model))
    return known[1]


def known_form(
    model: Transformer, check: Check = Check.PROOF, seed: int = 0, rotate: int | None = None
) -> Proof:
    """Proves the form of a model by every input, or compares it with the interpreter in NumPy.

    Args:
        model: The model, compiled for a published transformer.
        check: What is asked for.
        seed: Of the inputs that are tried where they are too many.
        rotate: Seed of a rotation of the stream; None for none.

    Raises:
        SpoiledError: If it is wrong on an input.
    """
    form = stock_form(model, rotate)
    match check:
        case Check.PROOF:
            proof = proven_by_inputs(model, form.stock, form.lowered)
            if proof is not None and proof.proven:
                return proof
            return _compared(model, form, EVERY, SAMPLED, seed)
        case Check.SAMPLE:
            return _compared(model, form, FEW, FEW_SAMPLED, seed)


def _compared(model: Transformer, form: StockForm, most: int, sampled: int, seed: int) -> Proof:
    found = compared(model, form, form.logits, most, sampled, seed)
    if found.wrong is not None:
        raise SpoiledError(_refusal(form, found.wrong.finding))
    return _told(model, form.stock, found)


def _refusal(form: StockForm, finding: str) -> str:
    return (
        f"float32 does not carry the program through the norms of {form.stock.name}: {finding}. "
        "Compile for fewer tokens or shorter sequences, or leave out what has the smallest "
        'margins, with without=["readouts", "codes"]'
    )


def _told(model: Transformer, stock: StockClass, found: StockCheck) -> Proof:
    domain = model.setting.domain
    left = f"how {stock.name} rounds where it adds up in another order than NumPy"
    proof = Proof(
        Status.CHECKED,
        inputs=found.inputs,
        open=(left,),
        domain="" if domain is None else domain.text,
        seconds=found.seconds,
    )
    if found.every:
        return replace(proof, discharged={Discharge.INPUTS: 1})
    return replace(proof, open=("the inputs that were not tried", left))

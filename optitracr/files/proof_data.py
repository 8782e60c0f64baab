"""What a file says of what is known of its model, bound to all else that it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from optitracr.files.values import FieldError, check_range
from optitracr.model.proof import Discharge, Proof, Status

Value = Any

LARGEST = 2**63 - 1
"""No count is larger: what other programs hold in 64 bits."""

NO_PROOF = "the file holds no proof of the model; model.prove() tells what holds"
OF_ANOTHER = (
    "the proof in the file is of another model: weights or manifest were changed since; "
    "model.prove() tells what holds of this one"
)


@dataclass(frozen=True, slots=True)
class StoredProof:
    """A proof without the time that it took.

    Attributes:
        of: SHA-256, in hexadecimal, of the manifest without its proof and certificate; that of
            the weights is in it. A proof stands for nothing beside another program or weights.
        status: How much is known.
        inputs: Inputs that were run.
        undefined: Inputs left out because the interpreter raises on them.
        discharged: How many obligations were discharged in which way.
        open: The obligations that are open.
        largest_error: By how much a number, or a one-hot dimension, is off at most.
        smallest_separation: By how much the largest logit leads at least.
        counterexample: The tokens on which the model is wrong; None if there are none.
        finding: What is wrong with them, or "".
    """

    of: str
    status: Status
    inputs: int
    undefined: int
    discharged: tuple[tuple[Discharge, int], ...]
    open: tuple[str, ...]
    largest_error: float
    smallest_separation: float | None
    counterexample: tuple[Value, ...] | None
    finding: str


def stored_proof(proof: Proof, of: str = "") -> StoredProof:
    """What a file holds of a proof.

    Args:
        proof: The proof.
        of: What it is of, as `StoredProof.of`.
    """
    return StoredProof(
        of=of,
        status=proof.status,
        inputs=proof.inputs,
        undefined=proof.undefined,
        discharged=tuple(proof.discharged.items()),
        open=proof.open,
        largest_error=proof.largest_error,
        smallest_separation=proof.smallest_separation,
        counterexample=proof.counterexample,
        finding=proof.finding,
    )


def believed(stored: StoredProof | None, of: str, domain: str) -> Proof:
    """What is known of a model by its file.

    Args:
        stored: The proof that stands there, checked; None if there is none to be believed.
        of: What a proof has to be of, so that it is one of this model.
        domain: The inputs that were promised, as they were written.
    """
    if stored is None:
        return Proof(Status.CHECKED, open=(NO_PROOF,), domain=domain)
    if stored.of != of:
        return Proof(Status.CHECKED, open=(OF_ANOTHER,), domain=domain)
    return Proof(
        stored.status,
        inputs=stored.inputs,
        undefined=stored.undefined,
        discharged=dict(stored.discharged),
        open=stored.open,
        largest_error=stored.largest_error,
        smallest_separation=stored.smallest_separation,
        counterexample=stored.counterexample,
        finding=stored.finding,
        domain=domain,
    )


def check_proof(proof: StoredProof | None, vocabulary: tuple[Value, ...], longest: int) -> None:
    """Checks what must hold in every proof.

    Args:
        proof: The proof; None if the file has none.
        vocabulary: The tokens.
        longest: Tokens of the longest input.

    Raises:
        FieldError: Naming the first field that contradicts another, or is out of range.
    """
    if proof is None:
        return
    for name in ("inputs", "undefined"):
        check_range(f"proof.{name}", getattr(proof, name), 0, LARGEST)
    for place, (_, count) in enumerate(proof.discharged):
        check_range(f"proof.discharged[{place}]", count, 0, LARGEST)
    if len(dict(proof.discharged)) < len(proof.discharged):
        raise FieldError("proof.discharged", "names one way twice")
    if not proof.largest_error >= 0:
        raise FieldError("proof.largest_error", "is no size of an error")
    _check_status(proof)
    if proof.counterexample is not None:
        _check_input(proof.counterexample, vocabulary, longest)


def _check_status(proof: StoredProof) -> None:
    refuted = proof.status is Status.REFUTED
    if refuted is not (proof.counterexample is not None):
        raise FieldError("proof.counterexample", f"does not go with {proof.status.value}")
    if refuted is not bool(proof.finding):
        raise FieldError("proof.finding", f"does not go with {proof.status.value}")
    if proof.status is Status.PROVEN and proof.open:
        raise FieldError("proof.open", "is not empty, and the model is said to be proven")


def _check_input(tokens: tuple[Value, ...], vocabulary: tuple[Value, ...], longest: int) -> None:
    if not 1 <= len(tokens) <= longest:
        raise FieldError("proof.counterexample", f"is not of 1 to {longest} tokens")
    known = {(type(token), token) for token in vocabulary}
    for place, token in enumerate(tokens):
        if (type(token), token) not in known:
            raise FieldError(f"proof.counterexample[{place}]", "is not in the vocabulary")

"""What is known of a model, and of which weights it is known."""

from __future__ import annotations

from dataclasses import dataclass

from optitracr.model.proof import Proof, Status


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a model with certain weights.

    Attributes:
        proof: What is known.
        weights: The digest of the weights and configuration that it is known of; empty where it
            is of no weights in particular.
    """

    proof: Proof
    weights: bytes = b""


UNCHECKED = Evidence(Proof(Status.CHECKED, open=("nothing was checked: check=False",)))
"""Of a model that was compiled without a check."""


def in_short(proof: Proof) -> str:
    """How much is known, for a line or a cell of a table."""
    match proof.status:
        case Status.PROVEN:
            return "proven on the domain" if proof.domain else "proven on every input"
        case Status.REFUTED:
            return "refuted"
        case Status.CHECKED:
            return f"checked on {proof.inputs:,} inputs" if proof.inputs else "not checked"

"""What commands say of a proof."""

from __future__ import annotations

from typing import Any

from optitracr.cli.output import Output, one_line
from optitracr.files.values import any_to_plain
from optitracr.model.proof import Proof

SHOWN = 12
"""Lines that are shown of what is open: one obligation may leave all those after it open."""


def show_proof(name: str, proof: Proof, output: Output) -> None:
    """Prints what is known of a model."""
    first, *more = str(proof).splitlines()
    took = f" ({proof.seconds:.2f} s)" if proof.seconds else ""
    output.line(f"{name}: {one_line(first)}{took}")
    for line in more[:SHOWN]:
        output.line(f"  {one_line(line)}")
    if len(more) > SHOWN:
        output.line(f"  and {len(more) - SHOWN:,} more; --json shows all")


def proof_data(proof: Proof) -> dict[str, Any]:
    """What is known of a model as plain data, without the time that it took."""
    tokens = proof.counterexample
    return {
        "status": proof.status.value,
        "inputs": proof.inputs,
        "undefined": proof.undefined,
        "discharged": {way.value: count for way, count in proof.discharged.items()},
        "largest_error": size_of(proof.largest_error),
        "smallest_separation": size_of(proof.smallest_separation),
        "counterexample": None if tokens is None else [any_to_plain(token) for token in tokens],
        "finding": proof.finding,
        "domain": proof.domain,
        "open": list(proof.open),
    }


def size_of(number: float | None) -> Any:
    """A size as plain data: JSON has no infinity, which is that of an error without a bound."""
    return None if number is None else any_to_plain(float(number))

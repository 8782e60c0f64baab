"""What is known of a model as it is now: a proof holds for the weights that it was made for."""

from __future__ import annotations

from optitracr.errors import InputError
from optitracr.model.current import Current, current
from optitracr.model.evidence import Evidence
from optitracr.model.proof import Proof, Status
from optitracr.model.transformer import Transformer


def known_of(model: Transformer, now: Current | None = None) -> Proof:
    """What is known of a model as it is now.

    Once its weights or its configuration were changed, that is nothing: whatever was known
    before was known of others.

    Args:
        model: The model.
        now: The model as it is now, if whoever asks has it.
    """
    evidence = model.evidence
    if not evidence.weights or _digest(model, now) == evidence.weights:
        return evidence.proof
    was = evidence.proof
    told = (
        "weights or configuration were changed since the model was "
        f"{was.status.value}: model.prove() tells what holds now"
    )
    return Proof(Status.CHECKED, open=(told,), domain=was.domain)


def remember(model: Transformer, proof: Proof) -> None:
    """Keeps what was found out of a model with the weights that it has now."""
    vars(model)["evidence"] = Evidence(proof, _digest(model))


def _digest(model: Transformer, now: Current | None = None) -> bytes:
    """What differs as soon as a weight or the configuration does."""
    try:
        now = now or current(model)
    except InputError:  # An edit that leaves no model: of that, nothing is known.
        return b"no model"
    return now.digest + (b"" if now.architecture.activation is None else b"another activation")

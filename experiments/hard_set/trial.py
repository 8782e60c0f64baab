"""One program of the set compiled, compared with the interpreter, and what became of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hard_set.inputs import hard_inputs
from hard_set.program import Hard, Tokens
from optitracr import compile_rasp_to_model, rasp
from optitracr.compiled import CompiledModel
from optitracr.errors import OptitracrError, VerificationError
from optitracr.graph.numbers import ABSOLUTE_TOLERANCE, RELATIVE_TOLERANCE

EXACT, REFUSED, WRONG, LOST = "exact", "refused", "wrong", "lost"
"""What becomes of a program. Wrong: a check failed, a model differs, or an error is not the
library's. Lost: it took more time or memory than it was given."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of a program.

    Attributes:
        name: Its name.
        outcome: In a word.
        reason: Of a refusal or failure: the message.
        seconds: CPU time of the compilation, its check included.
        inputs: Inputs made by hand that were compared.
        layers: Of the model, and so the other sizes.
        width: Dimensions of the residual stream.
        neurons: The most in a layer.
        parameters: Of the model.
    """

    name: str
    outcome: str
    reason: str = ""
    seconds: float = 0.0
    inputs: int = 0
    layers: int = 0
    width: int = 0
    neurons: int = 0
    parameters: int = 0

    def as_json(self) -> dict[str, Any]:
        """The trial as JSON has it."""
        return asdict(self)


def tried(program: Hard) -> Trial:
    """Compiles a program at the default level, and compares the model on inputs made by hand."""
    start = time.process_time()
    made = program.make()
    try:
        model = compile_rasp_to_model(made, program.vocab, program.length)
    except VerificationError as error:
        return _failed(program, WRONG, error, start)
    except OptitracrError as error:
        return _failed(program, REFUSED, error, start)
    except Exception as error:
        return _failed(program, WRONG, error, start)
    seconds = round(time.process_time() - start, 2)
    inputs = hard_inputs(program)
    difference = first_difference(model, made, inputs)
    size = model.size
    return Trial(
        program.name,
        WRONG if difference else EXACT,
        difference,
        seconds,
        len(inputs),
        size.layers,
        size.width,
        size.neurons,
        size.parameters,
    )


def _failed(program: Hard, outcome: str, error: Exception, start: float) -> Trial:
    seconds = round(time.process_time() - start, 2)
    reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return Trial(program.name, outcome, reason, seconds)


def first_difference(model: CompiledModel, program: rasp.SOp, inputs: Sequence[Tokens]) -> str:
    """The first of the inputs on which a model differs from the interpreter, in words."""
    defined = {tokens: values for tokens in inputs if (values := _meant(program, tokens))}
    bos = model.input_encoder.bos_token
    found = model.apply_batch([[bos, *tokens] for tokens in defined]).decoded
    for (tokens, values), decoded in zip(defined.items(), found, strict=True):
        for position, (value, own) in enumerate(zip(values, decoded[1:], strict=True)):
            if not _same(value, own):
                return f"on {tokens!r} position {position} is {own!r} and should be {value!r}"
    return ""


def _meant(program: rasp.SOp, tokens: Tokens) -> Sequence[rasp.Value]:
    """What the interpreter gives, nothing where the program is undefined."""
    try:
        return program(tokens)
    except OptitracrError:
        return []


def _same(value: rasp.Value, found: rasp.Value) -> bool:
    if value == found:
        return True
    if not isinstance(value, int | float) or not isinstance(found, int | float):
        return False
    return abs(value - found) <= max(ABSOLUTE_TOLERANCE, RELATIVE_TOLERANCE * abs(value))

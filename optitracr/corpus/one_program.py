"""One program of a corpus: compiled, and written down as what its row and its weights are."""

from __future__ import annotations

import hashlib
import json
import warnings
from copy import copy
from dataclasses import replace
from typing import Any

from optitracr.assembly.plan import Least
from optitracr.circuit.truth import truth_of
from optitracr.compiled import CompiledModel
from optitracr.corpus.busy import make_busy
from optitracr.corpus.programs import Item
from optitracr.corpus.records import MADE, Record, failure
from optitracr.corpus.wording import listed, reason_of, said, stable
from optitracr.files.saving import check_length, plain
from optitracr.model.source import FunctionText, ProgramSource, SourceLine
from optitracr.options import CompileOptions, changed
from optitracr.recipes import RECIPES
from optitracr.setting import check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from optitracr.stages import Compilation
from optitracr.variety.making import circuit_variant

OUT_OF_MEMORY = "memory"
"""The kind of a failure for which memory was too little."""


def record_of(index: int, item: Item, options: CompileOptions) -> Record:
    """What becomes of a program.

    Args:
        index: Its place.
        item: The program.
        options: Of the compilation.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            data, weights = plain(_untimed(compiled(item, options)))
            row = _row(index, item, data)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # A program's own functions may raise anything.
            return _failure(index, item, error)
    row["warnings"] = list(dict.fromkeys(stable(str(told.message)) for told in caught))
    return Record(index, MADE, False, row, weights)


def compiled(item: Item, options: CompileOptions) -> CompiledModel:
    """The model of a program.

    What helps against a limit is not tried: that goes by the clock.
    """
    options = changed(options, item.options)
    options = replace(options, causal=options.causal or item.causal)
    setting = check_setting(
        item.vocab, item.max_seq_len, COMPILER_BOS, COMPILER_PAD, options.causal, item.domain
    )
    if item.circuit:
        return circuit_variant(item.built(), setting, options, item.circuit)
    model = Compilation(item.built(), setting, options, advises=False).compiled()
    idle = item.idle if item.idle and truth_of(model.circuit).everything else 0
    if not idle and not item.busy:
        return model
    # Heads that are there from the start are laid out, proven and told of like all others.
    heads = model.size.heads + idle + item.busy
    spare = item.busy * model.size.layers
    least = Least(heads, max(1, model.size.head_size), model.size.neurons, spare)
    recipe = replace(RECIPES[options.optimize], least=least)
    compilation = Compilation(item.built(), setting, options, recipe=recipe, advises=False)
    if item.busy:
        # What is proven then is the model with these weights.
        make_busy(compilation.model, item.busy, item.name)
    return compilation.compiled()


def _untimed(model: CompiledModel) -> CompiledModel:
    """The same model with an allocation that does not say how many seconds it took."""
    untimed = copy(model)
    # What was compiled cannot be set by users; here it is the same but for the clock.
    vars(untimed)["allocation"] = replace(model.allocation, seconds=0.0)
    return untimed


def _row(index: int, item: Item, data: dict[str, Any]) -> dict[str, Any]:
    """The columns of a model's row; those that say where its weights are come later."""
    size, proof = data["size"], data["proof"]
    program = _compact(data["program"])
    manifest = _compact({name: value for name, value in data.items() if name != "program"})
    check_length(program + manifest)
    return {
        "index": index,
        "name": item.name,
        "text": _text(data["source"]),
        "program": program,
        "program_digest": program_digest(data),
        "model_digest": model_digest(data),
        "vocabulary": _compact(data["vocabulary"]),
        "max_seq_len": data["max_seq_len"],
        "causal": data["config"]["causal"],
        "domain": "" if item.domain is None else data["domain"]["text"],
        "level": data["level"],
        **{name: size[name] for name in SIZES},
        "allocation": data["certificate"]["status"],
        "proof": proof["status"],
        "proof_inputs": proof["inputs"],
        "proof_ways": _compact(dict(proof["discharged"])),
        "proof_open": len(proof["open"]),
        "options": _compact(data["options"]),
        "made_from": item.written_from,
        "manifest": manifest,
    }


def _text(source: dict[str, Any]) -> str:
    """A program's text as it prints."""
    lines = tuple(SourceLine(**line) for line in source["lines"])
    return str(ProgramSource(lines, tuple(FunctionText(**text) for text in source["functions"])))


SIZES = ("layers", "width", "heads", "head_size", "neurons", "parameters")
"""The sizes that have columns."""


_compact = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
"""JSON without blanks, fields as they stand."""

_in_order = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode
"""The same with fields in order."""


def _digest(data: Any) -> str:
    return hashlib.sha256(_in_order(data).encode("ascii")).hexdigest()


def program_digest(data: dict[str, Any]) -> str:
    """What two manifests have in common just when their programs do the same, step by step.

    Names do not count, nor where something was written. A program whose tables are too large
    to be kept is told by its model.
    """
    setting = {name: data[name] for name in ("vocabulary", "max_seq_len", "domain")}
    setting["causal"] = data["config"]["causal"]
    if data["program"] is None:
        return _digest({**setting, "model": model_digest(data)})
    steps = [
        {name: value for name, value in step.items() if name not in ("name", "written")}
        for step in data["program"]["expressions"]
    ]
    return _digest({**setting, "steps": steps})


def model_digest(data: dict[str, Any]) -> str:
    """What two manifests have in common just when their models are the same, whatever is named.

    That is weights, sizes, encoders, and the inputs that they are for.
    """
    output = {name: value for name, value in data["encoders"]["output"].items() if name != WHOSE}
    own = {name: data[name] for name in ("config", "max_seq_len", "domain")}
    tokens = data["encoders"]["input"]
    return _digest({**own, "in": tokens, "out": output, "weights": data["weights"]["sha256"]})


WHOSE = "variable"
"""The field of an encoder that names what its values are of."""


def _failure(index: int, item: Item, error: BaseException) -> Record:
    memory = _is_of_memory(error)
    kind = OUT_OF_MEMORY if memory else type(error).__name__
    # How far memory went differs from run to run, and so what was being made.
    reason = "memory: the process may take no more" if memory else reason_of(error)
    message = reason if memory else stable(said(error))
    return failure(
        index,
        item.name,
        kind,
        reason,
        message,
        guarded=memory,
        text=listed(item),
        made_from=item.written_from,
    )


def _is_of_memory(error: BaseException | None) -> bool:
    """Whether an error stands for memory that ran out, and not for a limit that was foreseen."""
    while error is not None and not isinstance(error, MemoryError):
        error = error.__cause__ or error.__context__
    return error is not None

"""What the tests of files share: small models, edited manifests, and a model put to use."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from optitracr import compile_rasp_to_model, library, load, rasp
from optitracr.checking.verification import check_model
from optitracr.compiled import CompiledModel
from optitracr.errors import FileError, OptitracrError
from optitracr.files.saving import MANIFEST, WEIGHTS, digest


def compiled(name: str, level: int, length: int = 6) -> CompiledModel:
    entry = library.get(name)
    return compile_rasp_to_model(
        entry.make(),
        entry.vocab,
        min(entry.max_seq_len, length),
        causal=entry.causal,
        optimize=level,
        check=False,
    )


@lru_cache(maxsize=8)
def small(name: str) -> CompiledModel:
    """Models of a few dozen weights: an output of each kind, at levels 1 and 2."""
    pairs = rasp.SequenceMap(lambda x, y: (x, y) if y else None, rasp.tokens, rasp.indices)
    programs = {
        "width": rasp.SelectorWidth(rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)),
        "mean": rasp.numerical(
            rasp.Aggregate(
                rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.LEQ),
                rasp.numerical(rasp.tokens == "a"),
                default=0,
            )
        ),
        "pairs": pairs.named("pairs"),
    }
    level = 1 if name == "width" else 2
    return compile_rasp_to_model(
        programs[name], {"a", "b"}, 2, causal=name == "pairs", optimize=level, check=False
    )


def files_of(folder: Path) -> tuple[bytes, bytes]:
    return (folder / MANIFEST).read_bytes(), (folder / WEIGHTS).read_bytes()


def rewrite(folder: Path, data: dict[str, Any], sign: bool = True) -> None:
    """Writes a manifest, as somebody would who knows how its digest is computed."""
    if sign:
        data = {**data, "digest": digest(data)}
    (folder / MANIFEST).write_text(json.dumps(data))


def copy_of(folder: Path, target: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    """A copy of a saved model with an edited and newly signed manifest."""
    shutil.copytree(folder, target)
    data = json.loads((folder / MANIFEST).read_text())
    change(data)
    rewrite(target, data)
    return target


def use(model: CompiledModel) -> None:
    """Everything that a loaded model does without jax; raises where it is not well-formed."""
    sequence = [model.setting.bos, *model.setting.vocabulary][: model.setting.max_seq_len + 1]
    tokens = np.array([model.input_encoder.encode(sequence)], dtype=np.int32)
    output = model.forward_numpy(tokens)
    assert output.logits.shape == (*tokens.shape, model.unembed.shape[1])
    decoded = model.output_encoder.decode(output.unembedded_output[0].tolist())
    assert len(decoded) == tokens.shape[1]
    assert len(output.transformer_output.residuals) + 1 == model.layout.states
    assert {len(state) for state in model.residual_map} <= {model.size.width}
    assert len(model.residual_map) == model.layout.states
    assert model.allocation.plan is not None
    assert model.architecture.layers == model.size.layers
    for tenancy in model.layout.tenancies:
        assert model.circuit.serving(tenancy.variable.label) is not None
        assert tenancy.variable.signed in (True, False)
    str(model.source), str(model.savings), repr(model.options), model.savings.counts()
    model.size.as_dict(), model.circuit.as_dict()
    assert len(model.heads) == len(model.neurons) == model.size.layers
    held = {tenancy.variable.label for tenancy in model.layout.tenancies}
    assert held.issuperset(part.variable.label for part in model.components)


def use_program(model: CompiledModel) -> None:
    """What needs the interpreter gives an answer, or an error of ours."""
    if model.reference is not None:
        for check in (lambda: check_model(model), lambda: model.dataset(1)):
            with contextlib.suppress(OptitracrError):
                check()


def load_or_refuse(folder: Path, interpret: bool = True) -> bool:
    """Whether a model came of a file, which then is put to use; if not, one line says why."""
    try:
        model = load(folder)
    except FileError as error:
        message = str(error)
    else:
        use(model)
        if interpret:
            use_program(model)
        return True
    assert "\n" not in message
    assert str(folder) in message
    return False

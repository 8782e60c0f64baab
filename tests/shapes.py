"""Compiles and runs programs with every annotated shape checked; run in a process of its own."""

from __future__ import annotations

import importlib
import re
import sys
import tempfile
import typing
from pathlib import Path

import beartype.door  # noqa: F401  (like `rasp`)
import jax.numpy as jnp
import numpy as np
from jaxtyping import TypeCheckError, install_import_hook

import optitracr.rasp  # noqa: F401  (must not see `TYPE_CHECKING` as true)
from tests.imports import modules

PROGRAMS = ("reverse", "hist", "sort", "frac_prevs")
LONGEST = 4
"""Tokens of the inputs: shapes are the same for longer ones."""


def with_shapes() -> list[str]:
    """The modules that annotate shapes; not those with `Self`, which beartype cannot check."""
    compiler = {name: path for name, path in modules().items() if name.startswith("optitracr.")}
    texts = {name: path.read_text() for name, path in compiler.items()}
    having = (name for name, text in texts.items() if "from jaxtyping" in text)
    return [name for name in having if not re.search(r"\bSelf\b", texts[name])]


def import_libraries() -> None:
    """Imports what these modules import: no library is to see `TYPE_CHECKING` as true."""
    before = set(sys.modules)
    for name in with_shapes():
        importlib.import_module(name)
    for name in sorted(set(sys.modules) - before):
        if name.startswith(("optitracr.", "solvers")):
            del sys.modules[name]


def import_checked() -> None:
    """Imports these modules so that each call checks the shapes of what it takes and gives."""
    import_libraries()
    typing.TYPE_CHECKING = True
    try:
        with install_import_hook(with_shapes(), "beartype.beartype"):
            for name in with_shapes():
                importlib.import_module(name)
    finally:
        typing.TYPE_CHECKING = False


def compile_and_run() -> None:
    from optitracr import compile_rasp_to_model, library, load
    from optitracr.levels import LEVELS

    for name in PROGRAMS:
        entry = library.get(name)
        longest = min(entry.max_seq_len, LONGEST)
        for level in LEVELS:
            model = compile_rasp_to_model(
                entry.make(), entry.vocab, longest, optimize=level, time_limit=0
            )
            model.apply([model.setting.bos, *entry.vocab[:longest]])
            tokens = np.zeros((1, longest + 1), dtype=np.int32)
            model.forward(model.params, jnp.asarray(tokens))
            model.forward_numpy(tokens)
            model.dataset(4)
            model.circuit.wiring("qkv")
            with tempfile.TemporaryDirectory() as folder:
                model.save(Path(folder) / "model")
                load(Path(folder) / "model").apply_batch([[model.setting.bos, entry.vocab[0]]])


def refuse_wrong_shapes() -> None:
    from optitracr.craft.blocks import Mlp
    from optitracr.craft.spaces import numerical_space

    space = numerical_space("x")
    try:
        Mlp(space, space, np.zeros((1, 2)), np.zeros(3), np.zeros((2, 1)))
    except TypeCheckError:
        return
    raise AssertionError("shapes are not checked")


if __name__ == "__main__":
    import_checked()
    compile_and_run()
    refuse_wrong_shapes()
    print(*with_shapes(), sep="\n")

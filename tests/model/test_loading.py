"""JAX is loaded when it is needed, and Ctrl-C meanwhile neither breaks it nor ends the process."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from tests.imports import modules

ROOT = Path(__file__).parents[2]

INTERRUPTED = """
import os, signal, sys, threading
import numpy as np
from optitracr.model.params import Weight

def send():
    while "jaxlib" not in sys.modules:
        pass
    os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
threading.Thread(target=send).start()
weight = np.zeros(2, np.float32).view(Weight)
try:
    weight.at[0].set(1)
except KeyboardInterrupt:
    print("interrupted")
print(weight.at[0].set(1).tolist())
"""


def test_an_interrupt_while_jax_is_loaded() -> None:
    """JAX is whole afterwards; only a fresh process has not loaded it yet."""
    command = [sys.executable, "-c", INTERRUPTED]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "interrupted\n[1.0, 0.0]\n", done.stderr


def test_jax_is_loaded_whole_wherever_it_is_imported() -> None:
    sources = ((name, path) for name, path in modules().items() if name.startswith("optitracr"))
    for name, path in sources:
        lines = [line.strip() for line in path.read_text().splitlines()]
        for before, line in pairwise(lines):
            if line.startswith(("import jax", "from jax ", "from jax.")):
                assert before in ('load_whole("jax")', "import jax"), f"{name}: {line}"

"""Runs models in NumPy, where the subject of a test is what models compute.

JAX compiles every model for every shape of its inputs, which takes longer than all else that such
a test does. That JAX gives what NumPy gives, in every library program and in every residual
stream, is for `tests/export/test_agreement.py`; and the rooms `checking`, `files` and `model` run
their models in JAX.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from optitracr.checking import verification
from optitracr.model import running
from optitracr.model.runner import run_numpy, states_numpy


@contextmanager
def numpy_runs() -> Iterator[None]:
    """Has `apply`, `apply_batch`, `forward` and `verify` run in NumPy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "run_jax", run_numpy)
        patch.setattr(verification, "states_jax", states_numpy)
        yield


@pytest.fixture(autouse=True, scope="module")
def in_numpy() -> Iterator[None]:
    """Has all tests of a file, or of the room whose `conftest.py` imports it, run in NumPy."""
    with numpy_runs():
        yield

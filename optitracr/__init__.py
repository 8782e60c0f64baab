"""optitracr: an optimising compiler from RASP programs to small transformers.

    from optitracr import rasp, compile_rasp_to_model, library

Heavy libraries (JAX, OR-Tools) load when they are first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optitracr import rasp
from optitracr.errors import OptitracrError
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from optitracr.version import __version__

if TYPE_CHECKING:
    from optitracr import compiling, library, validating
    from optitracr.compile import compile_rasp_to_model
    from optitracr.compiled import load
    from optitracr.front import pareto_front
    from optitracr.report.report import make_report

__all__ = [
    "COMPILER_BOS",
    "COMPILER_PAD",
    "OptitracrError",
    "__version__",
    "compile_rasp_to_model",
    "compiling",
    "library",
    "load",
    "make_report",
    "pareto_front",
    "rasp",
    "validating",
]


def __getattr__(name: str) -> Any:
    import importlib

    if name == "compile_rasp_to_model":
        return importlib.import_module("optitracr.compile").compile_rasp_to_model
    if name == "load":
        return importlib.import_module("optitracr.compiled").load
    if name == "pareto_front":
        return importlib.import_module("optitracr.front").pareto_front
    if name == "make_report":
        return importlib.import_module("optitracr.report.report").make_report
    if name in ("compiling", "library", "validating"):
        return importlib.import_module(f"optitracr.{name}")
    raise AttributeError(f"module 'optitracr' has no attribute {name!r}")

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
    from optitracr import compiling, corpus, domain, library, validating
    from optitracr.architectures.architecture import Architecture
    from optitracr.bounds.program import lower_bounds
    from optitracr.compile import compile_rasp_to_model
    from optitracr.compiled import CompiledModel, load, prove
    from optitracr.front import pareto_front
    from optitracr.hosts.public import implant, replace
    from optitracr.report.report import make_report
    from optitracr.variety.making import variants

__all__ = [
    "COMPILER_BOS",
    "COMPILER_PAD",
    "Architecture",
    "CompiledModel",
    "OptitracrError",
    "__version__",
    "compile_rasp_to_model",
    "compiling",
    "corpus",
    "domain",
    "implant",
    "library",
    "load",
    "lower_bounds",
    "make_report",
    "pareto_front",
    "prove",
    "rasp",
    "replace",
    "validating",
    "variants",
]


_HOMES = {
    "Architecture": "optitracr.architectures.architecture",
    "CompiledModel": "optitracr.compiled",
    "compile_rasp_to_model": "optitracr.compile",
    "implant": "optitracr.hosts.public",
    "load": "optitracr.compiled",
    "lower_bounds": "optitracr.bounds.program",
    "make_report": "optitracr.report.report",
    "pareto_front": "optitracr.front",
    "prove": "optitracr.compiled",
    "replace": "optitracr.hosts.public",
    "variants": "optitracr.variety.making",
}
"""Where the names lie that are loaded when they are first asked for."""


def __getattr__(name: str) -> Any:
    import importlib

    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in ("compiling", "corpus", "domain", "library", "validating"):
        return importlib.import_module(f"optitracr.{name}")
    raise AttributeError(f"module 'optitracr' has no attribute {name!r}")

"""What `tracr.compiler.compiling` holds, for clients that import that module.

from optitracr import compiling

compiling.compile_rasp_to_model(program, vocab, 5, compiler_bos=compiling.COMPILER_BOS)
"""

from __future__ import annotations

from optitracr.compile import compile_rasp_to_model
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD

__all__ = ["COMPILER_BOS", "COMPILER_PAD", "compile_rasp_to_model"]

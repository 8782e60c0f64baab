"""The tokens that stand before and after every sequence, unless others are chosen."""

from __future__ import annotations

COMPILER_BOS = "compiler_bos"
"""Begins a sequence."""

COMPILER_PAD = "compiler_pad"
"""Fills a sequence up at its end."""

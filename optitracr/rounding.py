"""What float32 rounds off, and how much of it components may add, known to every stage."""

from __future__ import annotations

UNIT = 2.0**-24
"""Largest relative error of one rounding in float32."""

ATTENTION_LEAK = 2.0**-32
"""Total attention that may go where none should: less than float32 tells apart in a sum of numbers
around 1, and still so much that logits stay small."""

TABLE_ROUNDINGS = 3
"""Roundings of what a table writes: the weight, the bias, and their sum."""

BIAS_ROUNDING = 1e-5
"""Error that a bias may add to what a table writes, of which it is the commonest: a tenth of what
is allowed. Where the values are too far apart for that, the table does without a bias."""

"""What every model of the standard lowering embeds."""

from __future__ import annotations

import numpy as np

from optitracr.candidates.component import EmbeddedInput, Embedding
from optitracr.craft.reading import Variable, direction
from optitracr.craft.spaces import Direction, Space
from optitracr.setting import Setting


def marker(tokens: str, token: str) -> Variable:
    """The direction of one token."""
    marker = Direction(tokens, token)
    return direction(marker.label, Space((marker,)))


def embedded_inputs(
    tokens: Variable, indices: Variable, bos: Variable, one: Variable, setting: Setting
) -> tuple[EmbeddedInput, ...]:
    """The inputs as Tracr embeds them: tokens, BOS, PAD, indices and the constant."""
    count, positions = len(setting.vocabulary), setting.max_seq_len
    rows = np.eye(count + 2)
    one_rows = np.ones((positions + 1, 1))
    one_rows[0] = 0.0
    pad = marker(tokens.label, setting.pad)
    return (
        EmbeddedInput(tokens, Embedding.TOKENS, rows[:, :count]),
        EmbeddedInput(bos, Embedding.TOKENS, rows[:, count : count + 1]),
        EmbeddedInput(pad, Embedding.TOKENS, rows[:, count + 1 :]),
        EmbeddedInput(indices, Embedding.POSITIONS, np.eye(positions + 1)[:, 1:]),
        EmbeddedInput(one, Embedding.POSITIONS, one_rows),
    )

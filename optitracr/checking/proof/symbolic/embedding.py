"""The first state: tokens and positions, as the embeddings have them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.bounded import Bounded, added
from optitracr.checking.proof.symbolic.contents import Content, State
from optitracr.checking.proof.symbolic.meaning import Meaning
from optitracr.graph.program import Source
from optitracr.model.current import Current
from optitracr.model.names import POSITIONS, TOKENS


def embedded(meaning: Meaning, now: Current, bos: int) -> State:
    """The residual stream before the first sublayer.

    Args:
        meaning: The program.
        now: The weights.
        bos: The integer of the BOS token.
    """
    tokens, places = (now.params[part]["embeddings"] for part in (TOKENS, POSITIONS))
    own = tokens[: len(meaning.setting.vocabulary)]
    start = added(Bounded.exact(tokens[bos][None]), Bounded.exact(places[0][None]))
    contents = _contents(meaning, own, places[1 : meaning.setting.max_seq_len + 1])
    return State(meaning, tokens.shape[1], tuple(contents), start)


def _contents(meaning: Meaning, tokens: NDArray[Any], places: NDArray[Any]) -> Iterator[Content]:
    """Columns that tell tokens, those that tell positions, those that tell both, and the others."""
    varies = {Source.TOKENS: _varies(tokens), Source.INDICES: _varies(places)}
    for token in (False, True):
        for place in (False, True):
            columns = np.flatnonzero(
                (varies[Source.TOKENS] == token) & (varies[Source.INDICES] == place)
            )
            if not len(columns):
                continue
            wanted = [s for s, told in zip(varies, (token, place), strict=True) if told]
            left = tokens[:, columns] if token else tokens[:1, columns]
            right = places[:, columns] if place else places[:1, columns]
            count = len(left) * len(right)
            rows = (
                np.broadcast_to(left[:, None], (len(left), len(right), len(columns))),
                np.broadcast_to(right, (len(left), len(right), len(columns))),
            )
            token_rows, place_rows = (Bounded.exact(x.reshape(count, -1)) for x in rows)
            table = added(token_rows, place_rows)
            yield Content(tuple(meaning.input(s) for s in wanted), columns, table)


def _varies(rows: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray((rows != rows[:1]).any(axis=0))

"""What the host's tokens say of a program: the interpreter on texts, as places in value sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from optitracr import rasp
from optitracr.errors import InputError
from optitracr.hosts.component import Variable, variable_of
from optitracr.hosts.guest import Codes
from optitracr.options import CompileOptions
from optitracr.rasp.batch import evaluate_batch
from optitracr.setting import check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD

if TYPE_CHECKING:
    from jaxtyping import Int

Value = Any

UNKNOWN = -1
"""The place of a token without a symbol where no text holds one."""


@dataclass(frozen=True, slots=True, eq=False)
class Interpreted:
    """The tokens of a host, as a program sees them.

    Attributes:
        tokens: What a token can be to the program; None if some text holds one without a symbol.
        places: The place of each token of the host.
        positions: Longest text, BOS not counted.
        options: How programs are compiled.
    """

    tokens: Variable
    places: Int[Codes, " tokens"]
    positions: int
    options: CompileOptions

    def variable(self, sop: rasp.SOp) -> Variable:
        """What an s-op can be."""
        return variable_of(sop, self.tokens, self.positions, self.options)

    def read(self, ids: torch.Tensor) -> Int[Codes, "batch seq"]:
        """The place of each token after BOS.

        Raises:
            InputError: If one has no symbol, and none of the texts had such a one.
        """
        found = self.places[ids[:, 1:].numpy()]
        if (found == UNKNOWN).any():
            token = int(ids[:, 1:][torch.from_numpy(found == UNKNOWN)][0])
            raise InputError(
                f"ids hold token {token}, which has no symbol, and no text that the program was "
                "compiled for held such a token; give it a symbol in tokens, or texts that hold it"
            )
        return np.asarray(found)

    def codes(
        self, sop: rasp.SOp, entries: Sequence[Value], ids: torch.Tensor
    ) -> Int[Codes, "batch seq"]:
        """The place of the value of an s-op at each position after BOS.

        Args:
            sop: The s-op.
            entries: Its values.
            ids: Texts, [batch, seq].

        Raises:
            EvaluationError: If the s-op is undefined on a text.
        """
        rows = self.read(ids)
        lengths = np.full(len(rows), rows.shape[1])
        found = evaluate_batch([sop], self.tokens.entries, rows, lengths, causal=True)
        if found.undefined.any():
            row = rows[int(found.undefined.argmax())]
            rasp.evaluate_causal(sop, [self.tokens.entries[place] for place in row])
        own = found.codes(sop)
        place = {value: at for at, value in enumerate(entries)}
        to = np.zeros(len(found.values(sop)), dtype=np.intp)
        for code in np.unique(own):
            to[code] = place[found.values(sop)[code]]
        return np.asarray(to[own])


def interpreted(
    symbols: Mapping[int, Value], ids: torch.Tensor, vocabulary: int, options: CompileOptions
) -> Interpreted:
    """The tokens of a host, as a program sees them.

    Args:
        symbols: What token ids stand for.
        ids: Texts, [batch, seq], BOS first.
        vocabulary: Tokens of the host.
        options: How programs are compiled.
    """
    positions = ids.shape[1] - 1
    known = list(symbols.values())
    values = check_setting(known, positions, COMPILER_BOS, COMPILER_PAD, True).vocabulary
    place = {value: at for at, value in enumerate(values)}
    without = not set(np.unique(ids[:, 1:].numpy()).tolist()) <= set(symbols)
    other = len(values) if without else UNKNOWN
    places = np.full(vocabulary, other, dtype=np.intp)
    for token, symbol in symbols.items():
        places[token] = place[symbol]
    return Interpreted(Variable(rasp.tokens, values, without), places, positions, options)

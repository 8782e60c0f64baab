"""What a model without layers could say: scores that are a token's plus a position's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.bounds.outputs import Outputs
from optitracr.bounds.scores import no_scores


def of_others(outputs: Outputs) -> str | None:
    """How an output depends on more than its own token and position; None if it does not.

    Two outputs that a model has to tell apart stand over one token at one position. Without a head
    a position's stream depends on that token and position alone.
    """
    cell = outputs.cell
    count = len(outputs.setting.vocabulary) * outputs.setting.max_seq_len
    lowest = np.full(count, np.inf)
    highest = np.full(count, -np.inf)
    np.minimum.at(lowest, cell, outputs.found + outputs.allowed)
    np.maximum.at(highest, cell, outputs.found - outputs.allowed)
    apart = np.flatnonzero(highest > lowest)
    if not apart.size:
        return None
    place = np.flatnonzero(cell == apart[0])
    low, high = (place[pick(outputs.found[place])] for pick in (np.argmin, np.argmax))
    return (
        f"position {outputs.position[low]} says {arguments.shown(outputs.said(low))} on "
        f"{arguments.shown(outputs.tokens(low))} and {arguments.shown(outputs.said(high))} on "
        f"{arguments.shown(outputs.tokens(high))}, over the same token"
    )


def no_sum(outputs: Outputs) -> str | None:
    """Why scores that are a token's plus a position's do not give the outputs; None if they may.

    Args:
        outputs: Those of a program of which each depends on its own token and position alone.
    """
    _, first = np.unique(outputs.cell, return_index=True)
    cells = (outputs.token[first], outputs.position[first])
    if outputs.is_numerical:
        return _no_sum_of_numbers(outputs, first)
    return no_scores(*cells, outputs.found[first].astype(int))


def _no_sum_of_numbers(outputs: Outputs, first: NDArray[np.intp]) -> str | None:
    """Four numbers at the corners of a rectangle, of which those across do not add up alike."""
    shape = (len(outputs.setting.vocabulary), outputs.setting.max_seq_len)
    table, allowed = np.full(shape, np.nan), np.zeros(shape)
    table[outputs.token[first], outputs.position[first]] = outputs.found[first]
    allowed[outputs.token[first], outputs.position[first]] = outputs.allowed[first]
    t, i = outputs.token[first[0]], outputs.position[first[0]]
    across = table + table[t, i] - table[t, :] - table[:, [i]]
    slack = allowed + allowed[t, i] + allowed[t, :] + allowed[:, [i]]
    found = np.argwhere(abs(across) > slack)
    if not len(found):
        return None
    token, position = found[0]
    names = [arguments.shown(outputs.setting.vocabulary[x]) for x in (t, token)]
    return (
        f"over {names[0]} and {names[1]} the number changes differently from position {i} to "
        f"{position}, so that it is no sum of a token's and a position's"
    )

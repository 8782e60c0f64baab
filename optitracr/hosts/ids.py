"""Token ids as users give them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from optitracr.errors import InputError


def checked_ids(
    ids: Any, bos: int, vocabulary: int, name: str, longest: int | None = None
) -> torch.Tensor:
    """Rows of token ids, BOS at position 0 and nowhere else.

    Args:
        ids: Token ids, [batch, seq].
        bos: The token at position 0.
        vocabulary: Tokens of the host.
        name: What the user calls them.
        longest: Most positions after BOS.

    Returns:
        Shape [batch, seq], of integers.

    Raises:
        InputError: If they are none.
    """
    try:
        found = torch.as_tensor(np.asarray(ids))
    except Exception:
        raise InputError(f"{name} are no token ids; give a tensor of shape [batch, seq]") from None
    if found.ndim != 2 or found.is_floating_point() or found.dtype == torch.bool:
        raise InputError(
            f"{name} have shape {list(found.shape)} and type {found.dtype}; give integers of "
            "shape [batch, seq]"
        )
    if not found.numel() or found.shape[1] < 2:
        raise InputError(f"{name} have no position after BOS; give rows of two tokens at least")
    found = found.long()
    if int(found.min()) < 0 or int(found.max()) >= vocabulary:
        raise InputError(f"{name} hold token ids beyond the host's, 0 to {vocabulary - 1}")
    if bool((found[:, 0] != bos).any()) or bool((found[:, 1:] == bos).any()):
        raise InputError(f"{name} need BOS, token {bos}, at position 0 of each row and only there")
    if longest is not None and found.shape[1] - 1 > longest:
        raise InputError(
            f"{name} have {found.shape[1] - 1} positions after BOS, and at most {longest} are "
            "taken here; give shorter rows, a host with more positions, or a larger max_seq_len"
        )
    return found

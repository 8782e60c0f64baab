"""What is known of a variable's amplitude in a host's stream, and the errors for what is not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

from optitracr.errors import LimitError
from optitracr.hosts.guest import Part

FLOAT32_ROUNDING = 2.0**-24
"""Largest relative error of one rounding."""


@dataclass(frozen=True, slots=True)
class Amplitude:
    """Bounds on a one-hot's columns, or a share's relative error, in units of what is written.

    Attributes:
        low: The least that the column of the class is; for a share 1.
        high: The most.
        off: The most that any other column is off 0; for a share its relative error.
    """

    low: float = 1.0
    high: float = 1.0
    off: float = 0.0


class NoisyError(LimitError):
    """A margin that is not left, since columns that should be 0 are not quite.

    Attributes:
        noisy: Names of the variables that a head reads and that are not clean.
    """

    noisy: tuple[str, ...] = ()


def refused(
    part: Part, what: str, found: float, most: float, ratio: float, noisy: Iterable[str] = ()
) -> NoReturn:
    """Raises the error for a margin that an interval of scales does not leave.

    Args:
        part: What has none.
        what: What is off, for the message.
        found: By how much it may be.
        most: How much is allowed.
        ratio: How far the ends of the interval are apart.
        noisy: Names of the variables that it reads and that are not clean.

    Raises:
        NoisyError: Always.
    """
    error = NoisyError(
        f"'{part.output.label}' has no exact form in this host: {what} may be off by {found:.2g}, "
        f"and at most {most:.2g} is allowed, where the norm's scale is known to a factor of "
        f"{ratio:.3g}; place it in layers whose norm varies less (layers=...), lower max_seq_len, "
        "or measure on texts without outliers"
    )
    error.noisy = tuple(noisy)
    raise error

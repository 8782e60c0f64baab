"""How much of errors in what they read the proposed components bear."""

from __future__ import annotations

from enum import Enum


class Care(Enum):
    """What kind of components are proposed; each bears more than the one before."""

    LEAST = "the fewest neurons, which may pass on some of what a number is off by"
    EITHER = "the same, and beside what passes on some the fewest neurons of what is flat"
    WEIGHED = "the same, but where a head weighs several positions by what is written"
    STEADY = "the fewest neurons among those that are flat around each number"
    ROBUST = "what bears and makes the least errors, the standard constructions among it"

    @property
    def passes(self) -> bool:
        """Whether some components may pass on noise."""
        return self in (Care.LEAST, Care.EITHER, Care.WEIGHED)

    @property
    def is_robust(self) -> bool:
        """Whether errors count more than neurons."""
        return self is Care.ROBUST

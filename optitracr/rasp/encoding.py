"""Choosing how an s-op is held in the residual stream."""

from __future__ import annotations

from typing import TypeVar

from optitracr.rasp.expression import ENCODING_KEY, Encoding, RASPExpr, annotate, check_expression
from optitracr.rasp.sop import SOp, check_sop

SOpT = TypeVar("SOpT", bound=SOp)


def numerical(sop: SOpT) -> SOpT:
    """A copy that is held as one real number.

    Raises:
        ProgramError: If it is no s-op.
    """
    check_sop("numerical", "operand", sop)
    return annotate(sop, encoding=Encoding.NUMERICAL)


def categorical(sop: SOpT) -> SOpT:
    """A copy that is held one-hot over its values.

    Raises:
        ProgramError: If it is no s-op.
    """
    check_sop("categorical", "operand", sop)
    return annotate(sop, encoding=Encoding.CATEGORICAL)


def get_encoding(sop: RASPExpr) -> Encoding:
    """How an s-op is held.

    Raises:
        ProgramError: If it is no expression.
    """
    encoding: Encoding = check_expression(sop).annotations[ENCODING_KEY]
    return encoding


def is_numerical(sop: RASPExpr) -> bool:
    """Whether an s-op is held as one real number."""
    return get_encoding(sop) is Encoding.NUMERICAL


def is_categorical(sop: RASPExpr) -> bool:
    """Whether an s-op is held one-hot."""
    return get_encoding(sop) is Encoding.CATEGORICAL

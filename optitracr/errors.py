"""The errors of optitracr: one hierarchy, each saying what is wrong, where, and what to do."""

from __future__ import annotations


class OptitracrError(Exception):
    """Base of every error that optitracr raises on purpose.

    Attributes:
        label: The s-op that it is about, as the compiled program names it; "" where it is none.
    """

    label: str = ""


class ProgramError(OptitracrError, ValueError):
    """A RASP program that is wrong, or written in a way that means nothing."""


class UnsupportedError(ProgramError, NotImplementedError):
    """A RASP program with a meaning, but outside of what the chosen level can compile."""


class ValueSetError(ProgramError):
    """An s-op whose values cannot be listed: too many, or its function raises on one."""


class EvaluationError(OptitracrError, ValueError):
    """A RASP program that is undefined on the given input."""


class InputError(OptitracrError, ValueError):
    """An input that the model or compiler cannot take: token, length, vocabulary or option."""


class LimitError(OptitracrError, ValueError):
    """Something grew beyond a limit that protects time, memory or precision."""


class InfeasibleError(OptitracrError):
    """A proof that no transformer within the given limits computes the program."""


class VerificationError(OptitracrError, AssertionError):
    """A compiled model that disagrees with the interpreter."""


class FileError(OptitracrError, OSError):
    """A file that cannot be read, written or understood."""


class NotFoundError(OptitracrError, KeyError):
    """A name that is not known; the message lists the closest known ones."""

    def __str__(self) -> str:
        # KeyError shows the repr of its argument, which is no message for a reader.
        return str(self.args[0]) if self.args else ""


class MissingExtraError(OptitracrError, ImportError):
    """An optional package that is needed and not installed; the message names the extra."""


class CausalReadingWarning(UserWarning):
    """A program compiled to its causal reading gives something else than its full one, or may."""

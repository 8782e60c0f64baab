"""Models are run in NumPy here."""

from tests.in_numpy import in_numpy

__all__ = ["in_numpy"]

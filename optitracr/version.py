"""The version of this package, as files and pages tell it."""

__version__ = "0.1.0"

"""One hierarchy of errors, usable as the built-in ones."""

from __future__ import annotations

import inspect

import pytest

from optitracr import errors

BUILT_IN = {
    "ProgramError": ValueError,
    "UnsupportedError": NotImplementedError,
    "ValueSetError": ValueError,
    "EvaluationError": ValueError,
    "InputError": ValueError,
    "LimitError": ValueError,
    "InfeasibleError": Exception,
    "VerificationError": AssertionError,
    "FileError": OSError,
    "NotFoundError": KeyError,
    "MissingExtraError": ImportError,
}


@pytest.mark.parametrize(("name", "built_in"), BUILT_IN.items())
def test_each_is_an_optitracr_error(name: str, built_in: type[Exception]) -> None:
    kind = getattr(errors, name)
    assert issubclass(kind, errors.OptitracrError)
    assert issubclass(kind, built_in)
    assert str(kind("what, where, remedy")) == "what, where, remedy"
    assert kind.__doc__


def test_the_table_is_complete() -> None:
    found = {name for name, value in vars(errors).items() if inspect.isclass(value)}
    assert found == {*BUILT_IN, "OptitracrError", "CausalReadingWarning"}


def test_unsupported_programs_are_wrong_programs() -> None:
    assert issubclass(errors.UnsupportedError, errors.ProgramError)
    assert issubclass(errors.ValueSetError, errors.ProgramError)

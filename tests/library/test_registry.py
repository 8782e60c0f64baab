"""The registry, and the constructors beside it."""

from __future__ import annotations

import ast
import inspect

import pytest

from optitracr import library, rasp
from optitracr.errors import NotFoundError

TRACR_CONSTRUCTORS = {
    "make_length": "()",
    "make_reverse": "(sop)",
    "make_pair_balance": "(sop, open_token, close_token)",
    "make_shuffle_dyck": "(pairs)",
    "make_shuffle_dyck2": "()",
    "make_hist": "()",
    "make_sort_unique": "(vals, keys)",
    "make_sort": "(vals, keys, *, max_seq_len, min_key)",
    "make_sort_freq": "(max_seq_len)",
    "make_frac_prevs": "(bools)",
    "shift_by": "(offset, /, sop)",
    "detect_pattern": "(sop, pattern)",
    "make_count_less_freq": "(n)",
    "make_count": "(sop, token)",
    "make_nary_sequencemap": "(f, *sops)",
}


@pytest.mark.parametrize(("name", "signature"), TRACR_CONSTRUCTORS.items())
def test_constructors_take_what_tracr_s_take(name: str, signature: str) -> None:
    parameters = inspect.signature(getattr(library, name)).parameters.values()
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in parameters]
    assert str(inspect.Signature(bare)) == signature


def test_length_is_there_as_an_s_op() -> None:
    assert library.length("abc") == [3, 3, 3]


def test_size_of_the_library() -> None:
    programs = library.programs()
    assert len(programs) == len(library.names()) == len(set(library.names())) >= 48
    assert [library.get(program.name) for program in programs] == list(programs)


@pytest.mark.parametrize("program", library.programs(), ids=library.names())
def test_entries(program: library.Program) -> None:
    assert isinstance(program.make(), rasp.SOp)
    assert program.make() is not program.make()
    assert program.description
    assert program.source
    assert len(set(program.vocab)) == len(program.vocab)
    call = ast.parse(program.arguments, mode="eval").body
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Name)
    assert callable(getattr(library, call.func.id))


@pytest.mark.parametrize("program", library.programs(), ids=library.names())
def test_the_call_shown_builds_the_program(program: library.Program) -> None:
    names = {**vars(rasp), **vars(library)}
    shown = eval(program.arguments, names)
    xs = list(program.vocab)[: program.max_seq_len]
    assert shown(xs) == program.make()(xs)
    assert shown.label == program.make().label


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("shuffle_dyck", "shuffle_dyck1"),
        ("hist2", "double_hist"),
        ("make_reverse", "reverse"),
        ("shift_by", "shift_by"),
    ],
)
def test_other_names(asked: str, name: str) -> None:
    assert library.get(asked).name == name


def test_unknown_names() -> None:
    with pytest.raises(NotFoundError, match="did you mean reverse") as caught:
        library.get("revers")
    assert "optitracr list" in str(caught.value)
    with pytest.raises(KeyError):
        library.get("zzzzzzzz")

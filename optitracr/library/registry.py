"""Every program of the library, by name."""

from __future__ import annotations

from difflib import get_close_matches
from itertools import chain

from optitracr import arguments
from optitracr.errors import NotFoundError
from optitracr.library import arithmetic, brackets, copying, counting, patterns, sorting, text
from optitracr.library.program import Program

_MODULES = (counting, sorting, brackets, copying, arithmetic, patterns, text)
_PROGRAMS: dict[str, Program] = {
    program.name: program for program in chain.from_iterable(m.PROGRAMS for m in _MODULES)
}
_ALIASES = {"shuffle_dyck": "shuffle_dyck1", "hist2": "double_hist"}


def names() -> tuple[str, ...]:
    """The names of all programs, grouped by what they are about."""
    return tuple(_PROGRAMS)


def programs() -> tuple[Program, ...]:
    """All programs, grouped by what they are about."""
    return tuple(_PROGRAMS.values())


def get(name: str) -> Program:
    """The program of a name, which is that of its constructor without `make_`.

    Raises:
        NotFoundError: If there is none; the message lists close names.
    """
    name = arguments.text("the program's name", name, NotFoundError)
    key = name.removeprefix("make_")
    key = _ALIASES.get(key, key)
    if key in _PROGRAMS:
        return _PROGRAMS[key]
    close = get_close_matches(key, [*_PROGRAMS, *_ALIASES], n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(close)}? " if close else ""
    raise NotFoundError(
        f"the library has no program {arguments.shown(name)}; {hint}`optitracr list` shows all "
        "of them, and a program of your own is named as file.py:name"
    )

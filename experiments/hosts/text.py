"""Text that ships with Python, as characters: what the small language models are trained on.

It is the help on topics of the language (`pydoc_data.topics`). Every fifth topic is held out, and
so is the source of a module.
"""

from __future__ import annotations

import argparse
import inspect
from pydoc_data.topics import topics

import torch

BOS = 0
"""The token at position 0."""

CHARACTERS = "\n" + "".join(map(chr, range(32, 127)))
"""What is read, one token each; anything else is a question mark."""

VOCABULARY = 1 + len(CHARACTERS)
"""BOS and the characters."""

HELD_OUT = 5
"""One topic of so many is held out, so that most is left to train on."""

_IDS = {character: 1 + place for place, character in enumerate(CHARACTERS)}


def encoded(text: str) -> list[int]:
    """The token of each character."""
    return [_IDS.get(character, _IDS["?"]) for character in text]


def shown(ids: list[int]) -> str:
    """The text of some tokens, without BOS."""
    return "".join(CHARACTERS[token - 1] for token in ids if token != BOS)


def symbols(characters: str) -> dict[int, str]:
    """The token id of each of some characters, with the character as its symbol."""
    return {_IDS[character]: character for character in characters}


def stream(held_out: bool) -> torch.Tensor:
    """The tokens of the topics to train on, or of text that is held out, one after another.

    What is held out is every fifth topic, and the source of a module, which reads otherwise.
    """
    names = sorted(topics)
    chosen = [name for place, name in enumerate(names) if (place % HELD_OUT == 0) == held_out]
    texts = [topics[name] for name in chosen]
    return torch.tensor(
        encoded("".join([*texts, inspect.getsource(argparse)] if held_out else texts))
    )


def rows(held_out: bool, length: int) -> torch.Tensor:
    """The same cut into rows, each behind BOS, [rows, 1 + length]."""
    found = stream(held_out)
    cut = found[: len(found) // length * length].reshape(-1, length)
    return torch.cat([torch.full((len(cut), 1), BOS), cut], dim=1)

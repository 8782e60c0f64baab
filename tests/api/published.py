"""A form of a published transformer, for what is called of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from optitracr import compile_rasp_to_model, rasp
from optitracr.stock.model import PublishedModel


def form(codes: Any) -> tuple[Any, dict[str, Any]]:
    """The form of a small model, and right arguments of its methods.

    Args:
        codes: Integers of tokens, [batch, seq].
    """
    model = compile_rasp_to_model(
        rasp.tokens == "a", {"a", "b"}, 3, optimize=0, architecture="gpt2", check=False
    )
    made = model.stock()
    return made, {"tokens": codes, "stream": np.zeros((1, made.sizes.width))}


def owners(thing: Any, name: str) -> Iterator[str]:
    """The classes by which a method goes: the thing's own, and that of published models.

    Of what every object has there are none: nnsight gives them a method, once it is loaded.
    """
    if getattr(type(thing), name) is getattr(object, name, None):
        return
    yield type(thing).__qualname__
    if isinstance(thing, PublishedModel) and name in vars(PublishedModel):
        yield PublishedModel.__qualname__

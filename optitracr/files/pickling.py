"""Models in pickles, and so on their way to other processes: what a saved folder holds, as bytes.

A function of the program goes as its table, as it does into a file. What the pickle itself says
is executed by whoever unpickles it, as with every pickle: that holds for Python's `pickle`
whatever it carries, so unpickle only what you trust. `load` executes nothing.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

from optitracr.errors import InputError
from optitracr.files.saving import MANIFEST, WEIGHTS, decode, encode
from optitracr.model.config import relu
from optitracr.model.transformer import Transformer

PLACE = Path("the pickle")
"""Where messages say that the bytes come from."""


def contents(model: Transformer) -> tuple[bytes, bytes, Callable[[Any], Any] | None]:
    """What a pickle holds of a model: its two files, and an activation function that was set.

    Raises:
        FileError: If a value of the program is of a type that a file cannot hold.
        InputError: If the model's sizes were edited, or its activation function is one that
            cannot be pickled, such as a lambda.
    """
    config, activation = model.model_config, None
    if not config.is_relu:
        # A file holds models with ReLU; another function goes beside it, by its name.
        activation = config.activation_function
        _check_activation(activation)
        model = copy(model)
        model.model_config = replace(config, activation_function=relu)
    files = encode(model, PLACE)
    return files[MANIFEST], files[WEIGHTS], activation


def _check_activation(activation: Callable[[Any], Any]) -> None:
    try:
        pickle.dumps(activation)
    except Exception as error:
        raise InputError(
            f"the activation function {activation!r} cannot be pickled ({error}); give a function "
            "of a module, such as jax.nn.gelu"
        ) from error


def restored(
    manifest: bytes, weights: bytes, activation: Callable[[Any], Any] | None
) -> Transformer:
    """The model of a pickle.

    Raises:
        FileError: If the bytes were changed.
    """
    model = decode(PLACE, manifest, lambda limit: weights)
    if activation is not None:
        model.model_config.activation_function = activation
    return model

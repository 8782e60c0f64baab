"""Copies of a model, and what of a model may be set anew."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from optitracr import arguments
from optitracr.errors import InputError
from optitracr.model.config import ModelConfig
from optitracr.model.current import check_params, unembedding

if TYPE_CHECKING:
    from optitracr.compiled import CompiledModel

EDITABLE = ("params", "unembed", "model_config")
"""Attributes that may be set anew; what says how a model was compiled stays as it is."""


def checked_edit(model: CompiledModel, name: str, value: Any) -> Any:
    """What an attribute of a model is set to.

    Raises:
        InputError: If it does not fit the model.
        AttributeError: If the attribute cannot be set.
    """
    if name not in EDITABLE:
        raise AttributeError(
            f"{name} says what was compiled and cannot be set; {', '.join(EDITABLE)} can"
        )
    if name == "model_config":
        wanted = "an optitracr.model.config.ModelConfig"
        return arguments.instance(name, value, ModelConfig, wanted)
    if name == "params":
        check_params(model, value)
        return value
    before, found = unembedding(model), np.asarray(value)
    if found.shape != before.shape:
        raise InputError(f"unembed has shape {found.shape}; for this model it has {before.shape}")
    return value


def copied(model: CompiledModel, deep: bool) -> CompiledModel:
    """A copy of a model, edits included.

    Args:
        model: The model.
        deep: Whether its weights, configuration and labels are copied as well. The rest never
            changes, and is shared either way.
    """
    duplicate = object.__new__(type(model))
    state = {name: value for name, value in vars(model).items() if name != "_circuit"}
    if deep:
        for name in (*EDITABLE, "residual_labels"):
            state[name] = copy.deepcopy(state[name])
    vars(duplicate).update(state)
    return duplicate

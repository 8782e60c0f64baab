"""Conditions on worlds: what questions ask for, as constraints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optitracr.graph.program import Selector
from optitracr.graph.reach.world import World


def require(world: World, literal: Any) -> None:
    """A literal holds; nothing is asked where it is not known."""
    if literal is not None:
        world.model.add_bool_and([literal])


def one_of(world: World, label: str, position: int, codes: Sequence[int]) -> Any:
    """The value of a variable at a position, which is one of some; None if it is not known."""
    from ortools.sat.python import cp_model

    code = world.code(label, position)
    if code is not None:
        world.model.add_linear_expression_in_domain(code, cp_model.Domain.from_values(codes))
    return code


def chosen_position(world: World) -> list[Any]:
    """A position of a whole world, one literal for each."""
    literals = [world.model.new_bool_var("") for _ in world.positions]
    world.model.add_exactly_one(literals)
    return literals


def value_at(world: World, label: str, at: list[Any], codes: Sequence[int]) -> Any:
    """The value of a variable at a chosen position, which is one of some."""
    from ortools.sat.python import cp_model

    value = world.model.new_int_var_from_domain(cp_model.Domain.from_values(codes), "")
    for position, literal in enumerate(at):
        code = world.code(label, position)
        if code is not None:
            world.model.add(value == code).only_enforce_if(literal)
    return value


def selects_at(world: World, selector: Selector, key: list[Any], query: list[Any]) -> None:
    """A chosen query selects a chosen key."""
    for q, asked in enumerate(query):
        for k, held in enumerate(key):
            literal = world.selections.selected(selector, k, q)
            if literal is not None:
                world.model.add_bool_or([~asked, ~held, literal])

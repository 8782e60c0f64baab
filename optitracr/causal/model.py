"""The causal model of a program on inputs of one length: each variable at each position."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from optitracr import arguments, rasp
from optitracr.causal.mechanisms import mechanism
from optitracr.errors import InputError, NotFoundError
from optitracr.graph.program import Aggregate, Best, Elementwise, Input, Node, Width
from optitracr.graph.program import operation_reads as reads_of
from optitracr.memory import check_memory
from optitracr.model.transformer import Transformer
from optitracr.rasp.expression import postorder

PARENT_BYTES = 100
"""What one parent of a variable takes: its name, and its place in two tuples."""


def variable_name(label: str, position: int) -> str:
    """The name of a variable at a position, from 0."""
    return f"{label}[{position}]"


@dataclass(frozen=True, eq=False)
class CausalModel:
    """What each variable of a program is at each position, and what it is computed from.

    Its four attributes are those of a `CausalModel` of CausalAbstraction (Geiger et al. 2024).

    Attributes:
        variables: The names, `label[position]`, parents before their children.
        values: For each variable what it can be; empty where that is not listed, as for means.
        parents: For each variable the names of those that it is computed from.
        mechanisms: For each variable the function of its parents' values; that of a token takes
            nothing and draws one.
        length: Number of positions, BOS not counted.
        label: Label of the program's output.
    """

    variables: tuple[str, ...]
    values: Mapping[str, tuple[Any, ...]] = field(repr=False)
    parents: Mapping[str, tuple[str, ...]] = field(repr=False)
    mechanisms: Mapping[str, Callable[..., Any]] = field(repr=False)
    length: int
    label: str
    _tokens: tuple[str, ...] = field(repr=False)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the tokens, by position; empty if the program reads none."""
        return self._tokens

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the output, by position."""
        return tuple(variable_name(self.label, place) for place in range(self.length))

    def run(self, tokens: Sequence[Any], given: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The value of every variable on an input.

        Args:
            tokens: The tokens, without BOS.
            given: Values that variables are set to, whatever their parents are.

        Raises:
            InputError: If there are more or fewer tokens than positions.
            NotFoundError: If a variable that is set is none.
            EvaluationError: If the program is undefined there.
        """
        tokens = arguments.sequence("tokens", tokens)
        if len(tokens) != self.length:
            raise InputError(
                f"tokens holds {len(tokens)} tokens, and this causal model is of {self.length} "
                "positions; give as many, without BOS, or ask for a model of another length"
            )
        chosen = self._given({} if given is None else given)
        known = dict(zip(self._tokens, tokens, strict=False))
        known.update((name, chosen[name]) for name in self._tokens if name in chosen)
        for name in self.variables:
            if name not in known:
                known[name] = (
                    chosen[name]
                    if name in chosen
                    else self.mechanisms[name](*(known[parent] for parent in self.parents[name]))
                )
        return {name: known[name] for name in self.variables}

    def _given(self, given: object) -> Mapping[str, Any]:
        found: Mapping[str, Any] = arguments.instance(
            "given", given, Mapping, "values by the names of variables"
        )
        for name in found:
            self._check(name)
        return found

    def _check(self, name: object) -> None:
        if not isinstance(name, str) or name not in self.mechanisms:
            raise NotFoundError(
                f"the causal model has no variable {arguments.shown(name)}; variables lists them, "
                f"such as {self.outputs[0]!r}"
            )

    def interchange(
        self, tokens: Sequence[Any], sources: Mapping[str, Sequence[Any]]
    ) -> dict[str, Any]:
        """The value of every variable where some take those that they have on other inputs.

        Args:
            tokens: The tokens, without BOS.
            sources: For each variable that is set the input whose value it takes.

        Raises:
            InputError: If an input has another length.
            NotFoundError: If a variable is none.
            EvaluationError: If the program is undefined there.
        """
        wanted = "inputs by the names of variables"
        found = dict(arguments.instance("sources", sources, Mapping, wanted))
        for name in found:
            self._check(name)
        return self.run(tokens, {name: self.run(xs)[name] for name, xs in found.items()})

    def to_causal_abstraction(self) -> dict[str, Any]:
        """The arguments of CausalAbstraction's `CausalModel`: fresh lists and dictionaries."""
        return {
            "variables": list(self.variables),
            "values": {name: list(found) for name, found in self.values.items()},
            "parents": {name: list(found) for name, found in self.parents.items()},
            "mechanisms": dict(self.mechanisms),
        }

    def to_pyvene(self) -> dict[str, Any]:
        """The arguments of pyvene's `CausalModel`, which calls mechanisms functions."""
        found = self.to_causal_abstraction()
        found["functions"] = found.pop("mechanisms")
        return found


def causal_model_of(model: Transformer, length: int | None = None) -> CausalModel:
    """The causal model of the program that a model computes.

    Args:
        model: The model.
        length: Number of positions, BOS not counted; the longest by default.

    Raises:
        NotFoundError: If the model was read from a file that holds no program.
        InputError: If the program has no input of that length.
        LimitError: If so many parents do not fit in memory.
    """
    setting = model.setting
    longest = setting.max_seq_len
    length = arguments.integer("length", longest if length is None else length, 1, longest)
    program = model.program
    _check_defined(program.program, length)
    graph = program.graph
    _check_memory(graph.nodes, length)
    none = _with_none(graph.nodes, program.calls.results)
    variables: list[str] = []
    values: dict[str, tuple[Any, ...]] = {}
    parents: dict[str, tuple[str, ...]] = {}
    mechanisms: dict[str, Callable[..., Any]] = {}
    tokens: list[str] = []
    for node in graph.nodes:
        listed = tuple(program.values.get(node.label, ()))
        if listed and none[node.label]:
            listed = (*listed, None)
        for place in range(length):
            name = variable_name(node.label, place)
            variables.append(name)
            made = mechanism(node, place, length, setting.causal)
            mechanisms[name] = made
            parents[name] = tuple(variable_name(*parent) for parent in made.parents)
            values[name] = (place,) if node.is_index else listed
            if node.is_token:
                values[name] = setting.vocabulary
                mechanisms[name] = partial(random.choice, setting.vocabulary)
                tokens.append(name)
    return CausalModel(
        tuple(variables), values, parents, mechanisms, length, graph.output, tuple(tokens)
    )


def _check_memory(nodes: Sequence[Node], length: int) -> None:
    reads = sum(
        len(set(reads_of(node.operation)))
        * (length if isinstance(node.operation, Aggregate | Best | Width) else 1)
        for node in nodes
    )
    check_memory(
        f"the causal model of {len(nodes):,} variables at {length:,} positions",
        PARENT_BYTES * reads * length,
        "ask for a shorter length",
    )


def _check_defined(program: rasp.SOp, length: int) -> None:
    """Checks that constants of the program are for inputs of a length.

    Raises:
        InputError: If one is for another.
    """
    for part in postorder(program):
        if not isinstance(part, rasp.ConstantSOp | rasp.ConstantSelector):
            continue
        if part.check_length and len(part.value) != length:
            raise InputError(
                f"'{part.label}' is for inputs of length {len(part.value)}, and the program is "
                f"undefined at length {length}; ask for that length"
            )


def _with_none(nodes: Sequence[Node], results: Mapping[str, tuple[Any, Any]]) -> dict[str, bool]:
    """Of each variable whether it may be None, as far as its tables tell."""
    found: dict[str, bool] = {}
    for node in nodes:
        match node.operation:
            case Input() | Width():
                found[node.label] = False
            case Aggregate(operand=operand, default=default):
                found[node.label] = default is None or found[operand]
            case Elementwise(operands=operands):
                table = results.get(node.label)
                gives = table is None or bool(((table[0] < 0) & table[1]).any())
                found[node.label] = gives or any(found[operand] for operand in operands)
            case _:
                found[node.label] = True
    return found

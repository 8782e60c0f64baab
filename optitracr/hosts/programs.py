"""From a program to tables over what a host's stream may hold.

Tokens of the host that have no symbol are None: one more token of the vocabulary stands for all of
them, and what the program calls tokens is a function of that.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from optitracr import rasp
from optitracr.candidates.rewriting import are_conjunctions, as_conjunctions
from optitracr.graph.build import build_graph
from optitracr.graph.program import Function, Input, Node, ProgramGraph, Source
from optitracr.graph.rewrites.constants import FoldConstants
from optitracr.graph.rewrites.disjunctions import SplitDisjunctions
from optitracr.graph.rewrites.encodings import ConvertEncodings
from optitracr.graph.rewrites.joining import JoinSelectors
from optitracr.graph.rewrites.passes import Pass, run_passes
from optitracr.graph.rewrites.ratios import CountMeans
from optitracr.graph.tabled import Names, TabledProgram
from optitracr.graph.tabling import tabled_program
from optitracr.setting import Setting, check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD

Value = Any

MAX_COMBINATIONS = 4096
"""Combinations of what a table reads beyond which it reads tables that are written before: two
neurons each are as many as a small host has."""

REWRITES: tuple[Pass, ...] = (
    CountMeans(MAX_COMBINATIONS),
    ConvertEncodings(),
    SplitDisjunctions(),
    JoinSelectors(keep=are_conjunctions, conditions=as_conjunctions),
    FoldConstants(),
)
"""What is done to a program before it is lowered for a host."""


@dataclass(frozen=True, slots=True)
class WithoutSymbol:
    """The symbol of a token; None of the one that stands for all others."""

    other: Value

    def __call__(self, token: Value) -> Value:
        """The symbol, or None."""
        return None if token == self.other else token


def for_host(
    program: rasp.SOp, symbols: Collection[Value], positions: int
) -> tuple[TabledProgram, Setting]:
    """The causal reading of a program, with a token that has no symbol.

    Args:
        program: The program.
        symbols: What tokens may stand for.
        positions: Longest input, BOS not counted.

    Returns:
        The program, tabled, and the setting, whose vocabulary holds one token more: the one that
        `other_of` gives.

    Raises:
        OptitracrError: For bad symbols, and programs that cannot be tabled.
    """
    known = check_setting(symbols, positions, COMPILER_BOS, COMPILER_PAD, True).vocabulary
    other = other_of(known)
    setting = check_setting((*known, other), positions, COMPILER_BOS, COMPILER_PAD, True)
    graph = _with_symbols(build_graph(program), WithoutSymbol(other))
    tabled = tabled_program(graph, setting.inputs, joint=True)
    return run_passes(tabled, REWRITES, setting.inputs), setting


def other_of(symbols: Collection[Value]) -> Value:
    """A token of the same type that is none of some symbols."""
    first = next(iter(symbols))
    if isinstance(first, str):
        return max(map(str, symbols), key=len) + "_"
    if isinstance(first, tuple):
        return (*max(symbols, key=len), *first)
    return max(symbols) + 1


def _with_symbols(graph: ProgramGraph, symbol: WithoutSymbol) -> ProgramGraph:
    """The program with tokens as a function of what is embedded."""
    tokens = next((node for node in graph.nodes if node.is_token), None)
    if tokens is None:
        return graph
    names = Names({*graph.by_label(), *dict(graph.expressions)})
    raw = replace(tokens, label=names.fresh(f"{tokens.label}.embedded"))
    own = Node(tokens.label, Function((raw.label,), call=symbol), tokens.encoding)
    nodes: list[Node] = []
    for node in graph.nodes:
        nodes += (raw, own) if node is tokens else (node,)
    assert raw.operation == Input(Source.TOKENS)
    expressions = tuple((label, sop) for label, sop in graph.expressions if label != tokens.label)
    return ProgramGraph(tuple(nodes), graph.output, expressions)

"""The compiler: from a RASP program to a checked transformer, one call a stage."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from optitracr import arguments, rasp
from optitracr.allocation.allocate import (
    DEFAULT_OBJECTIVE,
    Search,
    allocate,
    parse_limits,
    parse_objective,
    parse_on_interrupt,
)
from optitracr.allocation.carry import carried_plan
from optitracr.allocation.problem import build_problem
from optitracr.assembly.plan import assemble_plan
from optitracr.candidates.component import Components
from optitracr.candidates.explain import candidate_savings, standard_savings, with_added
from optitracr.candidates.families import Family, families_without
from optitracr.candidates.realise import realise
from optitracr.candidates.savings import Savings
from optitracr.candidates.space import candidate_space, space_problem
from optitracr.candidates.standard import standard_components
from optitracr.candidates.support import check_supported
from optitracr.candidates.table_sizes import check_tables
from optitracr.checking.readings import warn_of_causal_reading
from optitracr.checking.verification import check_model
from optitracr.graph.averages import expand_averages
from optitracr.graph.build import build_graph
from optitracr.graph.conversions import convert_encodings
from optitracr.graph.marks import has_marks
from optitracr.graph.numbers import check_precision
from optitracr.graph.program import ProgramGraph
from optitracr.graph.reach.facts import Inputs
from optitracr.graph.values import ValueSet
from optitracr.levels import DEFAULT_LEVEL, LEVELS, check_level
from optitracr.memory import within_memory
from optitracr.model.build import build_model
from optitracr.model.compiled import CompiledModel
from optitracr.model.reference import Reference
from optitracr.model.size import check_weights
from optitracr.options import CompileOptions
from optitracr.setting import Setting, check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from solvers import Allocation, Limits, Problem

LARGEST_SEED = 2**63 - 1
"""What fits in 64 bits, as files and other programs hold numbers."""


@within_memory
def compile_rasp_to_model(
    program: rasp.SOp,
    vocab: Collection[Any],
    max_seq_len: int,
    causal: bool = False,
    compiler_bos: str = COMPILER_BOS,
    compiler_pad: str = COMPILER_PAD,
    mlp_exactness: int = 100,
    *,
    optimize: int = DEFAULT_LEVEL,
    objective: str | tuple[str, ...] = DEFAULT_OBJECTIVE,
    limits: Limits | dict[str, int] | None = None,
    time_limit: float | None = None,
    seed: int = 0,
    parallel: bool = False,
    check: bool = True,
    without: Collection[str] | str = (),
    on_interrupt: str = "raise",
) -> CompiledModel:
    """Compiles a RASP program to a transformer that computes it.

    Args:
        program: The s-op to compute. Its functions have to be pure: what they give depends on
            their arguments alone. Inputs on which they raise are undefined.
        vocab: The tokens.
        max_seq_len: Longest input, BOS not counted.
        causal: Compile the causal reading, in which a query sees no later key.
        compiler_bos: The BOS token.
        compiler_pad: The PAD token.
        mlp_exactness: Taken for compatibility with Tracr and not used: slopes are
            computed from the margins of each threshold.
        optimize: Level: 0 is Tracr's lowering and allocation, 1 the optimal allocation of
            the same components, 2 components and allocation chosen together.
        objective: What to minimise in order: depth, width, neurons, heads, head_size,
            parameters.
        limits: Hard limits on layers, width, heads, head_size, neurons.
        time_limit: Deterministic seconds for the solver; 0 keeps the heuristic's allocation.
            By default 60, less for programs too large for a proof.
        seed: Of the solver and of the inputs of the check.
        parallel: Let the solver use all cores; the result is then not reproducible.
        check: Compare the model with the interpreter before it is handed over.
        without: Families of level-2 candidates to leave out (see
            `optitracr.candidates.families.Family`): to see what each is worth.
        on_interrupt: What Ctrl-C does while the solver searches: "raise" KeyboardInterrupt, or
            "keep" the best plan so far; `allocation.message` then says so, and its status
            what is proven. At any other time, and where there is no plan yet, it is raised.

    Raises:
        KeyboardInterrupt: If the user stopped it; the signal handlers are as they were.
        CausalReadingWarning: As a warning, if the causal reading gives something else than
            the full one.
        OptitracrError: One of its kinds, for bad input, unsupported programs, limits that
            nothing fits, and a model that fails its check.
    """
    arguments.number("mlp_exactness", mlp_exactness)
    optimize = check_level(optimize)
    search = _search(objective, time_limit, seed, parallel, on_interrupt)
    check = arguments.boolean("check", check)
    setting = check_setting(vocab, max_seq_len, compiler_bos, compiler_pad, causal)
    written = build_graph(program)
    graph, values = prepare(written, setting, optimize < 2)
    bounds = parse_limits(limits)
    families = families_without(without)
    placed = (
        _place_candidates(graph, values, setting, families, bounds, search)
        if optimize == 2
        else _place_standard(graph, values, setting, optimize, bounds, search)
    )
    components, problem, allocation, saved = placed
    savings = with_added(saved, graph)
    _check_memory(components, allocation, setting)
    assembly = assemble_plan(components, problem, allocation, setting, standard=optimize == 0)
    listed = () if has_marks(graph) else written.nodes
    known = {node.label: values[node.label].values for node in listed}
    reference = Reference(program, written, {}, known)
    options = CompileOptions(
        optimize=optimize,
        objective=search.objective,
        limits=bounds,
        time_limit=search.time_limit,
        seed=search.seed,
        parallel=search.parallel,
        check=check,
        without=tuple(family.value for family in Family if family not in families),
        causal=setting.causal,
    )
    model = build_model(optimize, reference, graph, assembly, setting, savings, options)
    if check:
        check_model(model, search.seed)
        if setting.causal:
            warn_of_causal_reading(written, setting, search.seed)
    return model


@within_memory
def allocation_problem(
    program: rasp.SOp,
    vocab: Collection[Any],
    max_seq_len: int,
    causal: bool = False,
    *,
    optimize: int = DEFAULT_LEVEL,
    limits: Limits | dict[str, int] | None = None,
    without: Collection[str] | str = (),
) -> Problem:
    """The allocation problem of a program, for solvers of one's own.

    Args:
        program: The s-op to compute.
        vocab: The tokens.
        max_seq_len: Longest input, BOS not counted.
        causal: The causal reading.
        optimize: Level 1 or 2.
        limits: Hard limits.
        without: Families of level-2 candidates to leave out.

    Raises:
        OptitracrError: For bad input and unsupported programs.
    """
    optimize = check_level(optimize, LEVELS[1:])
    setting = check_setting(vocab, max_seq_len, COMPILER_BOS, COMPILER_PAD, causal)
    written = build_graph(program)
    graph, values = prepare(written, setting, optimize < 2)
    bounds = parse_limits(limits)
    if optimize == 2:
        check_supported(graph, values, standard=False)
        space = candidate_space(graph, values, setting, families_without(without))
        return space_problem(space, bounds)
    check_tables(graph, values)
    components = standard_components(graph, values, setting, shared=True)
    return build_problem(graph.output, components, setting, bounds)


def prepare(
    written: ProgramGraph, setting: Setting, standard: bool
) -> tuple[ProgramGraph, dict[str, ValueSet]]:
    """The program with every encoding that its operations need, and its value sets.

    Args:
        written: The program as the user wrote it.
        setting: Vocabulary and length.
        standard: Whether for the standard lowering (levels 0 and 1).

    Raises:
        ValueSetError: If a value set explodes or a function raises.
        UnsupportedError: If a number has too many values to be read as classes, or a mean
            cannot be held as a number.
        LimitError: If float32 does not carry a number.
    """
    inputs = Inputs(setting.vocabulary, setting.max_seq_len, setting.causal)
    graph, sets = expand_averages(written, inputs)
    graph, sets = convert_encodings(graph, sets, standard)
    check_precision(graph, sets, setting.max_seq_len)
    return graph, sets


def _search(
    objective: str | tuple[str, ...],
    time_limit: float | None,
    seed: int,
    parallel: bool,
    on_interrupt: str,
) -> Search:
    """How to search for an allocation, checked.

    Raises:
        InputError: If one of them is of the wrong type, or out of range.
    """
    seconds = None if time_limit is None else arguments.number("time_limit", time_limit, least=0)
    return Search(
        parse_objective(objective),
        seconds,
        arguments.integer("seed", seed, least=0, most=LARGEST_SEED),
        arguments.boolean("parallel", parallel),
        parse_on_interrupt(on_interrupt),
    )


def _check_memory(components: Components, allocation: Allocation, setting: Setting) -> None:
    """Checks that the weights fit in memory, before they are made.

    Raises:
        LimitError: If they do not.
    """
    plan = allocation.plan
    assert plan is not None, "an allocation without a plan is an error before assembly"
    rows = len(setting.vocabulary) + 2 + setting.max_seq_len + 1
    outputs = components.output.unembedding.shape[1]
    inner = plan.heads * plan.head_size
    check_weights(rows, outputs, plan.layers, plan.width, inner, plan.neurons)


Placed = tuple[Components, Problem, Allocation, Savings]
"""Components, the problem of placing them, where they are placed, and what that saves."""


def _place_standard(
    graph: ProgramGraph,
    values: Mapping[str, ValueSet],
    setting: Setting,
    level: int,
    limits: Limits,
    search: Search,
) -> Placed:
    """Levels 0 and 1: the standard components, then their allocation."""
    check_tables(graph, values)
    components = standard_components(graph, values, setting, shared=level == 1)
    problem = build_problem(graph.output, components, setting, limits, standard=level == 0)
    allocation = allocate(problem, level, search)
    return components, problem, allocation, standard_savings(components, allocation)


def _place_candidates(
    graph: ProgramGraph,
    values: Mapping[str, ValueSet],
    setting: Setting,
    families: frozenset[Family],
    limits: Limits,
    search: Search,
) -> Placed:
    """Level 2: all candidates, the solver's choice among them, then their weights."""
    check_supported(graph, values, standard=False)
    space = candidate_space(graph, values, setting, families)
    carried = carried_plan(
        (space, lambda: candidate_space(graph, values, setting, families, robust=True)),
        lambda tried: space_problem(tried, limits),
        lambda problem: allocate(problem, 2, search),
    )
    space, problem, allocation = carried
    savings = candidate_savings(space, graph, allocation)
    return realise(space, allocation), problem, allocation, savings

"""The compiler, stage by stage: each result is a value that can be had, timed and watched.

compilation = Compilation(program, setting, check_options(optimize=2))
compilation.problem, compilation.placed.allocation, compilation.model
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, partial
from typing import ParamSpec, TypeVar

from optitracr import rasp
from optitracr.architectures.carrying import wary_carrier_of
from optitracr.architectures.classes import stock_class
from optitracr.architectures.stream import stock_of, tells_positions_late
from optitracr.assembly.build import build_model
from optitracr.assembly.plan import Arrangement, Assembly, Least, arrange, write_weights
from optitracr.candidates.account import with_added
from optitracr.candidates.carrier import PLAIN
from optitracr.candidates.families import (
    OF_EXACT_NEURONS,
    SPOILED_BY_NORMS,
    Family,
    families_without,
)
from optitracr.catalogues import Placed, Proposal
from optitracr.checking.proof.prove import proven_inside
from optitracr.checking.proving import known_before_use
from optitracr.checking.readings import refuse_other_reading, warn_of_causal_reading
from optitracr.compiled import CompiledModel, with_verbs
from optitracr.errors import LimitError, OptitracrError, VerificationError
from optitracr.graph.build import build_graph
from optitracr.graph.numbers import BeyondFloatError
from optitracr.graph.program import ProgramGraph
from optitracr.graph.rewrites.marks import has_marks
from optitracr.graph.rewrites.passes import Pass, Rewritten, run_passes
from optitracr.graph.tabled import TabledProgram
from optitracr.graph.tabling import tabled_program
from optitracr.graph.values import ExplodedError
from optitracr.levels import ALLOCATED_LEVELS
from optitracr.model.known import remember
from optitracr.model.proof import Proof
from optitracr.model.reference import Reference, calls_of
from optitracr.model.shape import shape_in
from optitracr.options import Check, CompileOptions, is_shallow, search_of
from optitracr.recipes import RECIPES, Recipe
from optitracr.setting import Setting
from optitracr.stock.proving import known_as_stock
from solvers import Allocation, OnInterrupt, Plan, Problem

P = ParamSpec("P")
T = TypeVar("T")


class Stage(StrEnum):
    """The stages, in order."""

    GRAPH = "graph"
    VALUES = "value sets"
    ENCODINGS = "encodings"
    REWRITES = "rewrites"
    CANDIDATES = "candidates"
    PROBLEM = "problem"
    ALLOCATION = "allocation"
    PLAN = "plan"
    WEIGHTS = "weights"
    MODEL = "model"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Made:
    """What one stage made.

    Attributes:
        stage: The stage.
        seconds: How long it took, without the stages before it.
        value: What it returned: the attribute of `Compilation` of that stage.
    """

    stage: Stage
    seconds: float
    value: object


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A program, and what was done to it last.

    Attributes:
        program: The program.
        done: Each pass, in order.
    """

    program: TabledProgram
    done: tuple[Rewritten, ...]


Watch = Callable[[Made], None]


def _unwatched(made: Made) -> None:
    """What happens to stages that nobody watches."""


class Compilation:
    """One compilation. Each stage runs when its result is first asked for, after those before it.

    Attributes:
        source: The s-op to compile.
        setting: Vocabulary and length.
        options: The options, as `check_options` understood them.
        recipe: What the level is made of.
    """

    def __init__(
        self,
        source: rasp.SOp,
        setting: Setting,
        options: CompileOptions,
        *,
        on_interrupt: OnInterrupt = "raise",
        watch: Watch = _unwatched,
        recipe: Recipe | None = None,
        advises: bool = True,
        whole: bool = False,
        careful: bool = False,
    ) -> None:
        """Nothing is compiled yet.

        Args:
            source: The s-op to compile.
            setting: Vocabulary and length.
            options: The options.
            on_interrupt: What Ctrl-C does while the solver searches: "raise" or "keep".
            watch: Called with what each stage made, as soon as it is made.
            recipe: What the level is made of, if it is not what `optitracr.recipes` says.
            advises: Whether what helps is tried where a limit is met.
            whole: Whether all components are proposed, those too that no model has which is the
                best by the options.
            careful: Whether components are left out that are estimated to be spoiled, by norms and
                other activations than ReLU or by what erasing leaves; most are right all the same,
                and smaller.
        """
        self.source, self.setting, self.options = source, setting, options
        self.recipe = recipe or RECIPES[options.optimize]
        self._families = families_without(options.without)
        if stock_class(options.architecture) is not None:
            self._families -= SPOILED_BY_NORMS | OF_EXACT_NEURONS
        made_of = options.architecture
        solved = self.recipe.level in ALLOCATED_LEVELS
        stock = stock_of(made_of, setting.token_rows, setting.position_rows)
        self._stream = stock, solved and tells_positions_late(made_of)
        self._search = search_of(options, on_interrupt)
        self._watch, self._advises, self._whole = watch, advises, whole
        self._shallow = not whole and is_shallow(options)
        self._carrier = wary_carrier_of(made_of) if careful else PLAIN
        self._proofs: list[tuple[Plan | None, Proof]] = []

    @cached_property
    def written(self) -> ProgramGraph:
        """The program as the user wrote it."""
        return self._timed(Stage.GRAPH, build_graph, self.source)

    @cached_property
    def tabled(self) -> TabledProgram:
        """The program with what each variable can be."""
        joint = self.recipe.joint_values and Family.JOINT in self._families
        return self._timed(Stage.VALUES, tabled_program, self.written, self.setting.inputs, joint)

    @cached_property
    def encoded(self) -> Rewriting:
        """The same with every encoding that its operations need."""
        passes = self.recipe.catalogue.rewrites.encoded
        return self._timed(Stage.ENCODINGS, rewritten, self.tabled, passes, self.setting)

    @cached_property
    def lowered(self) -> Rewriting:
        """The same as the level computes it."""
        return self._timed(Stage.REWRITES, self._lower, self.encoded.program)

    @cached_property
    def proposal(self) -> Proposal:
        """The components that the model may be made of."""
        return self._timed(
            Stage.CANDIDATES,
            self.recipe.catalogue.propose,
            self.lowered.program,
            self.encoded.program,
            self.setting,
            self._families,
            self._shallow,
            self._carrier,
        )

    @cached_property
    def problem(self) -> Problem:
        """The problem of choosing among them and placing what is chosen."""
        return self._timed(Stage.PROBLEM, self.proposal.problem, self.options.limits, *self._stream)

    @cached_property
    def placed(self) -> Placed:
        """What was chosen, and where it goes."""
        return self._timed(
            Stage.ALLOCATION, self.proposal.placed, self.problem, self._solve, self._proven
        )

    @cached_property
    def arrangement(self) -> Arrangement:
        """Sizes and residual layout of the model, and its components."""
        return self._timed(Stage.PLAN, arranged, self.placed, self.setting, self.recipe.least)

    @cached_property
    def assembly(self) -> Assembly:
        """The weights."""
        return self._timed(Stage.WEIGHTS, write_weights, self.arrangement, self.setting)

    @cached_property
    def model(self) -> CompiledModel:
        """The model, as yet unchecked."""
        return self._timed(Stage.MODEL, self._model, self.assembly)

    @cached_property
    def checked(self) -> Proof:
        """What is known of the model: a proof, or how many inputs it was compared on.

        Raises:
            VerificationError: If it differs from the interpreter.
        """
        return self._timed(Stage.CHECK, self._check, self.model)

    def compiled(self, agreeing: bool = False) -> CompiledModel:
        """The model, proven or checked as the options say, and holding what is known of it.

        Args:
            agreeing: Whether a causal reading is refused that may give another output than the
                full one, instead of a warning.

        Raises:
            OptitracrError: As the stages do.
        """
        if agreeing:
            refuse_other_reading(self.written, self.tabled, self.setting, self.options.seed)
        if self.options.check is None:
            return self.model
        try:
            remember(self.model, self.checked)
        except VerificationError:
            if self._carrier is not PLAIN or not self.recipe.catalogue.heeds_carrier:
                raise
            return self._careful().compiled()
        return self.model

    def _careful(self) -> Compilation:
        """The same from the start, without components that are estimated to be spoiled."""
        return Compilation(
            self.source,
            self.setting,
            self.options,
            on_interrupt=self._search.on_interrupt,
            watch=self._watch,
            recipe=self.recipe,
            advises=self._advises,
            whole=self._whole,
            careful=True,
        )

    def _timed(self, stage: Stage, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        start = time.perf_counter()
        try:
            value = call(*args, **kwargs)
        except (ExplodedError, LimitError) as error:
            if self._advises and stage in _TRIED and not isinstance(error, BeyondFloatError):
                error.args = (self._advice(stage, error),)
            raise
        self._watch(Made(stage, time.perf_counter() - start, value))
        return value

    def _advice(self, stage: Stage, error: OptitracrError) -> str:
        """What an error says of a limit, once it was tried what helps."""
        from optitracr.remedies.advice import advice
        from optitracr.remedies.case import Case

        sop = dict(self.written.expressions).get(error.label, self.source)
        failed = list(_TRIED).index(stage)
        return advice(Case(self.source, self.setting, sop, self._steps, failed), str(error))

    def _steps(self, program: rasp.SOp, setting: Setting) -> list[Callable[[], object]]:
        """Another program on its way through the stages in which limits are met."""
        again = Compilation(program, setting, self.options, recipe=self.recipe, advises=False)
        return [partial(get, again) for get in _TRIED.values()]

    def _lower(self, program: TabledProgram) -> Rewriting:
        catalogue = self.recipe.catalogue
        catalogue.check(program, self.setting)
        return rewritten(program, catalogue.lowered(self._families), self.setting)

    def _solve(
        self, problem: Problem, start: Plan | None = None, at_most: tuple[int, ...] | None = None
    ) -> Allocation:
        return self.recipe.allocator(problem, self._search, start, at_most)

    def _proven(self, placed: Placed) -> bool:
        """Whether the model of a plan is proven with all inside, before what is published of it."""
        if stock_class(self.options.architecture) is not None:
            return False
        trial = copy.copy(self)
        trial.placed, trial._watch = placed, _unwatched
        proof = proven_inside(trial.model)
        if proof is None:
            return False
        self._proofs.append((placed.allocation.plan, proof))
        return True

    def _model(self, assembly: Assembly) -> CompiledModel:
        program = self.encoded.program
        savings = self.placed.proposal.savings(assembly.allocation, program)
        listed = () if has_marks(program) else self.written.nodes
        sets = {node.label: self.tabled.node(node.label).value_set for node in listed}
        known = {label: own.values for label, own in sets.items() if not own.exploded}
        model = build_model(
            self.recipe.level,
            Reference(self.source, self.written, {}, known, calls_of(self.tabled)),
            program,
            assembly,
            self.setting,
            with_added(savings, program),
            self.options,
        )
        return with_verbs(model)

    def _check(self, model: CompiledModel) -> Proof:
        check = self.options.check or Check.PROOF
        proven = (proof for plan, proof in self._proofs if plan is self.placed.allocation.plan)
        known = next(proven, None) if check is Check.PROOF else None
        proof = known or known_before_use(model, check, self.options.seed)
        if stock_class(self.options.architecture) is not None:
            known_as_stock(model, check, self.options.seed)
        if self.setting.causal:
            warn_of_causal_reading(self.written, self.tabled, self.setting, self.options.seed)
        return proof


_TRIED: dict[Stage, Callable[[Compilation], object]] = {
    Stage.VALUES: lambda compilation: compilation.tabled,
    Stage.ENCODINGS: lambda compilation: compilation.encoded,
    Stage.REWRITES: lambda compilation: compilation.lowered,
    Stage.CANDIDATES: lambda compilation: compilation.proposal,
}
"""The stages in which value sets and tables meet their limits."""


def rewritten(program: TabledProgram, passes: Sequence[Pass], setting: Setting) -> Rewriting:
    """The program after some passes, and what each of them did.

    Args:
        program: The program.
        passes: The passes, in order.
        setting: Vocabulary and length.

    Raises:
        UnsupportedError: If a number has too many values to be read as classes, or a selector
            needs to tell None apart.
        LimitError: If float32 does not carry a number.
    """
    done: list[Rewritten] = []
    return Rewriting(run_passes(program, passes, setting.inputs, done.append), tuple(done))


def arranged(placed: Placed, setting: Setting, least: Least) -> Arrangement:
    """The components of an allocation, and the residual layout for them.

    Args:
        placed: What was chosen, and where it goes.
        setting: Vocabulary and length.
        least: Sizes that the model has at least.

    Raises:
        LimitError: If the weights would not fit in memory.
    """
    components = placed.proposal.components(placed.allocation)
    arrangement = arrange(components, placed.problem, placed.allocation, least)
    outputs = components.output.unembedding.shape[1]
    shape_in(setting, arrangement.sizes, outputs).check_memory()
    return arrangement

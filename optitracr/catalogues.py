"""What a level proposes for a program: components to place, and what comes of placing them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import ClassVar

from optitracr.allocation.carry import carried_plan
from optitracr.allocation.problem import HeadSize, build_problem, rank
from optitracr.allocation.searching import Solve, TooShallowError
from optitracr.candidates.account import candidate_savings, standard_savings
from optitracr.candidates.care import Care
from optitracr.candidates.carrier import PLAIN, Carrier
from optitracr.candidates.component import Components
from optitracr.candidates.facts import Facts
from optitracr.candidates.families import Family
from optitracr.candidates.families.registry import RULES, STANDARD_RULES, rules_of
from optitracr.candidates.families.standard import RULE as STANDARD
from optitracr.candidates.families.standard import standard_components
from optitracr.candidates.problem import space_problem
from optitracr.candidates.realise import realise
from optitracr.candidates.rewriting import CANDIDATE_REWRITES, STANDARD_REWRITES, Rewrites
from optitracr.candidates.rule import Rule
from optitracr.candidates.savings import Savings
from optitracr.candidates.space import CandidateSpace
from optitracr.candidates.spaces import Spaces
from optitracr.candidates.support import check_supported
from optitracr.candidates.table_sizes import check_tables
from optitracr.constructions.heads import HeadPlan
from optitracr.craft.blocks import Head
from optitracr.graph.program import ProgramGraph
from optitracr.graph.rewrites.passes import Pass, run_passes
from optitracr.graph.tabled import TabledProgram
from optitracr.setting import Setting
from solvers import Allocation, Kind, Limits, Problem, Stock


@dataclass(frozen=True, slots=True)
class Proposed:
    """One component of a proposal.

    Attributes:
        variable: The variable of the program that it computes.
        rule: Name of the rule that proposes it.
        kind: Whether it is a head or an MLP.
        families: Names of the further rules without which it would not be proposed.
    """

    variable: str
    rule: str
    kind: Kind
    families: tuple[str, ...] = ()


def _kind(is_head: bool) -> Kind:
    return Kind.ATTENTION if is_head else Kind.MLP


class Proposal(ABC):
    """The components that a program may be made of, and what comes of a choice among them."""

    @abstractmethod
    def proposed(self) -> list[Proposed]:
        """Each component."""

    @abstractmethod
    def problem(
        self, limits: Limits, stock: Stock | None = None, told_late: bool = False
    ) -> Problem:
        """The problem of choosing among them and placing what is chosen.

        Args:
            limits: Hard limits on the architecture.
            stock: The published transformer that is to hold the model, if its heads fill its
                stream.
            told_late: Whether positions are told by the first layer, and not by the embedding.
        """

    @abstractmethod
    def placed(self, problem: Problem, solve: Solve, proven: Callable[[Placed], bool]) -> Placed:
        """Where they go.

        Args:
            problem: As `problem` stated it.
            solve: Solves such a problem, from a plan of one that had more components if one is
                given.
            proven: Whether the model of a plan is proven, though float32 is estimated not to
                carry it.

        Raises:
            InfeasibleError: If nothing fits the limits.
        """

    @abstractmethod
    def components(self, allocation: Allocation) -> Components:
        """Those that an allocation uses, with their weights."""

    @abstractmethod
    def savings(self, allocation: Allocation, program: ProgramGraph) -> Savings:
        """What an allocation saves.

        Args:
            allocation: Where everything goes.
            program: The program before the catalogue saw it.
        """


@dataclass(frozen=True, slots=True)
class Placed:
    """What was proposed, and where it goes.

    Attributes:
        proposal: What the allocation chooses among: not always all that was proposed first.
        problem: The problem solved.
        allocation: Its solution.
    """

    proposal: Proposal
    problem: Problem
    allocation: Allocation


class Catalogue(ABC):
    """The components that a level knows.

    Attributes:
        any_default: Whether its heads can write any default, and not None and 0 alone.
        rewrites: What is done to a program before its components are proposed.
        rules: What proposes components, in order.
        heeds_carrier: Whether what is chosen of them depends on what carries them.
    """

    any_default: bool
    rewrites: Rewrites
    rules: tuple[Rule, ...]
    heeds_carrier: ClassVar[bool] = False

    def joined(self, program: TabledProgram, setting: Setting) -> TabledProgram:
        """The program with joint variables for the composite selectors that no head computes.

        Raises:
            UnsupportedError: If such a selector needs to tell None apart.
        """
        return run_passes(program, self.rewrites.joined, setting.inputs)

    @abstractmethod
    def check(self, program: TabledProgram, setting: Setting) -> None:
        """Refuses a program before it is lowered.

        Args:
            program: The program, with every encoding that its operations need.
            setting: Vocabulary and length.

        Raises:
            UnsupportedError: If an operation has no component.
            LimitError: If a matrix would not fit in memory.
        """

    def lowered(self, families: frozenset[Family]) -> tuple[Pass, ...]:
        """The rewrites that follow the encodings, those of rules among them."""
        of_rules = (each for rule in rules_of(families, self.rules) for each in rule.rewrites)
        return self.rewrites.lowered(of_rules)

    @abstractmethod
    def propose(
        self,
        rewritten: TabledProgram,
        program: TabledProgram,
        setting: Setting,
        families: frozenset[Family],
        shallow: bool = False,
        carrier: Carrier = PLAIN,
    ) -> Proposal:
        """The components for a program.

        Args:
            rewritten: The program as lowered.
            program: The one before, for whose variables they are.
            setting: Vocabulary and length.
            families: Kinds of candidates to propose, where there is a choice.
            shallow: Whether those can be left out that no model of the least depth has.
            carrier: What the transformer makes of what its components read and write.

        Raises:
            UnsupportedError: If an operation has no component.
            LimitError: If a component would be too large.
        """


@dataclass(frozen=True, slots=True)
class StandardProposal(Proposal):
    """One component for each node: nothing to choose but where they go."""

    name: str
    standard: Components
    setting: Setting
    head_size: HeadSize

    def proposed(self) -> list[Proposed]:
        """Each component."""
        return [
            Proposed(c.serves[0], STANDARD.name, _kind(isinstance(c.block, Head)))
            for c in self.standard.components
        ]

    def problem(
        self, limits: Limits, stock: Stock | None = None, told_late: bool = False
    ) -> Problem:
        """The problem of placing them all."""
        return build_problem(
            self.name, self.standard, self.setting, limits, self.head_size, stock, told_late
        )

    def placed(self, problem: Problem, solve: Solve, proven: Callable[[Placed], bool]) -> Placed:
        """Where they go."""
        del proven
        return Placed(self, problem, solve(problem))

    def components(self, allocation: Allocation) -> Components:
        """All of them."""
        return self.standard

    def savings(self, allocation: Allocation, program: ProgramGraph) -> Savings:
        """Erased dimensions and shared heads."""
        return standard_savings(self.standard, allocation)


@dataclass(frozen=True, slots=True)
class StandardCatalogue(Catalogue):
    """Tracr's components.

    Attributes:
        any_default: Whether its heads can write any default: they cannot.
        shared_heads: Whether components with equal selectors share a head.
        head_size: How the size of a head is counted.
        rewrites: What is done to a program before.
        rules: The one of Tracr's components.
    """

    shared_heads: bool = True
    head_size: HeadSize = rank
    any_default: bool = False
    rewrites: Rewrites = STANDARD_REWRITES
    rules: tuple[Rule, ...] = STANDARD_RULES

    def check(self, program: TabledProgram, setting: Setting) -> None:
        """Refuses a program whose one-hots do not fit in memory."""
        check_tables(program, setting.inputs)

    def propose(
        self,
        rewritten: TabledProgram,
        program: TabledProgram,
        setting: Setting,
        families: frozenset[Family],
        shallow: bool = False,
        carrier: Carrier = PLAIN,
    ) -> StandardProposal:
        """One component for each node."""
        components = standard_components(rewritten, setting, self.shared_heads)
        return StandardProposal(program.output, components, setting, self.head_size)


@dataclass(frozen=True, slots=True)
class CandidateProposal(Proposal):
    """The candidates of a program, for the solver to choose among.

    Attributes:
        space: The candidates.
        rules: The rules of the catalogue, of which some may be off.
        make: Makes the space of some care.
        whole: The proposal of all candidates, where some may have been left out.
    """

    space: CandidateSpace
    rules: tuple[Rule, ...]
    make: Callable[[Care], CandidateSpace]
    whole: Callable[[], CandidateProposal] | None = None

    def proposed(self) -> list[Proposed]:
        """Each candidate."""
        owner, forms = self.space.owner, self.space.forms
        return [
            Proposed(
                owner[forms[c.form].label],
                c.rule,
                _kind(isinstance(c.plan, HeadPlan)),
                c.families,
            )
            for c in self.space.candidates.values()
        ]

    def problem(
        self, limits: Limits, stock: Stock | None = None, told_late: bool = False
    ) -> Problem:
        """The problem of choosing and placing."""
        return space_problem(self.space, limits, stock, told_late)

    def placed(self, problem: Problem, solve: Solve, proven: Callable[[Placed], bool]) -> Placed:
        """Where those go that float32 carries."""
        stock, late = problem.constants.stock, problem.late is not None
        _, either, *more = Care
        make = cache(self.make)
        passing = [care for care in more if care.passes]
        try:
            space, problem, allocation = carried_plan(
                (self.space, problem),
                partial(make, either),
                [each for care in passing for each in (partial(make, care), _apart(make, care))],
                [partial(make, care) for care in more if not care.passes],
                lambda tried: space_problem(tried, problem.limits, stock, late),
                solve,
                lambda space, *found: proven(Placed(replace(self, space=space), *found)),
            )
        except TooShallowError:
            assert self.whole is not None, "where all was proposed nothing can be missing"
            whole = self.whole()
            return whole.placed(whole.problem(problem.limits, stock, late), solve, proven)
        return Placed(replace(self, space=space), problem, allocation)

    def components(self, allocation: Allocation) -> Components:
        """The candidates that were chosen."""
        return realise(self.space, allocation)

    def savings(self, allocation: Allocation, program: ProgramGraph) -> Savings:
        """What became of each variable."""
        return candidate_savings(self.space, program, allocation, self.rules)


def _apart(make: Callable[[Care], CandidateSpace], care: Care) -> Callable[[], CandidateSpace]:
    """What makes a space in which each form that neurons erase takes neurons of its own."""
    return lambda: replace(make(care), determined=None)


@dataclass(frozen=True, slots=True)
class CandidateCatalogue(Catalogue):
    """Candidates by rules, of which some are families that can be switched off.

    Attributes:
        any_default: Whether its heads can write any default: they can.
        rewrites: What is done to a program before.
        rules: What proposes candidates, in order; those of families can be switched off.
    """

    heeds_carrier: ClassVar[bool] = True
    any_default: bool = True
    rewrites: Rewrites = CANDIDATE_REWRITES
    rules: tuple[Rule, ...] = RULES

    def check(self, program: TabledProgram, setting: Setting) -> None:
        """Refuses a program with a variable that has no component."""
        check_supported(program, any_default=self.any_default)

    def propose(
        self,
        rewritten: TabledProgram,
        program: TabledProgram,
        setting: Setting,
        families: frozenset[Family],
        shallow: bool = False,
        carrier: Carrier = PLAIN,
    ) -> CandidateProposal:
        """The candidates of some families."""
        rules = rules_of(families, self.rules)
        spaces = Spaces(Facts(rewritten, setting), program, rules, carrier.remains)

        def proposal(make: Callable[[Care], CandidateSpace]) -> CandidateProposal:
            def carried(care: Care) -> CandidateSpace:
                return replace(make(care), carrier=carrier)

            return CandidateProposal(carried(Care.LEAST), self.rules, carried)

        if not shallow:
            return proposal(spaces.whole)
        return replace(proposal(spaces.shallow), whole=partial(proposal, spaces.whole))

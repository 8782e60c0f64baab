"""A rule: one way to compute, hold or read the variables of a program, in a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from optitracr.candidates.births import Births, Born
from optitracr.candidates.candidate import Candidate
from optitracr.candidates.chosen import Chosen
from optitracr.candidates.forms import Form
from optitracr.candidates.proposals import Proposals
from optitracr.candidates.savings import Saving
from optitracr.candidates.validity import Validity
from optitracr.candidates.ways import Repertoire, Ways
from optitracr.graph.rewrites.passes import Pass

NO_WAYS = Ways()


def _proposes_nothing(proposals: Proposals, form: Form) -> Iterable[Candidate]:
    return ()


def _recasts_nothing(proposals: Proposals, candidate: Candidate) -> Iterable[Candidate]:
    return ()


def after_others(births: Births, label: str) -> Iterable[int]:
    """No states: what a rule computes from a variable itself, or as others do, comes no sooner."""
    return ()


def _saves_nothing(chosen: Chosen) -> Iterable[Saving]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        name: Its name; that of a family if it can be switched off.
        validity: The transformers and inputs for which it computes what it says.
        propose: The candidates that would compute a form, given what is proposed so far.
        recast: The candidates that do as another one does and read other things, which are
            proposed once all others are.
        rewrites: Passes that give the program other definitions, or make it smaller.
        ways: What it adds to how variables are read and held, and selectors decided.
        account: What became of variables in a plan by this rule.
        born: The states in which what it proposes has a variable at the earliest; None where a
            rule that proposes does not say. MLPs read no others than the variables of some cut,
            or the terms of sums.
    """

    name: str
    validity: Validity
    propose: Callable[[Proposals, Form], Iterable[Candidate]] = _proposes_nothing
    recast: Callable[[Proposals, Candidate], Iterable[Candidate]] = _recasts_nothing
    rewrites: tuple[Pass, ...] = ()
    ways: Ways = NO_WAYS
    account: Callable[[Chosen], Iterable[Saving]] = _saves_nothing
    born: Born | None = None

    @property
    def recasts(self) -> bool:
        """Whether it recasts candidates at all."""
        return self.recast is not _recasts_nothing

    @property
    def states(self) -> Born | None:
        """What `born` is, which has nothing to say for a rule that proposes nothing itself."""
        computes = self.propose is not _proposes_nothing or self.recasts or self.ways.expand
        return self.born if self.born is not None or computes else after_others


def repertoire(rules: Sequence[Rule]) -> Repertoire:
    """The ways of some rules."""
    return Repertoire({rule.name: rule.ways for rule in rules})

"""Every rule says where it holds, and proposes what it should for a minimal program."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import pytest

from optitracr import rasp
from optitracr.candidates.candidate import Candidate
from optitracr.candidates.care import Care
from optitracr.candidates.families import (
    EVERY_FAMILY,
    Family,
    cleaning,
    heads,
    registry,
    sums,
    tables,
)
from optitracr.candidates.rule import Rule
from optitracr.candidates.space import CandidateSpace
from optitracr.candidates.validity import (
    COMPILED,
    Activation,
    Condition,
    Norm,
    TransformerBlock,
    Validity,
)
from optitracr.catalogues import CandidateProposal
from optitracr.constructions.heads import HeadPlan
from optitracr.library.counting import make_frac_prevs
from optitracr.options import check_options
from optitracr.rasp import Comparison, indices, numerical, tokens
from optitracr.setting import check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from optitracr.stages import Compilation

EVERY_RULE = (*registry.RULES, *registry.STANDARD_RULES)
BEFORE = rasp.Select(indices, indices, Comparison.LEQ)


def share(token: str) -> rasp.SOp:
    return make_frac_prevs(tokens == token)


def difference() -> rasp.SOp:
    return numerical(rasp.LinearSequenceMap(share("a"), share("b"), 1, -1))


def previous() -> rasp.SOp:
    """The token before this one; a dot at the first position."""
    before = rasp.Select(indices, indices, lambda k, q: k == q - 1)
    return rasp.Aggregate(before, tokens, default="a")


def joint_selector() -> rasp.SOp:
    """How many equal tokens there are up to here."""
    joint = rasp.SequenceMap(lambda t, i: (t, i), tokens, indices)
    same = rasp.Select(joint, joint, lambda k, q: k[0] == q[0] and k[1] <= q[1])
    return rasp.SelectorWidth(same)


def two_widths() -> rasp.SOp:
    counts = [
        rasp.SelectorWidth(rasp.Select(tokens, tokens, lambda k, q, t=t: k == t)) for t in "ab"
    ]
    return rasp.SequenceMap(lambda x, y: x > y, *counts)


def running_count() -> rasp.SOp:
    """How many a there are up to here."""
    found = rasp.Select(tokens, rasp.Full("a"), Comparison.EQ)
    return rasp.SelectorWidth(found & BEFORE)


@lru_cache
def proposal(make: Callable[[], rasp.SOp], *without: Family, length: int = 4) -> CandidateProposal:
    """The candidates of a small program, and of more care."""
    setting = check_setting({"a", "b", "c"}, length, COMPILER_BOS, COMPILER_PAD, False)
    options = check_options(without=[family.value for family in without])
    found = Compilation(make(), setting, options).proposal
    assert isinstance(found, CandidateProposal)
    return found


def space(make: Callable[[], rasp.SOp], *without: Family, length: int = 4) -> CandidateSpace:
    """The candidates of a small program."""
    return proposal(make, *without, length=length).space


def candidates(found: CandidateSpace, rule: str) -> list[Candidate]:
    """Those that one rule proposed, or that take it."""
    proposed = found.candidates.values()
    return [each for each in proposed if rule in (each.rule, *each.families)]


# -- what all have in common -----------------------------------------------


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.name)
def test_every_rule_holds_for_what_is_compiled(rule: Rule) -> None:
    assert rule.validity.holds_in(COMPILED)
    assert rule.validity.conditions <= frozenset(Condition)
    for activation in Activation:
        holds = rule.validity.holds_in(TransformerBlock(activation=activation))
        assert holds == (activation in rule.validity.activations)


def test_only_what_uses_no_weights_holds_behind_a_norm() -> None:
    for norm in set(Norm) - {Norm.NONE}:
        found = registry.valid_rules(TransformerBlock(norm=norm), EVERY_RULE)
        assert {rule.name for rule in found} == {Family.SHARING, Family.REWRITES}


def test_without_bos_no_head_is_left() -> None:
    found = registry.valid_rules(TransformerBlock(has_bos=False), EVERY_RULE)
    assert not {heads.NAME, Family.PUSH, Family.CIRCLES} & {rule.name for rule in found}
    assert registry.valid_rules() == registry.RULES


def test_each_family_is_one_rule_in_its_order() -> None:
    assert [rule.name for rule in registry.FAMILIES] == list(Family)
    names = [rule.name for rule in EVERY_RULE]
    assert len(set(names)) == len(names)


def test_a_family_that_is_off_is_no_rule() -> None:
    for family in Family:
        on = registry.rules_of(EVERY_FAMILY - {family})
        assert {rule.name for rule in registry.RULES} - {rule.name for rule in on} == {family}


def test_a_rule_that_does_not_hold_for_what_is_compiled_is_off() -> None:
    elsewhere = Validity(activations=frozenset({Activation.GELU}))
    rule = Rule(name="elsewhere", validity=elsewhere)
    assert registry.rules_of(EVERY_FAMILY, (*registry.RULES, rule)) == registry.RULES


@pytest.mark.parametrize("make", [previous, difference, joint_selector, two_widths])
def test_candidates_name_rules_that_are_on(make: Callable[[], rasp.SOp]) -> None:
    needed = {rule.name for rule in registry.NEEDED}
    every = {rule.name for rule in registry.RULES}
    for candidate in space(make).candidates.values():
        assert {candidate.rule, *candidate.families} <= every
    for candidate in space(make, *Family).candidates.values():
        assert {candidate.rule, *candidate.families} <= needed


# -- rules that every program needs ----------------------------------------


def test_a_table_is_computed_from_its_operands() -> None:
    made = rasp.SequenceMap(lambda t, i: (t, i % 2), tokens, indices)
    [*found] = candidates(space(lambda: made, *Family), tables.NAME)
    assert {each.cut for each in found} == {("tokens", "indices")}


def test_a_sum_of_means_by_neurons_reads_them() -> None:
    [*found] = candidates(space(difference, *Family), sums.NAME)
    assert found
    assert all(need.raw for each in found for need in each.needs)
    assert all(each.neurons == 2 for each in found)


def test_a_head_reads_keys_queries_and_values() -> None:
    [*found] = candidates(space(previous), heads.NAME)
    assert all(isinstance(each.plan, HeadPlan) and each.selector for each in found)
    assert {need.label for each in found for need in each.needs} == {"tokens", "indices"}


def test_what_a_head_writes_at_bos_is_cleaned_before_another_averages_it() -> None:
    """A mean whose default is not 0 stands at BOS too, where a second head must find nothing."""
    before = rasp.Select(indices, indices, Comparison.LT)
    is_a = numerical(rasp.Map(lambda t: float(t == "a"), tokens))
    first = numerical(rasp.Aggregate(before, is_a, default=1))
    second = numerical(rasp.Aggregate(BEFORE, first, default=0))
    found = candidates(space(lambda: second), cleaning.NAME)
    assert found
    assert all(each.reads_bos for each in found)


# -- families --------------------------------------------------------------


def test_views_give_functions_of_one_variable_no_form() -> None:
    def made() -> rasp.SOp:
        return rasp.Map(lambda t: t in "ab", tokens).named("vowel")

    held = {form.label for form in space(made).forms.values()}
    held_without = {form.label for form in space(made, Family.VIEWS).forms.values()}
    assert not any(label.startswith("vowel") for label in held)
    assert any(label.startswith("vowel") for label in held_without)


def test_views_read_a_sum_by_its_terms() -> None:
    def made() -> rasp.SOp:
        return rasp.Map(lambda x: x > 0, difference())

    assert candidates(space(made), Family.VIEWS)
    assert not candidates(space(made, Family.VIEWS), Family.VIEWS)


def test_cuts_reach_below_the_operands() -> None:
    def made() -> rasp.SOp:
        pair = rasp.SequenceMap(lambda t, i: (t, i), tokens, indices)
        return rasp.SequenceMap(lambda p, i: p == ("a", i), pair, indices).named("at_a")

    def cuts(*without: Family) -> set[tuple[str, ...]]:
        found = space(made, *without, length=3)
        return {each.cut for each in candidates(found, tables.NAME) if each.form.startswith("at")}

    assert ("tokens", "indices") in cuts()
    assert ("tokens", "indices") not in cuts(Family.CUTS)


def test_compression_holds_what_is_distinguished() -> None:
    def made() -> rasp.SOp:
        marked = rasp.Map(lambda t: t == "a", tokens)
        return rasp.SequenceMap(lambda m, p: (m, p == "b"), marked, previous())

    narrow = space(made)
    whole = space(made, Family.COMPRESSION)
    assert min(form.width for form in narrow.forms.values() if form.label == "tokens") == 1
    assert all(form.width == 3 for form in whole.forms.values() if form.label == "tokens")


def test_push_computes_a_sum_of_means_by_one_head() -> None:
    [*found] = candidates(space(difference), Family.PUSH)
    assert found
    assert all(isinstance(each.plan, HeadPlan) for each in found)
    assert not candidates(space(difference, Family.PUSH), Family.PUSH)


def test_split_lets_others_read_raw_widths() -> None:
    def both(found: CandidateSpace) -> list[Candidate]:
        return [c for c in found.candidates.values() if sum(n.raw for n in c.needs) == 2]

    assert all(Family.SPLIT in each.families for each in both(space(two_widths)))
    assert both(space(two_widths))
    assert not both(space(two_widths, Family.SPLIT))


def test_sharing_gives_equal_selectors_one_name() -> None:
    def selectors(*without: Family) -> set[str]:
        found = space(difference, Family.PUSH, *without).candidates.values()
        return {each.selector for each in found if each.selector}

    assert len(selectors()) < len(selectors(Family.SHARING))


def test_conjunctions_read_below_joint_variables() -> None:
    [*found] = candidates(space(joint_selector), Family.CONJUNCTIONS)
    assert found
    assert all({need.label for need in each.needs} == {"tokens", "indices"} for each in found)
    assert not candidates(space(joint_selector, Family.CONJUNCTIONS), Family.CONJUNCTIONS)


def test_circles_take_two_columns() -> None:
    def sizes(*without: Family) -> set[int]:
        found = space(previous, *without, length=8).candidates.values()
        return {each.plan.head_size for each in found if isinstance(each.plan, HeadPlan)}

    assert candidates(space(previous, length=8), Family.CIRCLES)
    assert min(sizes()) <= 3 < min(sizes(Family.CIRCLES))


def test_powers_take_a_column_and_even_logits_stay_beside_them() -> None:
    def sizes(*without: Family) -> set[int]:
        found = space(running_count, *without, length=8).candidates.values()
        return {each.plan.head_size for each in found if isinstance(each.plan, HeadPlan)}

    assert candidates(space(running_count, length=8), Family.POWERS)
    assert sizes() == {min(sizes()), *sizes(Family.POWERS)}
    assert min(sizes()) == min(sizes(Family.POWERS)) - 6


@pytest.mark.parametrize("shift", [1, -2])
def test_where_orders_are_asked_for_a_shift_is_two_of_them(shift: int) -> None:
    """It reads the numbers that a count reads beside it; alone it is on a circle."""

    def shifted() -> rasp.SOp:
        return rasp.Aggregate(rasp.Select(indices, indices, lambda k, q: k == q - shift), tokens)

    def beside() -> rasp.SOp:
        return rasp.SequenceMap(lambda x, n: (x, n), shifted(), running_count())

    def powers(make: Callable[[], rasp.SOp]) -> list[Candidate]:
        return candidates(space(make, length=6), Family.POWERS)

    assert not powers(shifted)
    columns = {
        need.numbers
        for each in powers(beside)
        for need in each.needs
        if need.label == "indices" and need.columns == 1
    }
    assert len(columns) == 2


def test_where_errors_count_more_logits_are_even() -> None:
    robust = proposal(running_count, length=8).make(Care.ROBUST)
    assert not candidates(robust, Family.POWERS)


def test_thresholds_tell_levels_of_two_numbers_apart() -> None:
    def clipped() -> rasp.SOp:
        ones, others = (
            rasp.SelectorWidth(rasp.Select(tokens, rasp.Full(x), Comparison.EQ)) for x in "ab"
        )
        return rasp.SequenceMap(lambda x, y: max(0, min(2, x - y)), ones, others)

    def neurons(*without: Family) -> int:
        found = candidates(space(clipped, *without, length=6), tables.NAME)
        return min(each.neurons for each in found if sum(n.raw for n in each.needs) == 2)

    assert neurons() < neurons(Family.THRESHOLDS)


def test_rewrites_count_what_disjoint_selectors_select() -> None:
    """A stable order is two conjunctions, of which no single head is the sum."""

    def made() -> rasp.SOp:
        joint = rasp.SequenceMap(lambda t, i: (t, i), tokens, indices)
        return rasp.SelectorWidth(rasp.Select(joint, joint, Comparison.LT))

    assert space(made).program.definitions
    assert not space(made, Family.REWRITES).program.definitions

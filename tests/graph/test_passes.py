"""Rewrites, one by one and all together: what they make, and that it means what it meant."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest

from optitracr import rasp
from optitracr.candidates.families.registry import RULES
from optitracr.candidates.rewriting import CANDIDATE_REWRITES, STANDARD_REWRITES, as_conjunctions
from optitracr.candidates.unions import SplitUnions
from optitracr.errors import EvaluationError, LimitError, UnsupportedError
from optitracr.graph.build import build_graph
from optitracr.graph.inputs import Inputs
from optitracr.graph.program import (
    Aggregate,
    CompoundSelector,
    Elementwise,
    Input,
    Share,
    TabledSelector,
    Width,
    operation_reads,
)
from optitracr.graph.provenance import Provenance, Role
from optitracr.graph.rewrites.constants import FoldConstants
from optitracr.graph.rewrites.counting import CountConditions
from optitracr.graph.rewrites.defaults import ShiftDefaults
from optitracr.graph.rewrites.encodings import ConvertEncodings
from optitracr.graph.rewrites.joining import JoinSelectors
from optitracr.graph.rewrites.merging import MergeEqual
from optitracr.graph.rewrites.passes import Pass, Rewritten, run_passes
from optitracr.graph.rewrites.precision import CheckPrecision
from optitracr.graph.rewrites.widths import SplitWidths
from optitracr.graph.tabled import TabledNode, TabledProgram
from optitracr.graph.tabling import tabled_program
from optitracr.library.random_programs import Feature, random_program
from optitracr.rasp import Comparison, Encoding, Select, indices, tokens
from tests.graph.meaning import evaluate
from tests.graph.test_names import labelled
from tests.inputs import sequences
from tests.programs import CASES, Case

INPUTS = Inputs(("a", "b"), 3)
EQUAL = Select(tokens, tokens, Comparison.EQ)
EARLIER = Select(indices, indices, Comparison.LT)
IS_A = rasp.numerical(rasp.Map(lambda t: float(t == "a"), tokens))


def table(program: rasp.SOp, inputs: Inputs = INPUTS) -> TabledProgram:
    return tabled_program(build_graph(program), inputs)


def rewritten(program: rasp.SOp, *passes: Pass, inputs: Inputs = INPUTS) -> TabledProgram:
    """The program after some passes, having seen that each keeps its meaning."""
    return run_passes(
        table(program, inputs), passes, inputs, lambda done: same(program, done.after, inputs)
    )


def same(program: rasp.SOp, after: TabledProgram, inputs: Inputs, count: int = 40) -> None:
    """All variables of the user's are what the interpreter says on some inputs."""
    expressions = dict(build_graph(program).expressions)
    every = list(sequences(inputs.vocabulary, 3)) if inputs.max_seq_len <= 3 else []
    draw = random.Random(0)
    every += [
        tuple(draw.choices(inputs.vocabulary, k=draw.randint(1, inputs.max_seq_len)))
        for _ in range(0 if every else count)
    ]
    for sequence in every[:count]:
        try:
            wanted = rasp.evaluate_all([program], list(sequence), causal=inputs.causal)
        except EvaluationError:
            continue
        found = evaluate(after, sequence, inputs.causal)
        for node in after.nodes:
            if node.label in expressions and expressions[node.label] in wanted:
                expected = wanted[expressions[node.label]]
                assert all(map(alike, found[node.label], expected)), (sequence, node.label)


def alike(found: Any, expected: Any) -> bool:
    if isinstance(found, float) and isinstance(expected, int | float):
        return math.isclose(found, expected, abs_tol=1e-9)
    return bool(found == expected)


def made(program: TabledProgram, role: Role) -> list[TabledNode]:
    return [node for node in program.nodes if node.role is role]


def test_a_number_that_a_function_reads_becomes_a_class() -> None:
    both = rasp.SequenceMap(lambda x, y: (x, y), IS_A, tokens)
    after = rewritten(both, ConvertEncodings())
    [read] = made(after, Role.CLASS)
    output = after.node(after.output).operation
    assert isinstance(output, Elementwise)
    assert read.label in output.operands
    assert read.encoding is Encoding.CATEGORICAL
    assert read.provenance is not None
    assert after.node(read.provenance.variable).is_numerical


def test_a_mean_of_nothing_is_read_from_a_number_of_its_own() -> None:
    mean = rasp.numerical(rasp.Aggregate(EARLIER, IS_A, default=None))
    after = rewritten(rasp.Map(lambda x: x, mean), ConvertEncodings())
    [number] = made(after, Role.MEAN)
    assert number.value_set.values == (0, 1 / 3, 1 / 2, 2 / 3, 1, 2)
    assert not number.value_set.may_be_none


def test_a_numerical_width_is_read_from_its_class() -> None:
    after = rewritten(rasp.numerical(rasp.SelectorWidth(EQUAL)), ConvertEncodings())
    [counted] = made(after, Role.CLASS)
    assert isinstance(counted.operation, Width)
    assert after.node(after.output).operation == Elementwise((counted.label,))


def test_defaults_are_shifted_away() -> None:
    mean = rasp.numerical(rasp.Aggregate(EARLIER, IS_A, default=3))
    after = rewritten(mean, ConvertEncodings(), ShiftDefaults())
    [difference] = made(after, Role.DIFFERENCE)
    assert isinstance(difference.operation, Aggregate)
    assert difference.operation.default == 0
    assert len(difference.value_set.values) == 6
    assert difference.value_set.values[-1] == 0
    [default] = made(after, Role.DEFAULT)
    assert default.value_set.values == (3.0,)
    operation = after.node(after.output).operation
    assert operation == Elementwise((difference.label, default.label), (1.0, 1.0))


def test_a_default_of_0_stays() -> None:
    mean = rasp.numerical(rasp.Aggregate(EARLIER, IS_A, default=0))
    before = table(mean)
    after = run_passes(before, [ShiftDefaults()], INPUTS)
    assert [node.label for node in after.nodes] == [node.label for node in before.nodes]


def test_composite_selectors_become_plain_ones_over_joint_variables() -> None:
    either = rasp.SelectorOr(EARLIER, EQUAL)
    after = rewritten(rasp.SelectorWidth(either), JoinSelectors())
    operation = after.node(after.output).operation
    assert isinstance(operation, Width)
    assert isinstance(operation.selector, TabledSelector)
    assert len(made(after, Role.JOINT)) == 2


def test_composite_selectors_that_a_level_keeps_stay() -> None:
    either = rasp.SelectorOr(EARLIER, EQUAL)
    keep = JoinSelectors(keep=lambda program: lambda selector: True)
    after = rewritten(rasp.SelectorWidth(either), keep)
    operation = after.node(after.output).operation
    assert isinstance(operation, Width)
    assert isinstance(operation.selector, CompoundSelector)


def test_only_what_is_no_conjunction_gets_joint_variables() -> None:
    either = rasp.SelectorOr(EARLIER, Select(indices, IS_A, Comparison.EQ))
    passes = JoinSelectors(conditions=as_conjunctions)
    after = rewritten(rasp.SelectorWidth(rasp.SelectorAnd(EQUAL, either)), passes)
    operation = after.node(after.output).operation
    assert isinstance(operation, Width)
    assert isinstance(operation.selector, CompoundSelector)
    plain, joint = operation.selector.operands
    assert isinstance(plain, TabledSelector)
    assert isinstance(joint, TabledSelector)
    assert (plain.keys, plain.queries) == ("tokens", "tokens")
    assert joint.keys == "indices"
    assert [node.label for node in made(after, Role.JOINT)] == [joint.queries]


def test_joint_variables_of_three_operands_are_made_of_pairs() -> None:
    third = Select(rasp.Map(lambda t: t == "a", tokens), indices, Comparison.TRUE)
    three = rasp.SelectorOr(rasp.SelectorOr(EARLIER, EQUAL), rasp.SelectorNot(third))
    after = rewritten(rasp.SelectorWidth(three), JoinSelectors())
    assert len(made(after, Role.JOINT)) > 2


def test_widths_are_split_into_shares() -> None:
    after = rewritten(rasp.SelectorWidth(EQUAL), SplitWidths())
    [share] = made(after, Role.SHARE)
    assert isinstance(share.operation, Share)
    assert share.value_set.values == (1 / 4, 1 / 3, 1 / 2, 1.0)
    output = after.node(after.output)
    assert output.operation == Elementwise((share.label,))
    assert output.table is not None
    assert output.table.tolist() == [3, 2, 1, 0]


def test_constants_are_functions_of_an_input() -> None:
    constant = rasp.Map(lambda index: "x", rasp.Map(lambda index: index + 1, indices))
    after = rewritten(rasp.SequenceMap(lambda t, x: t + x, tokens, constant), FoldConstants())
    labels = [node.label for node in after.nodes]
    assert len(labels) == 3
    assert all(isinstance(node.operation, Input) for node in after.nodes[:2]) is (
        sum(isinstance(node.operation, Input) for node in after.nodes) == 2
    )
    [folded] = [node for node in after.nodes if node.value_set.values == ("x",)]
    assert folded.operation == Elementwise((after.nodes[0].label,))


def test_a_program_without_inputs_gets_its_tokens() -> None:
    after = rewritten(rasp.Full(1), FoldConstants())
    assert [node.label for node in after.nodes if isinstance(node.operation, Input)] == ["tokens"]


def test_equal_variables_are_merged() -> None:
    one, other = (rasp.Map(lambda t: t == "a", tokens) for _ in range(2))
    after = rewritten(rasp.SequenceMap(lambda x, y: x and y, one, other), MergeEqual())
    [(merged, stands)] = after.stands_for.items()
    assert merged not in after.by_label()
    output = after.node(after.output).operation
    assert output == Elementwise((stands, stands))


def test_equal_widths_under_equal_composite_selectors_are_merged() -> None:
    one, other = (rasp.SelectorWidth(rasp.SelectorOr(EARLIER, EQUAL)) for _ in range(2))
    after = rewritten(rasp.SequenceMap(lambda x, y: x + y, one, other), MergeEqual())
    assert len(after.stands_for) == 1


def test_conditions_on_several_means_are_counted() -> None:
    def mean(letter: str) -> rasp.SOp:
        held = rasp.numerical(rasp.Map(lambda t: float(t == letter), tokens))
        return rasp.numerical(rasp.Aggregate(EARLIER, held, default=0))

    some = rasp.SequenceMap(lambda x, y: int(x > 0 or y > 0), mean("a"), mean("b"))
    program = rasp.Aggregate(Select(indices, indices, lambda k, q: k == q - 1), some)
    after = rewritten(program, ConvertEncodings(), CountConditions())
    [definition] = after.node(after.output).definitions
    assert {node.label for node in made(after, Role.COUNT)} >= set(definition.operands)
    assert made(after, Role.CONDITION)


def test_widths_of_disjoint_unions_are_sums_of_two() -> None:
    pairs = rasp.SequenceMap(lambda t, i: (t, i), tokens, indices)
    program = rasp.SelectorWidth(Select(pairs, pairs, Comparison.LT))
    after = rewritten(program, SplitWidths(), SplitUnions())
    summands = made(after, Role.SUMMAND)
    assert len(summands) == 2
    [definition] = after.node(after.output).definitions
    assert definition.operands == tuple(node.label for node in summands)


def test_an_order_by_two_variables_beside_a_condition_on_a_third_is_looked_below() -> None:
    """What the one variable says is selected only where the condition holds on both sides."""
    inputs = Inputs(tuple(range(5)), 4)
    place = rasp.SequenceMap(lambda t, i: 4 * t + i, tokens, indices)
    own = rasp.SelectorWidth(EQUAL).named("count")
    some = rasp.SequenceMap(lambda p, n: p if n == 1 else None, place, own)
    program = rasp.SelectorWidth(Select(some, some, Comparison.LT))
    after = rewritten(program, SplitWidths(), SplitUnions(), inputs=inputs)
    first, second = made(after, Role.SUMMAND)
    assert isinstance(first.operation, Share)
    assert isinstance(second.operation, Share)
    [count] = {x for x in operation_reads(first.operation) if x.startswith("count")}
    assert set(operation_reads(first.operation)) == {"tokens", count}
    assert set(operation_reads(second.operation)) == {"tokens", "indices", count}


@pytest.mark.parametrize(("count", "parts"), [(3, 0), (26, 2)])
def test_large_pairs_are_looked_below_beside_other_conditions(count: int, parts: int) -> None:
    """What exceeds a position up to it: by token, and among equal ones by position."""
    inputs = Inputs(tuple(range(count)), 4)
    pairs = rasp.SequenceMap(lambda t, i: (t, -i), tokens, indices)
    so_far = Select(indices, indices, Comparison.LEQ)
    program = rasp.SelectorWidth(Select(pairs, pairs, Comparison.GT) & so_far)
    after = rewritten(program, SplitWidths(), SplitUnions(), inputs=inputs)
    assert len(made(after, Role.SUMMAND)) == parts


def test_of_many_counts_each_is_made_before_they_are_added() -> None:
    inputs = Inputs(("a", "b"), 21)
    pairs = rasp.SequenceMap(lambda t, i: (t, i), tokens, indices)
    program = rasp.SelectorWidth(Select(pairs, pairs, Comparison.LT))
    after = rewritten(program, SplitWidths(), SplitUnions(), inputs=inputs)
    first, second = after.node(after.output).definitions
    assert [*first.operands, *second.operands] == [x.label for x in made(after, Role.SUMMAND)]
    assert second.table[3, 4] == first.table[-4, -5] == 7


def test_numbers_that_float32_does_not_carry_are_refused() -> None:
    large = rasp.numerical(rasp.Map(lambda t: 2.0**40 + (t == "a") / 2, tokens))
    with pytest.raises(LimitError, match="float32"):
        rewritten(large, CheckPrecision())


def test_what_passes_did_can_be_watched() -> None:
    seen: list[Rewritten] = []
    program = table(rasp.SelectorWidth(EQUAL))
    last = run_passes(program, [ConvertEncodings(), SplitWidths()], INPUTS, seen.append)
    assert [done.name for done in seen] == ["encodings", "split widths"]
    assert seen[0].before is program
    assert seen[0].after is seen[1].before
    assert seen[1].after is last


def test_passes_leave_the_program_before_them_as_it_is() -> None:
    program = table(rasp.SelectorWidth(rasp.SelectorOr(EARLIER, EQUAL)))
    labels = [node.label for node in program.nodes]
    run_passes(program, [JoinSelectors(), SplitWidths(), MergeEqual()], INPUTS)
    assert [node.label for node in program.nodes] == labels


def test_what_is_made_says_by_whom_for_whom_and_as_what() -> None:
    after = rewritten(rasp.SelectorWidth(EQUAL), SplitWidths())
    [share] = made(after, Role.SHARE)
    assert share.provenance == Provenance("split widths", after.output, Role.SHARE)
    assert share.describe() == after.node(after.output).describe()


def test_labels_of_the_user_stay_the_users() -> None:
    """The name that a share would have is taken, and stays so when nothing reads it any more."""
    width = rasp.SelectorWidth(EQUAL)
    taken = labelled(f"{width.label}.share", rasp.Full(1))
    program = rasp.SequenceMap(lambda x, y: x + y, width, labelled("read", taken))
    after = rewritten(program, FoldConstants(), SplitWidths())
    [share] = made(after, Role.SHARE)
    assert share.label == f"{taken.label}_"
    assert taken.label not in after.by_label()


LEVELS = [
    pytest.param((*STANDARD_REWRITES.encoded, *STANDARD_REWRITES.lowered()), id="standard"),
    pytest.param(
        (
            *CANDIDATE_REWRITES.encoded,
            *CANDIDATE_REWRITES.lowered(each for rule in RULES for each in rule.rewrites),
        ),
        id="candidates",
    ),
]


def test_the_passes_of_each_level_in_order() -> None:
    standard, candidates = ([one.name for one in parameter.values[0]] for parameter in LEVELS)
    assert standard == [
        "encodings",
        "defaults",
        "precision",
        "large disjunctions",
        "joint selectors",
    ]
    assert candidates == [
        "encodings",
        "precision",
        "large disjunctions",
        "joint selectors",
        "constants",
        "split widths",
        "equals",
        "what positions know themselves",
        "counted conditions",
        "disjoint unions",
        "counts of others",
        "counts as one mean",
    ]


@pytest.mark.sweep
@pytest.mark.parametrize("passes", LEVELS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_programs_mean_the_same_after_every_pass(case: Case, passes: tuple[Pass, ...]) -> None:
    inputs = Inputs(tuple(sorted(case.vocab)), case.max_seq_len, case.causal)
    program = case.make()
    run_passes(
        table(program, inputs), passes, inputs, lambda done: same(program, done.after, inputs, 4)
    )


@pytest.mark.sweep
@pytest.mark.parametrize("passes", LEVELS)
@pytest.mark.parametrize("seed", range(40))
def test_random_programs_mean_the_same_after_every_pass(
    seed: int, passes: tuple[Pass, ...]
) -> None:
    made = random_program(seed, 15, max_seq_len=4, features=tuple(Feature))
    inputs = Inputs(tuple(sorted(made.vocab)), made.max_seq_len)
    seen: list[str] = []

    def watch(done: Rewritten) -> None:
        seen.append(done.name)
        same(made.program, done.after, inputs, 4)

    try:
        run_passes(table(made.program, inputs), passes, inputs, watch)
    except UnsupportedError:
        assert len(seen) < len(passes)


def test_tables_of_rewritten_programs_are_plain_arrays() -> None:
    after = rewritten(rasp.SelectorWidth(EQUAL), *CANDIDATE_REWRITES.lowered())
    assert all(node.table is None or node.table.dtype == np.int32 for node in after.nodes)

"""Sums that take one dimension, whatever they are sums of."""

from __future__ import annotations

import pytest

from optitracr import compile_rasp_to_model, library, rasp
from optitracr.candidates.families import Family
from optitracr.rasp import numerical, tokens


def share_of(token: str) -> rasp.SOp:
    so_far = rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.LEQ)
    return numerical(rasp.Aggregate(so_far, numerical(rasp.Map(lambda x: x == token, tokens))))


def difference() -> rasp.SOp:
    opened, closed = share_of("a"), share_of("b")
    return numerical(rasp.LinearSequenceMap(opened, closed, 1, -1))


def some_is_large(count: int) -> rasp.SOp:
    """Whether at some position more than half of all so far are one of some tokens."""
    large = share_of("a") > 0.5
    for token in "bcd"[: count - 1]:
        large = large | (share_of(token) > 0.5)
    everywhere = rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.TRUE)
    return numerical(rasp.Aggregate(everywhere, numerical(rasp.Map(float, large)), default=0)) > 0


def test_signs_of_tokens_are_one_number() -> None:
    """What is added for one token and taken off for another is read of one dimension."""
    model = compile_rasp_to_model(difference(), "abc", 4)
    assert model.proof.proven
    held = [str(each) for each in model.residual_map[0] if str(each).startswith("tokens")]
    assert len(held) == 1


@pytest.mark.parametrize("count", [2, 3])
def test_conditions_that_are_counted_are_one_number(count: int) -> None:
    """However many numbers they are on; of three the table has too many entries to look at."""
    program = some_is_large(count)
    model = compile_rasp_to_model(program, "abcd", 4)
    without = compile_rasp_to_model(program, "abcd", 4, without=Family.THRESHOLDS)
    assert model.proof.proven
    made = [component for node in model.circuit.nodes for component in node.components]
    assert any(f".terms{count}." in component for component in made)
    assert model.size.parameters < without.size.parameters


def test_three_kinds_of_brackets_take_a_dimension_more_than_two() -> None:
    sizes = []
    for name in ("shuffle_dyck1", "shuffle_dyck2", "shuffle_dyck3"):
        entry = library.get(name)
        sizes.append(compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len).size)
    assert [size.width for size in sizes] == [6, 6, 7]

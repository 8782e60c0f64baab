"""Different exact models of one program: none equal, each exact, and what they have in common."""

from __future__ import annotations

import pytest

from optitracr import library, rasp, variants
from optitracr.errors import InputError
from optitracr.model.current import current
from optitracr.variety.common import common, structure_of
from optitracr.variety.variant import EQUAL
from optitracr.variety.ways import SEEDS, Way

HIST = rasp.SelectorWidth(rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)).named("hist")
FIRST = rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.EQ)
COPY = rasp.Aggregate(FIRST, rasp.tokens).named("copy")


def test_every_variant_is_another_model_and_exact() -> None:
    found = variants(HIST, {"a", "b"}, 3, 4, ways="circuits,levels,families")
    assert found.enough
    assert len({current(variant.model).digest for variant in found}) == len(found) == 4
    assert all(variant.model.proof.proven for variant in found)
    ways = [variant.way for variant in found]
    assert ways[0] is None
    assert {Way.CIRCUITS, Way.LEVELS} <= set(ways)
    assert [str(variant) for variant in found[1:]] == [str(v) for v in list(found)[1:]]


def test_circuits_share_the_least_until_there_is_no_other() -> None:
    entry = library.get("hist")
    found = variants(entry.make(), entry.vocab, entry.max_seq_len, 9, ways="circuits")
    assert not found.enough
    assert [variant.way for variant in found[1:]] == [Way.CIRCUITS] * (len(found) - 1)
    difference = found[1].difference
    assert difference is not None
    assert difference.proven
    assert "the least there is" in str(found[1])
    [last] = found.left_out
    assert "there is no other set of components" in last.reason
    assert "there is no other set of components" in str(found)


def test_a_model_that_comes_again_is_not_given_again() -> None:
    found = variants(HIST, {"a", "b"}, 3, 20, ways=["seeds"])
    assert [each.reason for each in found.left_out] == [EQUAL] * (SEEDS + 1 - len(found))
    assert "were equal to one before" in str(found)


def test_published_forms_and_their_rotations() -> None:
    found = variants(COPY, {"a", "b"}, 2, 5, ways=["architectures", "rotations"])
    assert [variant.told for variant in found[1:]] == [
        "gpt2",
        "gpt2 rotated with seed 0",
        "llama",
        "llama rotated with seed 0",
    ]
    assert found[2].stock.basis is not None
    assert found[1].stock.basis is None


def test_a_reading_that_is_another_is_left_out_with_its_reason() -> None:
    found = variants(HIST, {"a", "b"}, 3, 3, ways=["architectures"])
    assert len(found) == 1
    assert [each.told for each in found.left_out] == ["gpt2", "llama"]
    assert all("causal" in each.reason for each in found.left_out)
    assert len(variants(HIST, {"a", "b"}, 3, 2, causal=True, ways=["architectures"])) == 2


def test_what_is_common() -> None:
    found = variants(HIST, {"a", "b"}, 3, 3, ways="circuits,levels")
    each = [structure_of(variant.circuit) for variant in found]
    inside = frozenset.intersection(*(one.mechanisms for one in each))
    whole = frozenset.union(*(one.mechanisms for one in each))
    assert found.common.mechanisms == len(inside) / len(whole) < 1
    assert found.common.in_all.mechanisms == inside
    alone = common([found[0].circuit])
    assert (alone.components, alone.edges, alone.mechanisms) == (1.0, 1.0, 1.0)
    assert ("head", ("hist_3",)) in each[0].components
    assert ("hist_3", ("output",)) in each[0].edges


def test_level_0_has_one_circuit() -> None:
    found = variants(HIST, {"a", "b"}, 3, 2, optimize=0, ways="circuits")
    [left_out] = found.left_out
    assert "chooses nothing" in left_out.reason


def test_wrong_arguments() -> None:
    with pytest.raises(InputError, match="ways"):
        variants(HIST, {"a"}, 2, 2, ways="colours")
    with pytest.raises(InputError, match="n is 0"):
        variants(HIST, {"a"}, 2, 0)
    with pytest.raises(InputError, match="growth"):
        variants(HIST, {"a"}, 2, 2, growth=0.5)

"""Findings before compilation: pairs of the expression and the reason."""

from __future__ import annotations

from optitracr import library, rasp, validating

EVERYWHERE = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.TRUE)


def test_good_programs_have_no_findings() -> None:
    for name in ("reverse", "pair_balance", "shuffle_dyck2"):
        entry = library.get(name)
        assert validating.validate(entry.make(), list(entry.vocab)[:3]) == []
        assert validating.static_validate(entry.make(), entry.vocab, entry.max_seq_len) == []


def test_static_findings_name_the_expression() -> None:
    same = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)
    both = same & rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.LT)
    program = rasp.SelectorWidth(both)
    [(expression, reason)] = validating.static_validate(program)
    assert expression is program
    assert "composite" in reason


def test_numbers_that_can_be_none_are_found_with_a_vocabulary() -> None:
    before = rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.LT)
    share = rasp.numerical(rasp.Aggregate(before, rasp.numerical(rasp.tokens == "a")))
    assert validating.static_validate(share) == []
    [(expression, reason)] = validating.static_validate(share, {"a", "b"}, 3)
    assert expression is share
    assert "None" in reason
    [(expression, reason)] = validating.dynamic_validate(share, ["a", "b"])
    assert expression is share
    assert "default" in reason


def test_dynamic_findings() -> None:
    mean = rasp.Aggregate(EVERYWHERE, rasp.tokens)
    [(expression, reason)] = validating.dynamic_validate(mean, [1, 2])
    assert expression is mean
    assert "1.5" in reason
    assert validating.dynamic_validate(mean, [2, 2]) == []
    [(_, reason)] = validating.dynamic_validate(mean, ["a", "b"])
    assert "undefined" in reason

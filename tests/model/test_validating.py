"""Findings before compilation: pairs of the expression and the reason."""

from __future__ import annotations

from optitracr import library, rasp, validating

EVERYWHERE = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.TRUE)


def test_good_programs_have_no_findings() -> None:
    for name in ("reverse", "pair_balance", "shuffle_dyck2", "count_others"):
        entry = library.get(name)
        assert validating.validate(entry.make(), list(entry.vocab)[:3]) == []
        assert validating.static_validate(entry.make(), entry.vocab, entry.max_seq_len) == []


def test_static_findings_name_the_expression_and_its_line() -> None:
    before = rasp.Select(rasp.indices, rasp.indices, lambda k, q: k == q - 1)
    program = rasp.Aggregate(before, rasp.tokens, default="a")
    assert validating.static_validate(program, {"a", "b"}, 3) == []
    [(expression, reason)] = validating.static_validate(program, {"a", "b"}, 3, optimize=1)
    assert expression is program
    assert "compile with optimize=2" in reason
    strings = rasp.numerical(rasp.Map(lambda t: t, rasp.tokens))
    [(expression, reason)] = validating.static_validate(strings, {"a", "b"}, 3)
    assert expression is strings
    assert "no number" in reason


def test_what_the_compiler_refuses_is_found() -> None:
    before = rasp.Select(rasp.indices, rasp.indices, lambda k, q: k == q - 1)
    same = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)
    copied = rasp.Select(rasp.Aggregate(before, rasp.tokens), rasp.tokens, rasp.Comparison.EQ)
    program = rasp.SelectorWidth(same | copied)
    [(expression, reason)] = validating.static_validate(program, {"a", "b"}, 3)
    assert expression is program
    assert "None" in reason
    assert "test_validating.py:" in reason
    raising = rasp.Map(lambda t: t + 1, rasp.tokens)
    [(expression, reason)] = validating.static_validate(raising, {"a"}, 3)
    assert expression is raising
    assert "TypeError" in reason


def test_dynamic_findings() -> None:
    mean = rasp.Aggregate(EVERYWHERE, rasp.tokens)
    assert validating.dynamic_validate(mean, [1, 2]) == []
    [(expression, reason)] = validating.dynamic_validate(mean, ["a", "b"])
    assert expression is mean
    assert "undefined" in reason


def test_inputs_that_make_a_program_undefined_are_named() -> None:
    mean = rasp.Aggregate(EVERYWHERE, rasp.tokens)
    [(expression, reason)] = validating.static_validate(mean, {"a", "b"}, 3)
    assert expression is mean
    assert "undefined on ['a', 'a']" in reason
    assert validating.static_validate(mean, {1, 2}, 3) == []

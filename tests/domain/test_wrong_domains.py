"""What is no domain gets one clear error."""

from __future__ import annotations

from typing import Any

import pytest

from optitracr import compile_rasp_to_model, domain, rasp
from optitracr.errors import InputError, LimitError, OptitracrError


def compiled(promise: Any) -> Any:
    return compile_rasp_to_model(rasp.tokens, {"a", "b"}, 3, optimize=0, domain=promise)


@pytest.mark.parametrize(
    ("promise", "message"),
    [
        (lambda: domain.exactly_one("c"), "token 'c', which is not in the vocabulary"),
        (lambda: domain.exactly_one(True), "token True, which is not"),
        (lambda: domain.matches("a("), "missing \\)"),
        (lambda: domain.matches("(?=a).*"), "cannot be promised \\(assert\\)"),
        (lambda: domain.matches(r"(a)\1"), "cannot be promised \\(groupref\\)"),
        (lambda: domain.matches(r"a\bb"), "cannot be promised \\(at\\)"),
        (lambda: domain.matches("a++"), "cannot be promised \\(possessive repeat\\)"),
        (lambda: domain.matches(3), "pattern is 3"),
        (lambda: domain.matches("c+"), "no input of 1 to 3 tokens is in the domain matches"),
        (lambda: domain.lengths(4, 9), "no input of 1 to 3 tokens"),
        (lambda: domain.lengths([]), "lengths is empty"),
        (lambda: domain.lengths(2, 1), "high is 1; give an integer"),
        (lambda: domain.listed([]), "lists no inputs"),
        (lambda: domain.listed([[]]), "without tokens"),
        (lambda: domain.listed(["aaaa"]), "max_seq_len=3"),
        (lambda: domain.where(lambda tokens: tokens.count("a")), "gives 1 on \\['a'\\]"),
        (lambda: domain.where(lambda tokens: tokens[2] == "a"), "raises IndexError"),
        (lambda: domain.where(lambda tokens: False), "no input of 1 to 3 tokens"),
        (lambda: domain.where("a"), "predicate is 'a'"),
        (lambda: "ab", "domain is 'ab'; give a domain such as"),
        (lambda: 3, "domain is 3; give a domain such as"),
        (lambda: domain.exactly_one("a") & domain.matches("b*"), "no input of 1 to 3 tokens"),
    ],
)
def test_one_clear_error(promise: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        compiled(promise())


def test_patterns_that_are_too_large() -> None:
    with pytest.raises(LimitError, match="has more than 10,000 parts"):
        compiled(domain.matches("(a{500}){500}"))
    with pytest.raises(OptitracrError, match=r"nested too deeply|is none"):
        compiled(domain.matches("(" * 5000 + "a" + ")" * 5000))


def test_domains_print_as_they_are_written() -> None:
    either = domain.at_most_one("a") | domain.lengths([1, 3])
    assert str(either & domain.matches("a*")) == (
        "(at_most_one('a') | lengths([1, 3])) & matches('a*')"
    )
    assert str(domain.lengths(2, 3)) == "lengths(2, 3)"

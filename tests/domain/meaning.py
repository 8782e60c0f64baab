"""What domains mean, said of one sequence at a time; and random domains."""

from __future__ import annotations

import itertools
import random
import re
from typing import Any

from optitracr import domain
from optitracr.domain.parts import Both, Counted, Domain, Either, Listed, Matching, OfLength, Where

VOCABULARY = ("+", "0", "1", "ab")
LONGEST = 4
SEQUENCES = [
    list(tokens)
    for length in range(1, LONGEST + 1)
    for tokens in itertools.product(VOCABULARY, repeat=length)
]
"""Every input, the shortest first, then in the order of the vocabulary."""

PATTERNS = (
    *(r"[01]*\+[01]+", r"(ab|0)*", r"[^+]+.*", r"(?i)AB.*1?", r"^\d{1,3}$", r"\w+", r".*?1.*"),
    *(r"a.*|[+-]+", r"(?:(0|1){2}|ab)+", "a[b-z+]?0*", r"\D*", r"(?i:A)b|(?s:.)", r"[^\W\d]+0?"),
)


def holds(promise: Domain, tokens: list[Any]) -> bool:
    """Whether a sequence is in a domain."""
    match promise:
        case Counted(token=token, least=least, most=most):
            return least <= tokens.count(token) and (most is None or tokens.count(token) <= most)
        case Matching(pattern=pattern):
            return re.fullmatch(pattern, "".join(tokens)) is not None
        case OfLength(lengths=lengths):
            return len(tokens) in lengths
        case Listed(sequences=sequences):
            return tuple(tokens) in sequences
        case Where(predicate=predicate):
            return predicate(tokens)
        case Both(first=first, second=second):
            return holds(first, tokens) and holds(second, tokens)
        case Either(first=first, second=second):
            return holds(first, tokens) or holds(second, tokens)
    raise AssertionError(promise)


def random_domain(rng: random.Random, depth: int = 3) -> Domain:
    """A domain made of parts."""
    if depth and rng.random() < 0.6:
        first, second = random_domain(rng, depth - 1), random_domain(rng, depth - 1)
        return first & second if rng.random() < 0.5 else first | second
    match rng.randrange(7):
        case 0:
            return domain.exactly_one(rng.choice(VOCABULARY))
        case 1:
            return domain.at_most_one(rng.choice(VOCABULARY))
        case 2:
            return domain.at_least_one(rng.choice(VOCABULARY))
        case 3:
            return domain.matches(rng.choice(PATTERNS))
        case 4:
            return domain.lengths(rng.randint(1, 2), rng.randint(2, LONGEST))
        case 5:
            return domain.listed(rng.sample(SEQUENCES, rng.randint(1, 30)))
        case _:
            return domain.where(lambda tokens: len(set(tokens)) <= 2)

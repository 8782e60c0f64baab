"""From a domain to the inputs that it means for a vocabulary and a longest input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optitracr import arguments
from optitracr.domain import listed
from optitracr.domain.automaton import NOWHERE, Automaton, both, either, everything, of_words
from optitracr.domain.language import MAX_ASKED, Language, place_of, places_of
from optitracr.domain.parts import (
    Both,
    Counted,
    Domain,
    Either,
    Listed,
    Matching,
    OfLength,
    Predicate,
    Where,
)
from optitracr.domain.patterns import of_pattern
from optitracr.domain.rows import ATTEMPTS, Filter
from optitracr.errors import InputError, OptitracrError

Token = Any
Promise = Domain | Predicate | Sequence[Sequence[Token]]
"""What users may give as a domain."""

SOUGHT = 2_000
"""Inputs drawn in search of one that a predicate lets pass; where none does, no check of a model
would have anything to compare."""

WANTED = (
    "a domain such as domain.exactly_one('+'), a function of a list of tokens that gives True or "
    "False, or a list of sequences of tokens"
)


def promised(given: object) -> Domain:
    """What a user gave, as a domain.

    Raises:
        InputError: If it is none.
    """
    if isinstance(given, Domain):
        return given
    if callable(given):
        return Where(given)
    if isinstance(given, str | bytes) or not hasattr(given, "__iter__"):
        arguments.refuse("domain", given, WANTED)
    return listed(given)  # type: ignore[arg-type]


def bound(
    domain: Domain, vocabulary: tuple[Token, ...], longest: int, bos: Token = None
) -> Language:
    """The inputs that a domain means.

    Args:
        domain: The domain.
        vocabulary: The tokens, sorted.
        longest: Longest input.
        bos: The BOS token.

    Raises:
        InputError: If no input is in the domain, it names a token that is not in the vocabulary,
            or a predicate raises or gives no bool.
        LimitError: If it needs too many states.
    """
    work = _Binding(vocabulary, longest, places_of(vocabulary))
    found = work.bind(domain)
    text = str(domain)
    language = Language(vocabulary, longest, found.automaton, text, found.passes, bos)
    if found.passes is not None and language.rows.exhausted(MAX_ASKED) == longest:
        language = _asked(language)
    _check_some(language)
    return language


def _asked(language: Language) -> Language:
    """The same inputs, every one of which the predicate was asked about."""
    words = [language.rows.of_length(length) for length in language.lengths]
    found = np.concatenate([np.zeros((0, language.longest), dtype=np.int32), *words])
    if not len(found):
        raise _empty(language)
    automaton = of_words(found, len(language.vocabulary))
    return replace(language, automaton=automaton, passes=None)


def _check_some(language: Language) -> None:
    """Checks that there is some input."""
    if not language.lengths:
        raise _empty(language)
    if language.passes is None:
        return
    short = range(1, language.rows.exhausted(SOUGHT) + 1)
    drawn = language.rows.sample(np.random.default_rng(0), 1 + SOUGHT // ATTEMPTS)
    if not len(drawn) and not any(len(language.rows.of_length(length)) for length in short):
        raise InputError(
            f"the predicate of the domain {language.text} holds for none of {SOUGHT:,} inputs that "
            "were drawn; combine it by & with what domain.matches and the like can say, or list "
            "the inputs"
        )


def _empty(language: Language) -> InputError:
    return InputError(
        f"no input of 1 to {language.longest} tokens is in the domain {language.text}; promise "
        "less, or raise max_seq_len"
    )


@dataclass(frozen=True, slots=True)
class _Bound:
    """Part of a domain.

    Attributes:
        automaton: A superset of its inputs.
        passes: What predicates say beside it; None if it is these inputs.
    """

    automaton: Automaton
    passes: Filter | None = None


@dataclass(frozen=True, slots=True)
class _Binding:
    """A vocabulary and a longest input, for which domains are worked out."""

    vocabulary: tuple[Token, ...]
    longest: int
    places: dict[Token, int]

    def bind(self, domain: Domain) -> _Bound:
        """A domain as an automaton, and what predicates say beside it."""
        match domain:
            case Counted():
                return _Bound(self._counted(domain))
            case Matching(pattern=pattern):
                spellings = [str(token) for token in self.vocabulary]
                return _Bound(of_pattern(pattern, spellings, self.longest))
            case OfLength(lengths=lengths):
                return _Bound(self._of_length(lengths))
            case Listed():
                return _Bound(self._listed(domain))
            case Where(predicate=predicate):
                name = str(domain)
                return _Bound(everything(len(self.vocabulary)), _checked(predicate, name))
            case Both(first=first, second=second):
                return self._both(self.bind(first), self.bind(second))
            case Either(first=first, second=second):
                return self._either(self.bind(first), self.bind(second))
        raise AssertionError(f"{domain!r} is no domain that is known")

    def code(self, token: Token) -> int:
        """The place of a token in the vocabulary.

        Raises:
            InputError: If it is not there.
        """
        found = place_of(self.places, self.vocabulary, token)
        if found is None:
            tokens = arguments.shown(list(self.vocabulary))
            raise InputError(
                f"the domain names the token {arguments.shown(token)}, which is not in the "
                f"vocabulary {tokens}; add it there, or leave it out of the domain"
            )
        return found

    def _counted(self, domain: Counted) -> Automaton:
        classes = np.zeros(len(self.vocabulary), dtype=np.int32)
        classes[self.code(domain.token)] = 1
        more = 1 if domain.most is None else NOWHERE
        step = np.array([[0, 1], [1, more]], dtype=np.int32)
        if len(self.vocabulary) == 1:
            classes, step = np.zeros(1, dtype=np.int32), step[:, 1:]
        return Automaton(classes, step, np.array([domain.least == 0, True]))

    def _of_length(self, lengths: range | tuple[int, ...]) -> Automaton:
        last = min(lengths[-1], self.longest)
        step = np.append(np.arange(1, last + 1), NOWHERE)[:, None].astype(np.int32)
        accepting = np.array([length in lengths for length in range(last + 1)])
        return Automaton(np.zeros(len(self.vocabulary), dtype=np.int32), step, accepting)

    def _listed(self, domain: Listed) -> Automaton:
        words = np.full((len(domain.sequences), self.longest), -1, dtype=np.int32)
        for row, tokens in zip(words, domain.sequences, strict=True):
            if len(tokens) > self.longest:
                raise InputError(
                    f"the domain lists {arguments.shown(list(tokens))}, of {len(tokens)} tokens, "
                    f"and the longest input has max_seq_len={self.longest}; leave it out, or "
                    "raise max_seq_len"
                )
            row[: len(tokens)] = [self.code(token) for token in tokens]
        return of_words(words, len(self.vocabulary))

    def _both(self, first: _Bound, second: _Bound) -> _Bound:
        automaton = both(first.automaton, second.automaton, self.longest)
        filters = [part.passes for part in (first, second) if part.passes is not None]
        if not filters:
            return _Bound(automaton)
        return _Bound(automaton, lambda tokens: all(passes(tokens) for passes in filters))

    def _either(self, first: _Bound, second: _Bound) -> _Bound:
        automaton = either(first.automaton, second.automaton, self.longest)
        if first.passes is None and second.passes is None:
            return _Bound(automaton)
        parts = [
            Language(self.vocabulary, self.longest, part.automaton, passes=part.passes)
            for part in (first, second)
        ]
        return _Bound(automaton, lambda tokens: any(part.contains(tokens) for part in parts))


def _checked(predicate: Callable[..., Any], name: str) -> Filter:
    """A predicate that raises errors of the library's own."""

    def passes(tokens: list[Token]) -> bool:
        try:
            found = predicate(list(tokens))
        except OptitracrError:
            raise
        except Exception as error:
            raise InputError(
                f"the domain's {name} raises {type(error).__name__} ({arguments.shown(error)}) on "
                f"{arguments.shown(tokens)}; give a predicate that says True or False of every "
                "list of tokens"
            ) from error
        if not isinstance(found, bool | np.bool_):
            raise InputError(
                f"the domain's {name} gives {arguments.shown(found)} on {arguments.shown(tokens)}; "
                "give a predicate that says True or False of every list of tokens"
            )
        return bool(found)

    return passes

"""Recall: keys and values, induction, n-grams, pointers, caches."""

from __future__ import annotations

from hard_set.program import (
    ASCII,
    DIGITS,
    LETTERS,
    Hard,
    at,
    before,
    earlier_equals,
    first,
    last_where,
    length,
    shift,
    so_far,
    words,
)
from optitracr import rasp
from optitracr.rasp import Comparison, SOp

KIND = "recall"


def occurrence() -> SOp:
    """The token with the number of its earlier copies: an address that occurs once."""
    return rasp.SequenceMap(lambda x, n: (x, n), rasp.tokens, earlier_equals())


def previous_copy(sop: SOp) -> SOp:
    """What stands at the previous copy of the token here."""
    number = earlier_equals()
    same = rasp.Select(rasp.tokens, rasp.tokens, Comparison.EQ)
    one_less = rasp.Select(number, number, lambda k, q: k == q - 1)
    return rasp.Aggregate(rasp.SelectorAnd(same, one_less), sop)


def induction() -> SOp:
    """The token after the previous copy of the token here."""
    return at(previous_copy(rasp.indices) + 1, rasp.tokens)


def unique_induction() -> SOp:
    """The token after the only earlier copy; undefined if several tokens follow copies."""
    follows = rasp.Select(shift(rasp.tokens), rasp.tokens, Comparison.EQ)
    return rasp.Aggregate(rasp.SelectorAnd(follows, so_far()), rasp.tokens)


def distance() -> SOp:
    """How far back the previous copy is, None if there is none."""
    return rasp.indices - previous_copy(rasp.indices)


def recall_at_end(keys: rasp.Value, values: rasp.Value) -> SOp:
    """The value that stands after the key that is asked for at the end, as in `a 3 b 5 a`."""
    asked = at(length() - 1, rasp.tokens)
    key = rasp.SequenceMap(lambda k, v: k if v in values else None, shift(rasp.tokens), rasp.tokens)
    found = rasp.Select(key, asked, lambda k, q: k == q and k in keys)
    return rasp.Aggregate(found, rasp.tokens)


def recall_everywhere() -> SOp:
    """For keys at even positions, the value that stood after the key when it came last."""
    is_key = rasp.Map(lambda i: i % 2 == 0, rasp.indices)
    key = rasp.SequenceMap(lambda x, here: x if here else None, rasp.tokens, is_key)
    number = rasp.SelectorWidth(
        rasp.SelectorAnd(rasp.Select(key, key, lambda k, q: k == q), before())
    )
    same = rasp.Select(key, key, lambda k, q: k == q)
    one_less = rasp.Select(number, number, lambda k, q: k == q - 1)
    place = rasp.Aggregate(rasp.SelectorAnd(same, one_less), rasp.indices)
    return at(place + 1, rasp.tokens)


def first_value() -> SOp:
    """The token after the first copy of the token here."""
    is_first = earlier_equals() == 0
    key = rasp.SequenceMap(lambda x, here: x if here else None, rasp.tokens, is_first)
    place = rasp.Aggregate(rasp.Select(key, rasp.tokens, lambda k, q: k == q), rasp.indices)
    return at(place + 1, rasp.tokens)


def bigram() -> SOp:
    """The token with the one before it."""
    return rasp.SequenceMap(lambda p, x: (p, x), shift(rasp.tokens), rasp.tokens)


def bigram_count() -> SOp:
    """How often the last two tokens stood together before."""
    last = shift(rasp.tokens)
    here = rasp.Select(rasp.tokens, rasp.tokens, Comparison.EQ)
    there = rasp.Select(last, last, Comparison.EQ)
    return rasp.SelectorWidth(rasp.SelectorAnd(rasp.SelectorAnd(here, there), before()))


def trigram_seen() -> SOp:
    """Whether the last three tokens stood together before."""
    equal = rasp.Select(rasp.tokens, rasp.tokens, Comparison.EQ)
    for offset in (1, 2):
        earlier = shift(rasp.tokens, offset)
        equal = rasp.SelectorAnd(equal, rasp.Select(earlier, earlier, Comparison.EQ))
    return rasp.SelectorWidth(rasp.SelectorAnd(equal, before())) > 0


def skipgram() -> SOp:
    """How often the token here followed, two places on, the token two places before."""
    pair = rasp.SequenceMap(lambda p, x: (p, x), shift(rasp.tokens, 2), rasp.tokens)
    return rasp.SelectorWidth(rasp.SelectorAnd(rasp.Select(pair, pair, Comparison.EQ), before()))


def follow(steps: int) -> SOp:
    """The token reached by taking tokens as positions, some times."""
    found: SOp = rasp.tokens
    for _ in range(steps):
        found = at(found, rasp.tokens)
    return found


def token_at_first() -> SOp:
    """The token at the position that the first token names."""
    return at(first(rasp.tokens), rasp.tokens)


def value_before_query() -> SOp:
    """The token before the last `?`."""
    place = last_where(rasp.tokens == "?")
    return at(place - 1, rasp.tokens)


def copy_count() -> SOp:
    """How often the token was there before."""
    return earlier_equals()


def is_new() -> SOp:
    """Whether the token is there for the first time."""
    return earlier_equals() == 0


def nth_copy(number: int) -> SOp:
    """Whether this is the copy of that number."""
    return earlier_equals() == number - 1


def letters_and_digits() -> tuple[Hard, ...]:
    def recall() -> SOp:
        return recall_at_end(LETTERS, DIGITS)

    pairs = ("a", "3", "b", "5", "c", "9", "b"), ("z", "0", "z", "1", "z")
    return (
        Hard("recall_letter_digit_20", KIND, recall, LETTERS + DIGITS, 20, pairs),
        Hard("recall_letter_digit_32", KIND, recall, LETTERS + DIGITS, 32, pairs),
    )


PROGRAMS = (
    *letters_and_digits(),
    Hard("recall_50_words_24", KIND, recall_everywhere, words(50), 24),
    Hard("recall_everywhere_26_20", KIND, recall_everywhere, LETTERS, 20),
    Hard("induction_26_20", KIND, induction, LETTERS, 20),
    Hard("induction_50_32", KIND, induction, words(50), 32),
    Hard("unique_induction_26_24", KIND, unique_induction, LETTERS, 24),
    Hard("distance_to_copy_26_24", KIND, distance, LETTERS, 24),
    Hard("first_value_26_24", KIND, first_value, LETTERS, 24),
    Hard("bigram_count_20_24", KIND, bigram_count, LETTERS[:20], 24),
    Hard("bigram_count_40_30", KIND, bigram_count, words(40), 30),
    Hard("trigram_seen_20_20", KIND, trigram_seen, LETTERS[:20], 20),
    Hard("trigram_seen_30_32", KIND, trigram_seen, words(30), 32),
    Hard("skipgram_20_20", KIND, skipgram, LETTERS[:20], 20),
    Hard("follow_once_32", KIND, lambda: follow(1), tuple(range(32)), 32),
    Hard("follow_thrice_24", KIND, lambda: follow(3), tuple(range(24)), 24),
    Hard("token_at_first_40", KIND, token_at_first, tuple(range(40)), 40),
    Hard("before_question_27_30", KIND, value_before_query, (*LETTERS, "?"), 30),
    Hard("copy_count_65_30", KIND, copy_count, words(65), 30),
    Hard("copy_count_100_64", KIND, copy_count, words(100), 64),
    Hard("is_new_ascii_40", KIND, is_new, ASCII, 40),
    Hard("third_copy_26_48", KIND, lambda: nth_copy(3), LETTERS, 48),
)

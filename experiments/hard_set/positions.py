"""Positions: markers, words, runs, rotations, reversals of parts, sets."""

from __future__ import annotations

from hard_set.program import (
    ASCII,
    LETTERS,
    Hard,
    at,
    before,
    count_of,
    earlier_equals,
    first,
    last_where,
    length,
    running_count,
    shift,
    so_far,
    words,
)
from optitracr import rasp
from optitracr.rasp import Comparison, SOp

KIND = "positions"


def nth_position(token: rasp.Value, number: int) -> SOp:
    """Where a token occurs for that time, None if it does not."""
    numbered = rasp.SequenceMap(
        lambda x, n: n if x == token else None, rasp.tokens, running_count(lambda x: x == token)
    )
    return rasp.Aggregate(
        rasp.Select(numbered, rasp.tokens, lambda k, q: k == number), rasp.indices
    )


def last_position(token: rasp.Value) -> SOp:
    """Where a token occurs for the last time."""
    all_of_them = count_of(lambda x: x == token)
    numbered = rasp.SequenceMap(
        lambda x, n: n if x == token else None, rasp.tokens, running_count(lambda x: x == token)
    )
    return rasp.Aggregate(rasp.Select(numbered, all_of_them, Comparison.EQ), rasp.indices)


def between(opening: rasp.Value, closing: rasp.Value) -> SOp:
    """The tokens between two markers, None elsewhere."""
    opened = running_count(lambda x: x == opening)
    closed = running_count(lambda x: x == closing)
    inside = rasp.SequenceMap(lambda a, b: a > b, opened, closed)
    return rasp.SequenceMap(
        lambda x, here: x if here and x != opening else None, rasp.tokens, inside
    )


def since(token: rasp.Value) -> SOp:
    """How many places ago a token stood last."""
    place = last_where(rasp.tokens == token)
    return rasp.SequenceMap(lambda i, p: i - p, rasp.indices, place)


def word_number() -> SOp:
    """Which word a token belongs to."""
    return running_count(lambda x: x == " ")


def position_in_word() -> SOp:
    """How many tokens of the same word came before."""
    word = word_number()
    key = rasp.SequenceMap(lambda x, w: None if x == " " else w, rasp.tokens, word)
    same = rasp.Select(key, key, lambda k, q: k == q)
    return rasp.SelectorWidth(rasp.SelectorAnd(same, before()))


def word_length() -> SOp:
    """How long the word is to which a token belongs."""
    word = word_number()
    key = rasp.SequenceMap(lambda x, w: None if x == " " else w, rasp.tokens, word)
    return rasp.SelectorWidth(rasp.Select(key, key, lambda k, q: k == q))


def initials() -> SOp:
    """The first letter of each word, at its letters."""
    word = word_number()
    starts = rasp.SequenceMap(
        lambda p, x: x != " " == p, shift(rasp.tokens, default=" "), rasp.tokens
    )
    key = rasp.SequenceMap(lambda w, here: w if here else None, word, starts)
    return rasp.Aggregate(rasp.Select(key, word, Comparison.EQ), rasp.tokens)


def number_of_words() -> SOp:
    """How many words there are."""
    starts = rasp.SequenceMap(
        lambda p, x: x != " " == p, shift(rasp.tokens, default=" "), rasp.tokens
    )
    return count_of(bool, starts)


def changes() -> SOp:
    """Whether a token differs from the one before it."""
    return rasp.SequenceMap(lambda p, x: p != x, shift(rasp.tokens, default="none"), rasp.tokens)


def run_length() -> SOp:
    """How long the run of equal tokens is that ends here."""
    start = last_where(changes())
    return rasp.SequenceMap(lambda i, s: i - s + 1, rasp.indices, start)


def longest(sop: SOp) -> SOp:
    """The largest of numbers from 0 up: how many numbers are below some of them."""
    above = rasp.SelectorWidth(rasp.Select(sop, rasp.indices, Comparison.GT))
    return count_of(lambda n: n > 0, above)


def longest_so_far(sop: SOp) -> SOp:
    """The largest number up to here: the one that no other so far exceeds."""
    ranked = rasp.SequenceMap(lambda n, i: (n, -i), sop, rasp.indices)
    exceeds = rasp.Select(ranked, ranked, Comparison.GT)
    exceeded = rasp.SelectorWidth(rasp.SelectorAnd(exceeds, so_far()))
    record = exceeded == 0
    return at(last_where(record), sop)


def longest_run() -> SOp:
    return longest(run_length())


def longest_run_so_far() -> SOp:
    return longest_so_far(run_length())


def runs() -> SOp:
    """Which run of equal tokens a token belongs to."""
    return running_count(bool, changes())


def ones_in_a_row() -> SOp:
    """How many ones stand in a row up to here."""
    return rasp.indices - last_where(rasp.tokens == "0", default=-1)


def rotate(offset: int) -> SOp:
    source = rasp.SequenceMap(lambda i, n: (i - offset) % n if n else None, rasp.indices, length())
    return at(source, rasp.tokens)


def rotate_by_first() -> SOp:
    """The tokens rotated by the number that the first token is."""
    goal = rasp.SequenceMap(lambda i, r: i + r, rasp.indices, first(rasp.tokens))
    source = rasp.SequenceMap(lambda g, n: g % n if n else None, goal, length())
    return at(source, rasp.tokens)


def shift_by_first() -> SOp:
    """The tokens moved to the left by the number that the first token is."""
    return at(rasp.indices + first(rasp.tokens), rasp.tokens)


def reverse() -> SOp:
    return at(length() - rasp.indices - 1, rasp.tokens)


def reverse_first_half() -> SOp:
    source = rasp.SequenceMap(
        lambda i, n: n // 2 - 1 - i if i < n // 2 else i, rasp.indices, length()
    )
    return at(source, rasp.tokens)


def reverse_words() -> SOp:
    """Each word reversed, the words in their order."""
    place, size = position_in_word(), word_length()
    goal = rasp.SequenceMap(lambda p, n: n - 1 - 2 * p, place, size)
    source = rasp.SequenceMap(lambda i, d: i + d, rasp.indices, goal)
    moved = at(source, rasp.tokens, default=" ")
    return rasp.SequenceMap(lambda m, x: " " if x == " " else m, moved, rasp.tokens)


def palindrome() -> SOp:
    wrong = rasp.SequenceMap(lambda x, y: x != y, rasp.tokens, reverse())
    return count_of(bool, wrong) == 0


def after_separator() -> SOp:
    """What stands after the separator, from the start on."""
    separator = nth_position("|", 1)
    source = rasp.SequenceMap(lambda i, s: i + s + 1, rasp.indices, separator)
    return at(source, rasp.tokens)


def in_first_part() -> SOp:
    """Whether a token after the separator occurs before it."""
    part = running_count(lambda x: x == "|")
    set_of = rasp.SequenceMap(lambda x, p: x if p == 0 else None, rasp.tokens, part)
    found = rasp.SelectorWidth(rasp.Select(set_of, rasp.tokens, lambda k, q: k == q))
    return rasp.SequenceMap(lambda n, p: n > 0 and p > 0, found, part)


def anagram() -> SOp:
    """Whether each token stands as often before the separator as after it."""
    part = running_count(lambda x: x == "|")
    left = rasp.SequenceMap(lambda x, p: x if p == 0 else None, rasp.tokens, part)
    right = rasp.SequenceMap(lambda x, p: x if p > 0 and x != "|" else None, rasp.tokens, part)
    in_left = rasp.SelectorWidth(rasp.Select(left, rasp.tokens, lambda k, q: k == q))
    in_right = rasp.SelectorWidth(rasp.Select(right, rasp.tokens, lambda k, q: k == q))
    differs = rasp.SequenceMap(lambda d, x: d != 0 and x != "|", in_left - in_right, rasp.tokens)
    return count_of(bool, differs) == 0


def has_duplicates() -> SOp:
    return count_of(lambda n: n > 0, earlier_equals()) > 0


def pangram() -> SOp:
    """Whether each letter occurs."""
    return count_of(lambda n: n == 0, earlier_equals()) == len(LETTERS)


def first_repeated() -> SOp:
    """Where a token stands that was there before, for the first time."""
    again = earlier_equals() > 0
    numbered = rasp.SequenceMap(lambda a, n: n if a else None, again, running_count(bool, again))
    return rasp.Aggregate(rasp.Select(numbered, rasp.tokens, lambda k, q: k == 1), rasp.indices)


MARKED = (tuple("ab|ba"), tuple("|"), tuple("a|b|a|b"))
TEXT = (*LETTERS, " ")
SPACED = (tuple("the cat  sat "), tuple(" a"), tuple("  "))

PROGRAMS = (
    Hard("third_position_26_40", KIND, lambda: nth_position("a", 3), LETTERS, 40),
    Hard("last_position_26_40", KIND, lambda: last_position("a"), LETTERS, 40),
    Hard("between_markers_28_40", KIND, lambda: between("<", ">"), (*LETTERS, "<", ">"), 40),
    Hard("since_26_40", KIND, lambda: since("a"), LETTERS, 40),
    Hard("word_number_27_64", KIND, word_number, TEXT, 64, SPACED),
    Hard("position_in_word_27_30", KIND, position_in_word, TEXT, 30, SPACED),
    Hard("word_length_27_30", KIND, word_length, TEXT, 30, SPACED),
    Hard("initials_27_32", KIND, initials, TEXT, 32, SPACED),
    Hard("number_of_words_ascii_64", KIND, number_of_words, ASCII, 64, SPACED),
    Hard("run_length_20_30", KIND, run_length, LETTERS[:20], 30),
    Hard("longest_run_2_20", KIND, longest_run, tuple("01"), 20),
    Hard("longest_run_20_32", KIND, longest_run, LETTERS[:20], 32),
    Hard("longest_run_so_far_10_20", KIND, longest_run_so_far, LETTERS[:10], 20),
    Hard("run_number_26_64", KIND, runs, LETTERS, 64),
    Hard("ones_in_a_row_40", KIND, ones_in_a_row, tuple("01"), 40),
    Hard("rotate_5_26_40", KIND, lambda: rotate(5), LETTERS, 40),
    Hard("rotate_by_first_20", KIND, rotate_by_first, tuple(range(20)), 20),
    Hard("shift_by_first_32", KIND, shift_by_first, tuple(range(32)), 32),
    Hard("reverse_50_64", KIND, reverse, words(50), 64),
    Hard("reverse_first_half_26_40", KIND, reverse_first_half, LETTERS, 40),
    Hard("reverse_words_27_20", KIND, reverse_words, TEXT, 20, SPACED),
    Hard("palindrome_26_40", KIND, palindrome, LETTERS, 40, (tuple("abcba"), tuple("abca"))),
    Hard("after_separator_27_24", KIND, after_separator, (*LETTERS, "|"), 24, MARKED),
    Hard("in_first_part_41_30", KIND, in_first_part, (*words(40), "|"), 30),
    Hard("anagram_27_30", KIND, anagram, (*LETTERS, "|"), 30, MARKED),
    Hard("has_duplicates_50_48", KIND, has_duplicates, words(50), 48),
    Hard("pangram_40", KIND, pangram, LETTERS, 40, ((*LETTERS, *LETTERS[:14]),)),
    Hard("first_repeated_26_30", KIND, first_repeated, LETTERS, 30),
)

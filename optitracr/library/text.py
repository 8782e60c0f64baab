"""Programs on letters and words."""

from __future__ import annotations

from optitracr.library.checked import checked
from optitracr.library.idioms import count_if, count_so_far, ordered_by, position_if, token_is
from optitracr.library.program import Program
from optitracr.rasp import (
    Comparison,
    Map,
    Select,
    SelectorWidth,
    SequenceMap,
    SOp,
    indices,
    tokens,
)

VOWELS = "aeiou"


def make_upper_case() -> SOp:
    """Each letter as a capital."""
    return Map(str.upper, tokens).named("upper_case")


def make_is_vowel() -> SOp:
    """Whether each letter is a vowel."""
    return Map(lambda x: x in VOWELS, tokens).named("is_vowel")


def make_count_vowels() -> SOp:
    """How many letters of the input are vowels."""
    return count_if(lambda x: x in VOWELS, tokens).named("count_vowels")


def make_drop_vowels() -> SOp:
    """The other letters, moved together to the left, then None."""
    kept = position_if(lambda x: x not in VOWELS, tokens).named("kept_index")
    return ordered_by(kept, tokens).named("drop_vowels")


@checked
def make_censor(letter: str) -> SOp:
    """The letters, with "*" in place of one of them."""
    return Map(lambda x: "*" if x == letter else x, tokens).named("censor")


@checked
def make_caesar(shift: int, alphabet: str) -> SOp:
    """Each letter replaced by the one `shift` places on in the alphabet, which is a circle."""
    size = len(alphabet)
    places = {letter: place for place, letter in enumerate(alphabet)}
    return Map(lambda x: alphabet[(places[x] + shift) % size], tokens).named("caesar")


@checked
def make_vigenere(key: tuple[int, ...], alphabet: str) -> SOp:
    """The same with a shift that depends on the position: the numbers of the key in turn."""
    places = {letter: place for place, letter in enumerate(alphabet)}

    def encipher(x: str, i: int) -> str:
        return alphabet[(places[x] + key[i % len(key)]) % len(alphabet)]

    return SequenceMap(encipher, tokens, indices).named("vigenere")


def _starts_word() -> SOp:
    """Whether a letter comes first in its word."""
    after_space = SequenceMap(lambda x, i: i + 1 if x == " " else None, tokens, indices)
    preceded = SelectorWidth(Select(after_space, indices, Comparison.EQ)).named("after_space")
    opens = SequenceMap(lambda n, i: n > 0 or i == 0, preceded, indices).named("opens")
    return SequenceMap(lambda o, x: o and x != " ", opens, tokens).named("starts_word")


def make_count_words() -> SOp:
    """How many words the input has, words being parted by spaces."""
    return count_if(token_is(True), _starts_word()).named("count_words")


def make_title_case() -> SOp:
    """The first letter of each word as a capital."""
    return SequenceMap(lambda s, x: x.upper() if s else x, _starts_word(), tokens).named(
        "title_case"
    )


def make_word_index() -> SOp:
    """How many spaces there are up to each position."""
    return count_so_far(token_is(" "), tokens).named("word_index")


PROGRAMS = (
    Program(
        "upper_case",
        make_upper_case,
        "make_upper_case()",
        "each letter as a capital",
        tuple("abc"),
        6,
    ),
    Program(
        "is_vowel",
        make_is_vowel,
        "make_is_vowel()",
        "whether each letter is a vowel",
        tuple("abcde"),
        5,
    ),
    Program(
        "count_vowels",
        make_count_vowels,
        "make_count_vowels()",
        "how many letters are vowels",
        tuple("abe"),
        6,
    ),
    Program(
        "drop_vowels",
        make_drop_vowels,
        "make_drop_vowels()",
        "the letters without the vowels",
        tuple("abc"),
        6,
    ),
    Program(
        "censor",
        lambda: make_censor("b"),
        'make_censor("b")',
        'the letters with "*" for "b"',
        tuple("abc"),
        6,
    ),
    Program(
        "caesar",
        lambda: make_caesar(3, "abcdefgh"),
        'make_caesar(3, "abcdefgh")',
        "each letter moved on by three in the alphabet",
        tuple("abcdefgh"),
        4,
    ),
    Program(
        "vigenere",
        lambda: make_vigenere((1, 2), "abcd"),
        'make_vigenere((1, 2), "abcd")',
        "letters moved on by one and two in turn",
        tuple("abcd"),
        6,
    ),
    Program(
        "count_words",
        make_count_words,
        "make_count_words()",
        "how many words there are",
        tuple("ab "),
        6,
    ),
    Program(
        "title_case",
        make_title_case,
        "make_title_case()",
        "the first letter of each word as a capital",
        tuple("ab "),
        6,
    ),
    Program(
        "word_index",
        make_word_index,
        "make_word_index()",
        "how many spaces come up to here",
        tuple("ab "),
        6,
    ),
)

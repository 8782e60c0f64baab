"""What a compilation fixes beside the program, checked."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sized
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from optitracr import arguments
from optitracr.errors import InputError, OptitracrError
from optitracr.graph.inputs import Inputs
from optitracr.graph.values import sort_values
from optitracr.memory import check_memory
from optitracr.rasp.identity import equals_itself, is_same, plain

if TYPE_CHECKING:
    from optitracr.domain.binding import Promise
    from optitracr.domain.language import Language

Value = Any

PAIR_BYTES = 8
"""What attention takes at least for each query and key: a logit and a weight of one head."""

TOKEN_BITS = 4096
"""Of an integer that is a token: files hold no larger one, and Python shows none of 14,000."""

TOKEN_BYTES = 100
"""What a token takes at least: itself, its place in two tables, and its row of numbers."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Vocabulary, length and special tokens, and which inputs matter.

    Attributes:
        vocabulary: The tokens, sorted.
        max_seq_len: Number of positions, BOS not counted.
        bos: The BOS token.
        pad: The PAD token.
        causal: Whether a query sees only keys at or before its position.
        domain: The inputs that were promised; None if nothing was.
    """

    vocabulary: tuple[Value, ...]
    max_seq_len: int
    bos: str
    pad: str
    causal: bool = False
    domain: Language | None = None

    @property
    def token_rows(self) -> int:
        """Rows of the token embedding: the vocabulary, BOS and PAD."""
        return len(self.vocabulary) + 2

    @property
    def position_rows(self) -> int:
        """Rows of the position embedding: BOS, then every position."""
        return self.max_seq_len + 1

    @property
    def embedding_rows(self) -> int:
        """Rows of both embeddings together."""
        return self.token_rows + self.position_rows

    @property
    def inputs(self) -> Inputs:
        """The inputs that the model has to be right on."""
        return Inputs(self.vocabulary, self.max_seq_len, self.causal, self.domain)


def check_setting(
    vocab: Collection[Value],
    max_seq_len: int,
    bos: Value,
    pad: Value,
    causal: bool,
    domain: Promise | None = None,
) -> Setting:
    """Checks and sorts what the user gave.

    Raises:
        InputError: If the vocabulary is empty, mixed, unhashable or holds BOS or PAD or two
            tokens that are equal, the length is no positive integer, or the domain is none, has
            no input, or names a token that is not in the vocabulary.
        LimitError: If so long a sequence or so large a vocabulary cannot fit in memory.
    """
    length = arguments.integer("max_seq_len", max_seq_len, least=1)
    check_memory(
        f"attention over sequences of max_seq_len={arguments.shown(length)}",
        PAIR_BYTES * (length + 1) ** 2,
        "lower max_seq_len",
    )
    causal = arguments.boolean("causal", causal)
    bos, pad = _special("compiler_bos", bos), _special("compiler_pad", pad)
    if bos == pad:
        raise InputError(f"compiler_bos and compiler_pad are both {bos!r}; give two tokens")
    distinct = _distinct(vocab)
    for name, token in (("compiler_bos", bos), ("compiler_pad", pad)):
        if token in distinct:
            raise InputError(
                f"the vocabulary holds the {name} token {token!r}; leave it out, or choose "
                f"another one with {name}=..."
            )
    _check_types(distinct)
    return _promised(Setting(sort_values(distinct), length, bos, pad, causal), domain)


def _promised(setting: Setting, domain: Promise | None) -> Setting:
    """The setting with a domain, if there is one."""
    if domain is None:
        return setting
    from optitracr.domain.binding import bound, promised

    language = bound(promised(domain), setting.vocabulary, setting.max_seq_len, setting.bos)
    return replace(setting, domain=language)


def _special(name: str, token: Value) -> Value:
    """BOS or PAD, as it was given."""
    wanted = "a token: a text, a number or a tuple"
    found = arguments.instance(name, token, (str, int, float, tuple), wanted)
    return _usable(name, found, wanted)


def _distinct(vocab: Collection[Value]) -> list[Value]:
    """The tokens, each once, as they were given."""
    wanted = "a collection of hashable tokens, strings or numbers"
    count = _count(vocab)
    check_memory(f"a vocabulary of {count:,} tokens", TOKEN_BYTES * count, "give fewer tokens")
    listed = arguments.collection("vocab", vocab, wanted)
    found: dict[Value, Value] = {}
    for token in listed:
        usable = _usable("vocab", token, wanted)
        known = found.setdefault(usable, usable)
        if not is_same(known, usable):
            raise InputError(
                f"the vocabulary holds {known!r} and {usable!r}, which are equal, so that no table "
                f"can tell them apart; leave one out, or give {str(known)!r} and {str(usable)!r}"
            )
    if not found:
        raise InputError("the vocabulary is empty; give at least one token")
    return list(found)


def _count(vocab: object) -> int:
    """How many tokens there are, before they are read; 0 where that is not known."""
    if not isinstance(vocab, Sized):
        return 0
    try:
        return len(vocab)
    except OverflowError:
        return sys.maxsize
    except Exception:
        return 0


def _usable(name: str, token: Value, wanted: str) -> Value:
    """A token that can be looked up: hashable, and equal to itself, as nan is not."""
    token = plain(token)
    try:
        hash(token)
        same = equals_itself(token)
    except OptitracrError:
        raise InputError(
            f"{name} holds the expression {arguments.shown(token)}; give {wanted}"
        ) from None
    except Exception:
        raise InputError(
            f"{name} holds {arguments.shown(token)}, which is not hashable; give {wanted}"
        ) from None
    if isinstance(token, int) and token.bit_length() > TOKEN_BITS:
        raise InputError(f"{name} holds a huge integer; give numbers of at most {TOKEN_BITS} bits")
    if not same:
        raise InputError(f"{name} holds {token!r}, which equals nothing; leave it out")
    return token


def _check_types(tokens: list[Value]) -> None:
    families = {
        "number" if isinstance(token, int | float) else type(token).__name__: token
        for token in sorted(tokens, key=repr, reverse=True)
    }
    if len(families) > 1:
        shown = " and ".join(f"{kind} {token!r}" for kind, token in sorted(families.items()))
        raise InputError(
            f"the vocabulary mixes types: {shown}; give tokens of one type (str(token) makes one)"
        )
    if None in tokens:
        raise InputError("the vocabulary holds None, which RASP uses for no value; leave it out")

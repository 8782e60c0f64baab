"""Inputs to check a model on: all of them where they are few, else telling ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.memory import check_memory

if TYPE_CHECKING:
    from jaxtyping import Int

    from optitracr.domain.language import Language

Codes = NDArray[np.int32]

INPUT_BYTES = 8
"""What a token of an input takes: its code, once in its block and once among all inputs."""


@dataclass(frozen=True, slots=True)
class InputSet:
    """Sequences of token codes.

    Attributes:
        codes: Shape [count, max_seq_len]; codes index the sorted vocabulary; -1 pads.
        lengths: Shape [count].
        exhaustive_length: Every input up to this length is among them.
    """

    codes: Codes
    lengths: Codes
    exhaustive_length: int


def check_inputs(
    vocabulary: int,
    max_seq_len: int,
    max_inputs: int,
    sampled: int,
    seed: int,
    domain: Language | None = None,
) -> InputSet:
    """All inputs up to the length where they number `max_inputs`, then a sample.

    Args:
        vocabulary: Number of tokens.
        max_seq_len: Longest input.
        max_inputs: Bound on the number of exhaustive inputs.
        sampled: Number of random inputs of the lengths that are not exhausted.
        seed: Of the random inputs.
        domain: The inputs that matter, if not all do; there are no others then.

    Raises:
        LimitError: If so many inputs do not fit in memory.
    """
    if domain is not None:
        return _promised_inputs(domain, max_inputs, sampled, seed)
    length = exhaustive_length(vocabulary, max_seq_len, max_inputs)
    _check_memory(vocabulary, max_seq_len, length, sampled)
    blocks = [_all_of(vocabulary, n, max_seq_len) for n in range(1, length + 1)]
    if length < max_seq_len:
        rng = np.random.default_rng(seed)
        blocks += list(_adversarial(vocabulary, length + 1, max_seq_len))
        blocks.append(_random(rng, vocabulary, length + 1, max_seq_len, sampled))
    return _input_set(blocks, length)


def _input_set(blocks: list[Codes], exhausted: int) -> InputSet:
    codes = np.concatenate(blocks)
    return InputSet(codes, (codes >= 0).sum(axis=1).astype(np.int32), exhausted)


def _promised_inputs(domain: Language, max_inputs: int, sampled: int, seed: int) -> InputSet:
    """The same of a domain: beyond what is exhausted half the sample is uniform over it.

    The other inputs are those that any model is checked on, changed where they have to be.
    """
    length, longest = domain.rows.exhausted(max_inputs), domain.longest
    blocks = [domain.rows.of_length(n) for n in domain.lengths if n <= length]
    blocks.append(np.zeros((0, longest), dtype=np.int32))
    if length < longest:
        rng = np.random.default_rng(seed)
        vocabulary = len(domain.vocabulary)
        telling = [
            *_adversarial(vocabulary, length + 1, longest),
            _random(rng, vocabulary, length + 1, longest, (sampled + 1) // 2),
        ]
        mended = domain.rows.mended(rng, np.concatenate(telling))
        beyond = [n for n in domain.lengths if n > length]
        blocks += [
            mended[(mended >= 0).sum(axis=1) > length],
            domain.rows.sample(rng, (sampled + 1) // 2, beyond),
        ]
    return _input_set(blocks, length)


def _check_memory(vocabulary: int, max_seq_len: int, exhausted: int, sampled: int) -> None:
    """Checks that the inputs fit in memory, before they are made."""
    rows = sum(vocabulary**n for n in range(1, exhausted + 1))
    if exhausted < max_seq_len:
        lengths = dict.fromkeys((exhausted + 1, max_seq_len))
        rows += sampled + sum(4 * vocabulary + 2 * length for length in lengths)
    check_memory(
        f"{rows:,} inputs of {max_seq_len:,} tokens to check a model on",
        INPUT_BYTES * rows * max_seq_len,
        "lower max_inputs or max_seq_len, or give fewer tokens",
    )


def telling_inputs(
    rng: np.random.Generator,
    vocabulary: int,
    max_seq_len: int,
    count: int,
    domain: Language | None = None,
) -> Codes:
    """Inputs to begin a search with: the shortest, plain patterns, then random ones.

    Args:
        rng: Of the random inputs.
        vocabulary: Number of tokens.
        max_seq_len: Longest input.
        count: Number of inputs at most; the shortest and the patterns take half of it.
        domain: The inputs that matter, if not all do; there are no others then.

    Returns:
        Shape [count or less, max_seq_len]; -1 pads.
    """
    length = exhaustive_length(vocabulary, max_seq_len, max(count // 4, vocabulary))
    blocks = [_all_of(vocabulary, n, max_seq_len) for n in range(1, length + 1)]
    if length < max_seq_len:
        patterns = np.concatenate(list(_adversarial(vocabulary, length + 1, max_seq_len)))
        blocks.append(patterns[:: max(1, len(patterns) * 4 // count)])
        left = max(count - sum(map(len, blocks)), 1)
        blocks.append(_random(rng, vocabulary, length + 1, max_seq_len, left))
    found = np.concatenate(blocks)[:count]
    if domain is None:
        return found
    drawn = domain.rows.sample(rng, max(count // 2, 1))
    return np.concatenate([domain.rows.mended(rng, found[: count - count // 2]), drawn])[:count]


def with_bos(
    codes: Int[NDArray[np.integer], "count max_seq_len"], bos: int, pad: int
) -> Int[Codes, "count longest"]:
    """Sequences as a model takes them.

    Args:
        codes: Integers of tokens; -1 pads.
        bos: Integer of the BOS token.
        pad: Integer of the PAD token.

    Returns:
        One more for each sequence, BOS first.
    """
    first = np.full((len(codes), 1), bos)
    return np.concatenate([first, np.where(codes < 0, pad, codes)], axis=1).astype(np.int32)


def length_within(
    vocabulary: int, max_seq_len: int, max_inputs: int, domain: Language | None
) -> int:
    """Longest length such that all inputs up to it, of a domain if there is one, are that few.

    They are counted, and none is made.

    Args:
        vocabulary: Number of tokens.
        max_seq_len: Longest input.
        max_inputs: How many they may be.
        domain: The inputs that matter, if not all do.
    """
    if domain is not None:
        return domain.rows.exhausted(max_inputs)
    return exhaustive_length(vocabulary, max_seq_len, max_inputs)


def exhaustive_length(vocabulary: int, max_seq_len: int, max_inputs: int) -> int:
    """Longest length such that all inputs up to it number at most `max_inputs`."""
    total, length = 0, 0
    while length < max_seq_len:
        total += vocabulary ** (length + 1)
        if total > max_inputs:
            break
        length += 1
    return length


def _pad(block: NDArray[np.integer], max_seq_len: int) -> Codes:
    padded = np.full((block.shape[0], max_seq_len), -1, dtype=np.int32)
    padded[:, : block.shape[1]] = block
    return padded


def _all_of(vocabulary: int, length: int, max_seq_len: int) -> Codes:
    place = vocabulary ** np.arange(length - 1, -1, -1)
    return _pad(np.arange(vocabulary**length)[:, None] // place % vocabulary, max_seq_len)


def _adversarial(vocabulary: int, shortest: int, longest: int) -> Iterator[Codes]:
    """All equal, all different (as far as the tokens go), alternating, one odd one out."""
    tokens = np.arange(vocabulary)
    for length in dict.fromkeys((shortest, longest)):
        place = np.arange(length)
        yield _pad(np.repeat(tokens[:, None], length, axis=1), longest)
        yield _pad((tokens[:, None] + place) % vocabulary, longest)
        yield _pad((tokens[:, None] - place) % vocabulary, longest)
        yield _pad((tokens[:, None] + place % 2) % vocabulary, longest)
        odd = np.zeros((length, length), dtype=np.int64)
        odd[place, place] = vocabulary - 1
        yield _pad(odd, longest)
        yield _pad(vocabulary - 1 - odd, longest)


def _random(
    rng: np.random.Generator, vocabulary: int, shortest: int, longest: int, count: int
) -> Codes:
    """Half uniform over the tokens, half over a random few of them."""
    codes = rng.integers(vocabulary, size=(count, longest))
    few = rng.integers(1, min(3, vocabulary) + 1, size=(count, 1))
    narrowed = (codes % few + rng.integers(vocabulary, size=(count, 1))) % vocabulary
    codes = np.where(np.arange(count)[:, None] % 2 == 0, codes, narrowed)
    lengths = rng.integers(shortest, longest + 1, size=(count, 1))
    lengths[: count // 2] = longest
    return np.where(np.arange(longest) < lengths, codes, -1).astype(np.int32)

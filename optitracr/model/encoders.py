"""Encoders between RASP values and what the transformer reads and gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from optitracr import arguments
from optitracr.craft.spaces import Direction
from optitracr.errors import InputError
from optitracr.rasp.identity import is_same, plain

Value = Any
WANTED = "a sequence of tokens, such as a list"
NONE_ENCODING = -1
"""What a categorical output is where the model says None: as in Tracr, and no integer of a
value."""


@dataclass(frozen=True, slots=True)
class CategoricalEncoder:
    """Maps values to integers and back.

    Attributes:
        basis: One direction for each integer.
        enforce_bos: Whether sequences must begin with BOS.
        bos_token: The BOS token, or None for outputs.
        pad_token: The PAD token, or None for outputs.
        max_seq_len: Longest sequence, BOS included; None for no limit.
        encoding_map: Integer of each value.
    """

    basis: tuple[Direction, ...]
    enforce_bos: bool = False
    bos_token: str | None = None
    pad_token: str | None = None
    max_seq_len: int | None = None
    encoding_map: Mapping[Value, int] = field(init=False)

    def __post_init__(self) -> None:
        encoding = {direction.value: i for i, direction in enumerate(self.basis)}
        object.__setattr__(self, "encoding_map", encoding)

    @property
    def vocab_size(self) -> int:
        """Number of values, BOS and PAD included where there are any."""
        return len(self.basis)

    @property
    def bos_encoding(self) -> int:
        """Integer of the BOS token.

        Raises:
            InputError: If this encoder has none.
        """
        return self._special(self.bos_token, "BOS")

    @property
    def pad_encoding(self) -> int:
        """Integer of the PAD token.

        Raises:
            InputError: If this encoder has none.
        """
        return self._special(self.pad_token, "PAD")

    def _special(self, token: str | None, name: str) -> int:
        if token is None:
            raise InputError(f"this encoder has no {name} token; use the model's input_encoder")
        return self.encoding_map[token]

    def encode(self, inputs: Sequence[Value]) -> list[int]:
        """Integers of a sequence of values.

        Raises:
            InputError: If a value is unknown, BOS is missing, or the sequence is too long.
        """
        inputs = arguments.sequence("the sequence", inputs, WANTED)
        if self.enforce_bos and not (inputs and self._is_bos(inputs[0])):
            found = arguments.shown(inputs[0]) if inputs else "an empty sequence"
            raise InputError(
                f"the first token is the BOS token {self.bos_token!r}, and here it is {found}; "
                f"put {self.bos_token!r} before the sequence"
            )
        if self.max_seq_len is not None and len(inputs) > self.max_seq_len:
            raise InputError(
                f"the sequence has {len(inputs)} tokens and the model takes {self.max_seq_len} "
                "(BOS included); shorten it, or compile with a larger max_seq_len"
            )
        return [self._encode_one(place, value) for place, value in enumerate(inputs)]

    def _is_bos(self, value: Value) -> bool:
        try:
            return bool(value == self.bos_token)
        except Exception:
            return False

    def _encode_one(self, place: int, value: Value) -> int:
        value = plain(value)
        try:
            code = self.encoding_map[value]
        except Exception:
            known = ", ".join(repr(v) for v in self.encoding_map)
            raise InputError(
                f"token {arguments.shown(value)} at position {place} is not in the vocabulary; "
                f"known: {known}"
            ) from None
        known_value = self.basis[code].value
        # Equal values are one output, but not one token.
        if self.enforce_bos and not is_same(known_value, value):
            raise InputError(
                f"token {value!r} at position {place} is of type {type(value).__name__} and "
                f"equals the token {known_value!r} of type {type(known_value).__name__}, but is "
                f"not the same; pass {known_value!r}"
            )
        return code

    def decode(self, encodings: Sequence[int]) -> list[Value]:
        """Values of a sequence of integers; NONE_ENCODING is None.

        Raises:
            InputError: If an integer stands for nothing.
        """
        listed = arguments.sequence("encodings", encodings, "a list of integers")
        return [self._decode_one(code) for code in listed]

    def _decode_one(self, given: Any) -> Value:
        whole = isinstance(given, float) and given.is_integer()
        code = int(given) if whole else arguments.integer("an encoding", given)
        if code == NONE_ENCODING:
            return None
        if not 0 <= code < len(self.basis):
            raise InputError(
                f"{arguments.shown(code)} encodes no value; encodings are 0 to "
                f"{len(self.basis) - 1}"
            )
        return self.basis[code].value


@dataclass(frozen=True, slots=True)
class NumericalEncoder:
    """Numbers stand for themselves."""

    @property
    def vocab_size(self) -> int:
        """One real dimension."""
        return 1

    def encode(self, inputs: Sequence[float]) -> list[float]:
        """The same numbers.

        Raises:
            InputError: If one is none.
        """
        return _numbers("the sequence", inputs)

    def decode(self, encodings: Sequence[float]) -> list[float]:
        """The same numbers.

        Raises:
            InputError: If one is none.
        """
        return _numbers("encodings", encodings)


def _numbers(name: str, values: object) -> list[float]:
    """Numbers as floats; nan stays nan, which a model with edited weights may give."""
    listed = arguments.sequence(name, values, "a list of numbers")
    try:
        return [float(value) for value in listed]
    except Exception as error:
        raise InputError(
            f"{name} holds something that is no number ({arguments.shown(str(error))}); give "
            "numbers"
        ) from None


Encoder = CategoricalEncoder | NumericalEncoder

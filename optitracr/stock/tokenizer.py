"""A tokenizer of whole words: the tokens of a program, written with spaces between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optitracr.extras import require
from optitracr.model.transformer import Transformer

UNKNOWN = "compiler_unknown"
"""The token of unknown words."""


def words_of(tokens: Sequence[Any]) -> list[str]:
    """How each token is written: as it is, or where that is no word of its own, as Python does.

    Args:
        tokens: The tokens, in the order of their integers.
    """
    plain = [str(token) for token in tokens]
    return [
        word if _is_word(word) and plain.count(word) == 1 else _escaped(token)
        for word, token in zip(plain, tokens, strict=True)
    ]


def _is_word(text: str) -> bool:
    return bool(text) and text.isprintable() and not any(letter.isspace() for letter in text)


def _escaped(token: Any) -> str:
    """Python's notation, which differs for tokens that differ, without spaces."""
    return "".join(r"\x20" if letter == " " else letter for letter in ascii(token))


def _unknown(words: Sequence[str]) -> str:
    """What stands for unknown words: no word that is known."""
    longest = max(map(len, words))
    return UNKNOWN if UNKNOWN not in words else UNKNOWN.ljust(longest + 1, "_")


def tokenizer_of(model: Transformer) -> Any:
    """A `PreTrainedTokenizerFast` that puts BOS first and pads on the right.

    A word that is no token becomes one of which the stock model makes NaN.

    Args:
        model: The compiled model.

    Raises:
        MissingExtraError: If `transformers` is not installed.
    """
    require("transformers", "transformers", "stock")
    import transformers
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from tokenizers.processors import TemplateProcessing

    encoder = model.input_encoder
    words = words_of([direction.value for direction in encoder.basis])
    bos, pad = words[encoder.bos_encoding], words[encoder.pad_encoding]
    codes = {word: code for code, word in enumerate([*words, _unknown(words)])}
    inner = Tokenizer(WordLevel(codes, unk_token=_unknown(words)))
    inner.pre_tokenizer = WhitespaceSplit()
    inner.post_processor = TemplateProcessing(
        single=f"{bos}:0 $A:0",
        pair=f"{bos}:0 $A:0 $B:0",
        special_tokens=[(bos, codes[bos])],
    )
    fast: Any = transformers.PreTrainedTokenizerFast
    return fast(
        tokenizer_object=inner,
        bos_token=bos,
        pad_token=pad,
        unk_token=_unknown(words),
        padding_side="right",
        model_max_length=model.setting.max_seq_len + 1,
        clean_up_tokenization_spaces=False,
    )

"""What the library knows of a program, and the papers that programs come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from optitracr import rasp

WEISS = "Weiss, Goldberg, Yahav 2021, Thinking Like Transformers"
LINDNER = "Lindner et al. 2023, Tracr: Compiled Transformers as a Laboratory for Interpretability"
BHATTAMISHRA = (
    "Bhattamishra et al. 2020, On the Ability and Limitations of Transformers to Recognize "
    "Formal Languages"
)
OLSSON = "Olsson et al. 2022, In-context Learning and Induction Heads"
HAHN = "Hahn 2020, Theoretical Limitations of Self-Attention in Neural Sequence Models"
OWN = "optitracr"


@dataclass(frozen=True, slots=True)
class Program:
    """A RASP program with everything needed to compile and check it.

    Attributes:
        name: How the command line and `library.get` name it.
        make: Builds it.
        arguments: The call that builds it, for display.
        description: What it computes.
        vocab: Tokens it is for.
        max_seq_len: Longest input, BOS not counted.
        source: Where it comes from.
        layers: Layers that the paper's analyser gives, if any.
        heads: Heads that the paper's analyser gives, if any.
        causal: Whether it is meant for a causal model.
    """

    name: str
    make: Callable[[], rasp.SOp]
    arguments: str
    description: str
    vocab: tuple[Any, ...]
    max_seq_len: int
    source: str = OWN
    layers: int | None = None
    heads: int | None = None
    causal: bool = False

"""The small trained hosts of `experiments/hosts/`, and text for them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from optitracr import implant, rasp
from optitracr.hosts.implanted import Implant

CHECKPOINTS = Path(__file__).parents[2] / "experiments" / "hosts" / "checkpoints"
torch.set_num_threads(1)

BOS, LONGEST = 0, 12
TEXT = "f(x) = [(a, b), (c)] if a(b) else (((0)))  # etaoin shrdlu, (again and again)\n" * 3
LETTERS = "\n" + "".join(map(chr, range(32, 127)))


def ids_of(text: str, length: int = LONGEST) -> torch.Tensor:
    """Rows of a text, BOS first."""
    found = torch.tensor([1 + LETTERS.index(letter) for letter in text])
    cut = found[: len(found) // length * length].reshape(-1, length)
    return torch.cat([torch.full((len(cut), 1), BOS), cut], dim=1)


def symbols(letters: str) -> dict[int, str]:
    """The token ids of some letters."""
    return {1 + LETTERS.index(letter): letter for letter in letters}


@lru_cache(maxsize=3)
def host(kind: str) -> Any:
    """A trained host, in float32."""
    found = AutoModelForCausalLM.from_pretrained(CHECKPOINTS / kind, dtype=torch.float32)
    return found.eval()


def implanted(program: rasp.SOp, model: Any, letters: str, **options: Any) -> Implant:
    """A program in a host, measured on the text."""
    arguments = {"bos": BOS, "max_seq_len": LONGEST, "texts": ids_of(TEXT), **options}
    return implant(program, model, tokens=symbols(letters), **arguments)


def wanted(program: rasp.SOp, ids: torch.Tensor, letters: str) -> list[list[Any]]:
    """What the interpreter says, a token without a symbol being None."""
    known = symbols(letters)
    return [
        rasp.evaluate_causal(program, [known.get(token) for token in row[1:]])
        for row in ids.tolist()
    ]

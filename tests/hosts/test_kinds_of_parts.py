"""Programs whose parts read what others wrote: copies by copies, counts by copies, means."""

from __future__ import annotations

import random

import pytest

from optitracr import library, rasp
from tests.hosts.models import host, ids_of, implanted, wanted

SHORT = 5
"""Positions for which copies need not be written again to be read."""

HALF = rasp.Select(rasp.indices, rasp.indices, lambda key, query: key == query // 2)
COUNT = rasp.SelectorWidth(rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ))
COPY = rasp.Aggregate(HALF, COUNT)
"""Never None, so that nothing stands for it where nothing is selected, as at BOS."""

PROGRAMS = {
    "a copy by copies": rasp.SequenceMap(
        lambda copy, count: (copy, count),
        rasp.Aggregate(rasp.Select(rasp.indices, COPY, rasp.Comparison.EQ), COPY < 2, default=True),
        COPY,
    ),
    "a count by copies": rasp.SelectorWidth(rasp.Select(COPY, COPY, rasp.Comparison.EQ)),
    "a mean": library.counting.make_fraction("a"),
    "a mean that is compared": rasp.numerical(
        rasp.Aggregate(
            rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.TRUE),
            rasp.numerical(rasp.Map(lambda token: {"(": 1, ")": -1}.get(token, 0), rasp.tokens)),
            default=0,
        )
    )
    > 0,
}


@pytest.mark.sweep
@pytest.mark.parametrize("kind", ["gpt2", "llama"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_exact_on_new_text(kind: str, name: str) -> None:
    program = PROGRAMS[name]
    other = "" if name == "a mean" else ",x"
    ids = ids_of("".join(random.Random(0).choices("()ab" + other, k=40 * SHORT)), SHORT)
    found = implanted(program, host(kind), "()ab", max_seq_len=SHORT, texts=ids)
    assert found.decode(ids) == wanted(program, ids, "()ab")

"""What is wrong in the same way in two plans is proven once."""

from __future__ import annotations

import pytest

from optitracr.allocation import carry
from optitracr.allocation.alike import wrong_in
from optitracr.allocation.searching import Tried
from optitracr.corpus.programs import RandomPrograms
from optitracr.options import check_options
from optitracr.setting import check_setting
from optitracr.stages import Compilation


def test_no_proof_is_tried_of_what_was_wrong_in_the_same_way_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Spaces of more care propose the same components under other names."""
    judged: list[tuple[frozenset[bytes], bool]] = []
    proofs = 0
    real_judged, real_proven = carry._Tries.judged, Compilation._proven

    def watched(tries: carry._Tries, tried: Tried) -> Tried:
        before = proofs
        found = real_judged(tries, tried)
        space, _, allocation = tried.carried
        wrong = wrong_in(space, allocation, tried.wrong)
        if wrong:
            judged.append((wrong, proofs > before))
        return found

    def counted(*given: object) -> bool:
        nonlocal proofs
        proofs += 1
        return real_proven(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(carry._Tries, "judged", watched)
    monkeypatch.setattr(Compilation, "_proven", counted)
    item = RandomPrograms(2000, seed=3).item(574)
    setting = check_setting(item.vocab, item.max_seq_len, "bos", "pad", causal=False)
    assert Compilation(item.built(), setting, check_options()).placed.allocation.plan
    proven = [wrong for wrong, tried in judged if tried]
    assert len(proven) == len(set(proven)) > 1
    assert any(wrong in proven for wrong, tried in judged if not tried)

"""Reports of the library's programs."""

from __future__ import annotations

from typing import Any

from optitracr import library, make_report
from optitracr.report.report import Report


def report_of(name: str, **options: Any) -> Report:
    entry = library.get(name)
    return make_report(
        entry.make(), entry.vocab, entry.max_seq_len, entry.causal, name=entry.name, **options
    )

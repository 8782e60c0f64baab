"""What must hold of the program in a manifest, so that it can be compared with the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optitracr.errors import OptitracrError
from optitracr.files.program_data import StoredReading, program_from_data
from optitracr.files.values import FieldError, check_distinct, shown
from optitracr.graph.program import ProgramGraph

if TYPE_CHECKING:
    from optitracr.files.manifest import Manifest


def check_program(manifest: Manifest, graph: ProgramGraph | None = None) -> None:
    """Checks that there is a program, of the model's output, and what holds its variables.

    Args:
        manifest: The manifest.
        graph: Of the program that its data stand for, if that was made already.

    Raises:
        FieldError: Naming the first field that is wrong.
    """
    stored = manifest.program
    if stored is None:
        return
    widths = {t.label: len(t.columns) for t in manifest.residual_map.tenancies}
    listed = {"program.readings": stored.readings, "program.shares": stored.shares}
    for field, readings in listed.items():
        check_distinct(field, (reading.variable for reading in readings))
        for place, reading in enumerate(readings):
            _check_reading(reading, widths, f"{field}[{place}]")
    try:
        graph = program_from_data(stored).graph if graph is None else graph
    except OptitracrError as error:
        raise FieldError("program.expressions", f"are no program: {shown(str(error))}") from None
    if graph.output != manifest.name:
        raise FieldError("program.expressions", f"compute no {shown(manifest.name)}")
    known = {node.label for node in graph.nodes}
    for field, readings in listed.items():
        for place, reading in enumerate(readings):
            if reading.label not in known:
                raise FieldError(f"{field}[{place}].label", "is no s-op of the program")


def _check_reading(reading: StoredReading, widths: dict[str, int], field: str) -> None:
    """One row of as many dimensions as the variable has for each of its values."""
    check_distinct(f"{field}.values", reading.values)
    rows = reading.rows
    if rows is not None and len(rows) != len(reading.values):
        raise FieldError(f"{field}.rows", "is not one for each value")
    sizes = {1} if rows is None else {len(row) for row in rows}
    if len(sizes) > 1 or not sizes <= {widths.get(reading.variable, *sizes)}:
        raise FieldError(f"{field}.rows", "are not of the width of the variable")

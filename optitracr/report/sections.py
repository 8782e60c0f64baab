"""The sections on the models: streams, sizes, sublayers, savings, program graph."""

from __future__ import annotations

from collections.abc import Sequence

from optitracr.candidates.savings import MEANING, Saving, SavingKind
from optitracr.draw.picture import Picture
from optitracr.draw.program_graph import kind_of
from optitracr.draw.residual import (
    CELL_HEIGHT,
    CELL_WIDTH,
    cell_size,
    column_names,
    plural,
    residual_picture,
    stays,
    sublayer_name,
)
from optitracr.draw.sublayers import sublayers_picture, uses
from optitracr.draw.svg import to_svg
from optitracr.draw.variables import shown_name
from optitracr.graph.program import operation_reads
from optitracr.model.compiled import CompiledModel
from optitracr.report.facts import Facts
from optitracr.report.html import Cell, Row, escaped, number, swatch, table, text
from optitracr.report.levels import LevelResult
from optitracr.report.summary import HEURISTIC, saved

MEASURES = ("layers", "width", "heads", "head_size", "neurons", "parameters")


def picture_box(picture: Picture) -> str:
    """A picture in a box of its own that scrolls, and a line that says what is pointed at."""
    return (
        f'<div class="scroll canvas" tabindex="0" role="region" '
        f'aria-label="Picture: {escaped(picture.title)}">{to_svg(picture)}</div>'
        '<p class="told" aria-live="polite"></p>'
    )


def details(summary: str, content: str) -> str:
    """Something that is shown when asked for."""
    return f"<details><summary>{escaped(summary)}</summary>{content}</details>"


def residual_section(facts: Facts) -> str:
    """The streams side by side, and each as a table."""
    parts = [picture_box(facts.picture("residual"))]
    wide, tall = cell_size(facts.panels)
    if len(facts.panels) > 1 and (wide < CELL_WIDTH or tall < CELL_HEIGHT):
        panel = facts.panels[-1]
        enlarged = residual_picture([panel], facts.variables)
        parts.append(f"<h3>Level {facts.level} enlarged</h3>{picture_box(enlarged)}")
    for model in dict.fromkeys((facts.baseline.level, facts.level)):
        compiled = facts.levels[model].model
        if compiled is not None:
            title = f"{facts.levels[model].title}, dimension by dimension, as a table"
            parts.append(details(title, _stays_table(title, compiled, facts)))
    return "\n".join(parts)


def _stays_table(title: str, model: CompiledModel, facts: Facts) -> str:
    heads = [text(h) for h in ("variable", "held as", "dimensions", "alive at states", "then")]
    rows = []
    for stay in stays(model):
        end = f"erased by {sublayer_name(stay.last)}" if stay.erased else "kept"
        span = f"{stay.first} to {stay.last}" if stay.first < stay.last else str(stay.first)
        cells = (
            Cell(swatch(stay.variable or shown_name("", stay.name), facts.variables)),
            text(stay.name),
            text(column_names(stay.columns).partition(" ")[2]),
            text(span),
            text(end),
        )
        rows.append(Row(cells, facts.variables.index(stay.variable)))
    return table(title, heads, rows)


def sizes_section(facts: Facts) -> str:
    """A row a level."""
    names = ("level", "layers", "width", "heads × size", "neurons", "parameters", "saved", "proof")
    numeric = names[1:-1]
    heads = [Cell(escaped(name), number=name in numeric) for name in names]
    rows = [_size_row(result, facts) for result in facts.levels]
    return table("Sizes at every level", heads, rows, "sizes")


def _size_row(result: LevelResult, facts: Facts) -> Row:
    tone = "reported" if result.level == facts.level else ""
    name = escaped(result.title)
    if result.model is None:
        refusal = f'<span class="refused">refused: {escaped(result.refusal)}</span>'
        return Row((Cell(name), *[Cell("–", number=True)] * 6, Cell(refusal)), tone=tone)
    size, before = result.model.size, facts.baseline.size
    share = 100 * size.parameters / max(before.parameters, 1)
    bar = f'<i class="bar" style="--share:{min(share, 100.0):.1f}%"></i>'
    cells = (
        Cell(name),
        number(size.layers),
        number(size.width),
        Cell(f"{size.heads} × {size.head_size}", number=True),
        number(size.neurons),
        Cell(f"{size.parameters:,}{bar}", number=True),
        Cell(_saved(result.model, facts), number=True),
        Cell(_certificate(result.model)),
    )
    return Row(cells, tone=tone)


def _saved(model: CompiledModel, facts: Facts) -> str:
    before = facts.baseline
    return "–" if model is before else saved(before.size.parameters, model.size.parameters)


def _certificate(model: CompiledModel) -> str:
    """Status, value and bound of each objective, solver and seed."""
    allocation = model.allocation
    status = f"<b>{escaped(allocation.status.value)}</b>"
    if allocation.solver == HEURISTIC:
        return "heuristic, no bound"
    pairs = zip(allocation.objective, allocation.value, allocation.bound, strict=False)
    bounds = ", ".join(
        f"{name.replace('_', ' ')} {value}{'' if value == bound else f' (≥ {bound})'}"
        for name, value, bound in pairs
    )
    gap = "" if allocation.gap == 0 else f", gap {allocation.gap:.1%}"
    solver = f"{allocation.solver}, seed {allocation.seed}"
    return f'{status}{gap} <span class="quiet">{escaped(bounds)}; {escaped(solver)}</span>'


def sublayers_section(facts: Facts) -> str:
    """Heads and neurons of the reported model, as a table too, and of the baseline."""
    title = f"Heads and neurons at level {facts.level}, as a table"
    parts = [
        picture_box(facts.picture("sublayers")),
        details(title, _uses_table(title, facts.model, facts)),
    ]
    if facts.baseline is not facts.model:
        level = f"level {facts.baseline.level}"
        picture = sublayers_picture(level, facts.baseline, facts.variables)
        parts.append(details(f"The same at {level}, for comparison", picture_box(picture)))
    return "\n".join(parts)


def _uses_table(title: str, model: CompiledModel, facts: Facts) -> str:
    heads = [text(h) for h in ("node", "size", "computes", "erases")]
    rows = []
    for use in uses(model):
        size = plural(use.amount, "neuron") if not use.head else f"{model.size.head_size} dims"
        computes = ", ".join(swatch(v, facts.variables) for v in use.variables) or "–"
        erased = dict.fromkeys((v or shown_name("", n)) for n, v in use.erases)
        erases = ", ".join(swatch(v, facts.variables) for v in erased) or "–"
        served = use.variables[0] if use.variables else ""
        cells = (text(use.name), text(size), Cell(computes), Cell(erases))
        rows.append(Row(cells, facts.variables.index(served)))
    return table(title, heads, rows)


def savings_section(facts: Facts) -> str:
    """What became of each variable, a row for each thing that was saved."""
    rows = facts.model.savings.rows
    if not rows:
        level = f"Level {facts.level}"
        return f"<p>{level} keeps one component, and dimensions for ever, for every variable.</p>"
    heads = [text(h) for h in ("what became of them", "variables, and how")]
    kinds = dict.fromkeys(
        row.kind for row in sorted(rows, key=lambda r: list(MEANING).index(r.kind))
    )
    body = [_saving_row(kind, [row for row in rows if row.kind is kind], facts) for kind in kinds]
    return table("What was saved, and how", heads, body, "savings")


def _saving_row(kind: SavingKind, rows: Sequence[Saving], facts: Facts) -> Row:
    """Variables of one kind; those with which the same was done stand together."""
    by_detail: dict[str, list[str]] = {}
    for row in rows:
        by_detail.setdefault(row.detail, []).append(row.variable)
    items = "".join(
        f"<li>{' '.join(_hot(label, facts) for label in dict.fromkeys(labels))} "
        f'<span class="quiet">{escaped(detail)}</span></li>'
        for detail, labels in by_detail.items()
    )
    count = len({row.variable for row in rows})
    badge = f'<span class="kind">{escaped(kind.value)}</span> <span class="quiet">{count}</span>'
    meaning = f'<span class="meaning quiet">{escaped(MEANING[kind])}</span>'
    return Row((Cell(badge + meaning), Cell(f"<ul>{items}</ul>")))


def _hot(label: str, facts: Facts) -> str:
    """A variable's name, highlighted with it."""
    index = facts.variables.index(label)
    variable = "" if index is None else f' data-v="{index}"'
    return f"<span{variable}>{swatch(label, facts.variables)}</span>"


def graph_section(facts: Facts) -> str:
    """The program graph, and its nodes as a table."""
    title = "S-ops of the program, as a table"
    heads = [text(h) for h in ("s-op", "kind", "reads", "written at")]
    rows = []
    for node in facts.model.program.graph.nodes:
        reads = dict.fromkeys(operation_reads(node.operation))
        where = node.source.replace("\\", "/").rpartition("/")[2]
        cells = (
            Cell(swatch(node.label, facts.variables)),
            text(kind_of(node)),
            Cell(", ".join(swatch(label, facts.variables) for label in reads) or "–"),
            text(where or "–"),
        )
        rows.append(Row(cells, facts.variables.index(node.label)))
    return picture_box(facts.picture("graph")) + details(title, table(title, heads, rows))


def options_sentence(facts: Facts) -> str:
    """How the models were made, so that they can be made again."""
    setting = facts.model.setting
    tokens = ", ".join(escaped(token) for token in setting.vocabulary[:40])
    more = len(setting.vocabulary) - 40
    tokens += f" and {more} more" if more > 0 else ""
    given = "".join(
        f"; {escaped(name.replace('_', ' '))}: {escaped(_option(value))}"
        for name, value in facts.options
        if value not in (None, "", (), {})
    )
    reading = "causal" if setting.causal else "full"
    return (
        f"Level {facts.level}; vocabulary: {tokens}; up to {setting.max_seq_len} tokens; "
        f"{reading} attention{given}"
    )


def _option(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {limit}" for name, limit in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)

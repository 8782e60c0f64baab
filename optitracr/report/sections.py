"""The sections on the models: streams, sizes, sublayers, savings, program graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from optitracr.architectures.classes import stock_class
from optitracr.candidates.savings import MEANING, Saving, SavingKind
from optitracr.compiled import CompiledModel
from optitracr.draw.codes import codes_of
from optitracr.draw.markup import attributes, escaped, joined, markup
from optitracr.draw.picture import Picture
from optitracr.draw.program_graph import kind_of
from optitracr.draw.residual import (
    CELL_HEIGHT,
    CELL_WIDTH,
    cell_size,
    plural,
    residual_picture,
    spans,
    sublayer_name,
)
from optitracr.draw.sublayers import sublayers_picture, uses
from optitracr.draw.svg import to_svg
from optitracr.draw.variables import shown_name
from optitracr.graph.program import operation_reads
from optitracr.model.layout import Tenancy, erased
from optitracr.report.facts import Facts
from optitracr.report.html import Cell, Row, number, swatch, table, text
from optitracr.report.levels import LevelResult
from optitracr.report.summary import saved
from solvers.allocation import LONGEST_PATH

SHOWN_TOKENS = 40
"""Tokens of the vocabulary that the footer names: about two lines of it."""


def picture_box(picture: Picture) -> Markup:
    """A picture in a box of its own that scrolls, and a line that says what is pointed at."""
    return markup(
        '<div class="scroll canvas" tabindex="0" role="region" aria-label="Picture: {}">{}</div>'
        '<p class="told" aria-live="polite"></p>',
        picture.title,
        to_svg(picture),
    )


def details(summary: str, content: Markup) -> Markup:
    """Something that is shown when asked for."""
    return markup("<details><summary>{}</summary>{}</details>", summary, content)


def residual_section(facts: Facts) -> Markup:
    """The streams side by side, and each as a table."""
    parts = [picture_box(facts.picture("residual"))]
    wide, tall = cell_size(facts.panels)
    if len(facts.panels) > 1 and (wide < CELL_WIDTH or tall < CELL_HEIGHT):
        panel = facts.panels[-1]
        enlarged = picture_box(residual_picture([panel], facts.variables))
        parts.append(markup("<h3>Level {} enlarged</h3>{}", facts.level, enlarged))
    for model in dict.fromkeys((facts.baseline.level, facts.level)):
        compiled = facts.levels[model].model
        if compiled is not None:
            title = f"{facts.levels[model].title}, dimension by dimension, as a table"
            parts.append(details(title, _stays_table(title, compiled, facts)))
    return joined(parts, "\n")


def _stays_table(title: str, model: CompiledModel, facts: Facts) -> Markup:
    names = ("variable", "held as", "dimensions", "what they carry", "alive at states", "then")
    heads = [text(head) for head in names]
    rows = []
    for stay in model.layout.tenancies:
        name = stay.variable.label
        end = f"erased by {sublayer_name(stay.end)}" if erased(stay, model.layout) else "kept"
        cells = (
            Cell(swatch(stay.holds or shown_name("", name), facts.variables)),
            text(name),
            text(spans(stay.columns)),
            text("; ".join(stay.names)),
            text(_states(stay)),
            text(end),
        )
        rows.append(Row(cells, facts.variables.index(stay.holds)))
    return table(title, heads, rows)


def _states(stay: Tenancy) -> str:
    """For instance "2 to 4"."""
    return f"{stay.birth} to {stay.end}" if stay.birth < stay.end else str(stay.end)


def sizes_section(facts: Facts) -> Markup:
    """A row a level."""
    names = ("level", "layers", "width", "heads × size", "neurons", "parameters", "saved", "proof")
    numeric = names[1:-1]
    heads = [Cell(escaped(name), number=name in numeric) for name in names]
    rows = [_size_row(result, facts) for result in facts.levels]
    own = table("Sizes at every level", heads, rows, "sizes")
    stock = stock_class(facts.model.options.architecture)
    return own if stock is None else joined([own, _published_sizes(stock.name, facts)], "\n")


def _published_sizes(stock: str, facts: Facts) -> Markup:
    """The same of the published transformers that the models are, with their norms."""
    names = ("level", "layers", "width", "heads × size", "neurons", "parameters")
    heads = [Cell(escaped(name), number=name in names[1:]) for name in names]
    rows = []
    for result in facts.levels:
        if result.model is not None:
            sizes = result.model.stock().sizes
            cells = (
                text(result.title),
                number(sizes.layers),
                number(sizes.width),
                Cell(escaped(f"{sizes.heads} × {sizes.head_size}"), number=True),
                number(sizes.neurons),
                number(sizes.parameters),
            )
            rows.append(Row(cells, tone="reported" if result.level == facts.level else ""))
    return table(f"Sizes of each as {stock}", heads, rows, "sizes")


def _size_row(result: LevelResult, facts: Facts) -> Row:
    tone = "reported" if result.level == facts.level else ""
    if result.model is None:
        refusal = markup('<span class="refused">refused: {}</span>', result.refusal)
        missing = [Cell(escaped("–"), number=True)] * 6
        return Row((text(result.title), *missing, Cell(refusal)), tone=tone)
    size, before = result.model.size, facts.baseline.size
    share = min(100 * size.parameters / max(before.parameters, 1), 100.0)
    bar = markup('<i class="bar" style="--share:{}%"></i>', f"{share:.1f}")
    cells = (
        text(result.title),
        number(size.layers),
        number(size.width),
        Cell(escaped(f"{size.heads} × {size.head_size}"), number=True),
        number(size.neurons),
        Cell(markup("{}{}", f"{size.parameters:,}", bar), number=True),
        Cell(escaped(_saved(result.model, facts)), number=True),
        Cell(_certificate(result.model)),
    )
    return Row(cells, tone=tone)


def _saved(model: CompiledModel, facts: Facts) -> str:
    before = facts.baseline
    return "–" if model is before else saved(before.size.parameters, model.size.parameters)


def _certificate(model: CompiledModel) -> Markup:
    """Status, value and bound of each objective, solver and seed."""
    allocation = model.allocation
    if allocation.solver == LONGEST_PATH:
        return Markup("heuristic, no bound")
    pairs = zip(allocation.objective, allocation.value, allocation.bound, strict=False)
    bounds = ", ".join(
        f"{name.replace('_', ' ')} {value}{'' if value == bound else f' (≥ {bound})'}"
        for name, value, bound in pairs
    )
    return markup(
        '<b>{}</b>{} <span class="quiet">{}; {}</span>',
        allocation.status.value,
        "" if allocation.gap == 0 else f", gap {allocation.gap:.1%}",
        bounds,
        f"{allocation.solver}, seed {allocation.seed}",
    )


def sublayers_section(facts: Facts) -> Markup:
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
    return joined(parts, "\n")


def _uses_table(title: str, model: CompiledModel, facts: Facts) -> Markup:
    heads = [text(h) for h in ("node", "size", "computes", "erases")]
    rows = []
    for use in uses(model):
        size = plural(use.amount, "neuron") if not use.head else f"{model.size.head_size} dims"
        erased = dict.fromkeys((v or shown_name("", n)) for n, v in use.erases)
        served = use.variables[0] if use.variables else ""
        computes, erases = _swatches(use.variables, facts), _swatches(erased, facts)
        rows.append(
            Row((text(use.name), text(size), computes, erases), facts.variables.index(served))
        )
    return table(title, heads, rows)


def _swatches(labels: Iterable[str], facts: Facts) -> Cell:
    """Variables' names with their colours, or a dash for none."""
    shown = joined((swatch(label, facts.variables) for label in labels), ", ")
    return Cell(shown or escaped("–"))


def points_section(facts: Facts) -> Markup:
    """Variables that are held as points, and each point as a row of a table."""
    drawn = picture_box(facts.picture("points"))
    codes = codes_of(facts.model)
    if not codes:
        return drawn
    title = f"Points at level {facts.level}, as a table"
    heads = [text(h) for h in ("variable", "dimensions", "alive at states", "points", "read by")]
    rows = [
        Row(
            (
                Cell(swatch(code.variable, facts.variables)),
                text(spans(code.stay.columns)),
                text(_states(code.stay)),
                text("; ".join(code.named())),
                text(code.readers().removeprefix("read by ")),
            ),
            facts.variables.index(code.variable),
        )
        for code in codes
    ]
    return joined((drawn, details(title, table(title, heads, rows))), "\n")


def savings_section(facts: Facts) -> Markup:
    """What became of each variable, a row for each thing that was saved."""
    rows = facts.model.savings.rows
    if not rows:
        return markup(
            "<p>Level {} keeps one component, and dimensions for ever, for every variable.</p>",
            facts.level,
        )
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
    items = joined(
        markup(
            '<li>{} <span class="quiet">{}</span></li>',
            joined((_hot(label, facts) for label in dict.fromkeys(labels)), " "),
            detail,
        )
        for detail, labels in by_detail.items()
    )
    badge = markup(
        '<span class="kind">{}</span> <span class="quiet">{}</span>'
        '<span class="meaning quiet">{}</span>',
        kind.value,
        len({row.variable for row in rows}),
        MEANING[kind],
    )
    return Row((Cell(badge), Cell(markup("<ul>{}</ul>", items))))


def _hot(label: str, facts: Facts) -> Markup:
    """A variable's name, highlighted with it."""
    variable = attributes(data_v=facts.variables.index(label))
    return markup("<span{}>{}</span>", variable, swatch(label, facts.variables))


def graph_section(facts: Facts) -> Markup:
    """The program graph, and its nodes as a table."""
    title = "S-ops of the program, as a table"
    heads = [text(h) for h in ("s-op", "kind", "reads", "written at")]
    rows = []
    for node in facts.model.program.graph.nodes:
        where = node.source.replace("\\", "/").rpartition("/")[2]
        cells = (
            Cell(swatch(node.label, facts.variables)),
            text(kind_of(node)),
            _swatches(dict.fromkeys(operation_reads(node.operation)), facts),
            text(where or "–"),
        )
        rows.append(Row(cells, facts.variables.index(node.label)))
    drawn = picture_box(facts.picture("graph"))
    return joined((drawn, details(title, table(title, heads, rows))))


def options_sentence(facts: Facts) -> Markup:
    """How the models were made, so that they can be made again."""
    setting = facts.model.setting
    tokens = ", ".join(map(str, setting.vocabulary[:SHOWN_TOKENS]))
    more = len(setting.vocabulary) - SHOWN_TOKENS
    tokens += f" and {more} more" if more > 0 else ""
    given = "".join(
        f"; {name.replace('_', ' ')}: {_option(value)}"
        for name, value in facts.options
        if name != "domain" and value not in (None, "", (), {})
    )
    given += f"; domain: {setting.domain}" if setting.domain is not None else ""
    reading = "causal" if setting.causal else "full"
    return escaped(
        f"Level {facts.level}; vocabulary: {tokens}; up to {setting.max_seq_len} tokens; "
        f"{reading} attention{given}"
    )


def _option(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {limit}" for name, limit in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)

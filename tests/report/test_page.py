"""The page: complete, well-formed, self-contained, escaped, the same bytes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import html5lib
import pytest
from markupsafe import escape

import optitracr
from optitracr import compile_rasp_to_model, library, load, make_report, rasp
from optitracr.errors import (
    EvaluationError,
    FileError,
    InfeasibleError,
    InputError,
    NotFoundError,
)
from optitracr.model.evidence import in_short
from optitracr.report.examples import Example
from optitracr.report.facts import PICTURES
from optitracr.report.report import Report
from tests.report.reports import report_of

XHTML = "{http://www.w3.org/1999/xhtml}"
SECTIONS = ("residual", "sizes", "sublayers", "points", "savings", "graph", "example")
VOID = {"meta", "link", "img", "br", "hr", "input"}


class Outline(HTMLParser):
    """Checks that tags nest, and collects ids, attributes and the text of scripts."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text: dict[str, list[str]] = {}
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.setdefault(self.open[-1] if self.open else "", []).append(data)


def strict(page: str) -> Any:
    """The page as a browser parses it, without a single parse error."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=True)
    tree = parser.parse(page)
    # html5lib knows neither light-dark() nor anything else of CSS; its errors are of markup.
    assert not parser.errors, parser.errors[:3]
    return tree


def self_contained(page: str) -> None:
    """Nothing on the page is fetched from elsewhere."""
    outline = Outline(page)
    for tag, name, value in outline.attributes:
        if name in ("src", "href", "action", "poster", "srcset", "data", "background"):
            assert value.startswith(("#", "data:")), (tag, name, value)
        assert not name.startswith("on"), (tag, name, value)
    style = "".join(outline.text["style"])
    assert "url(" not in style
    assert "@import" not in style
    script = "".join(outline.text["script"])
    for word in ("fetch(", "XMLHttpRequest", "import(", "WebSocket", "http://", "https://"):
        assert word not in script
    links = set(re.findall(r"https?://[^\s\"'<>]*", page))
    assert links <= {"http://www.w3.org/2000/svg"}


@pytest.mark.sweep
@pytest.mark.parametrize("name", library.names())
def test_every_library_program_has_a_report(name: str) -> None:
    """Without the solver, which costs the time and changes nothing of the page's making."""
    report = report_of(name, time_limit=0)
    page = report.html
    outline = Outline(page)
    assert len(set(outline.ids)) == len(outline.ids)
    assert set(SECTIONS) <= set(outline.ids)
    self_contained(page)
    assert 3 <= len(report.examples) <= 5
    assert all(all(example.agrees) for example in report.examples)
    assert page.count("<svg") >= 3 + len(report.examples) * bool(report.examples[0].patterns)


@pytest.mark.parametrize("name", ["reverse", "identity", "frac_prevs", "dyck2_ptf"])
def test_pages_are_valid_html(name: str) -> None:
    strict(report_of(name, time_limit=0).html)


def test_a_report_prints_in_a_line(reverse: Report) -> None:
    assert repr(reverse) == str(reverse) == "<Report on 'reverse': level 2, 2 layers, width 6>"


def test_it_says_what_was_saved_and_proven(reverse: Report) -> None:
    page = reverse.html
    before, after = reverse.levels[0].model, reverse.model
    assert before is not None
    assert "proven optimal" in page
    assert f"{before.size.parameters:,}" in page
    assert f"{after.size.parameters:,}" in page
    assert f"{before.size.width} →" in page
    assert "OPTIMAL" in page
    assert "all attention" not in page
    assert reverse.checked is not None
    known = reverse.checked
    assert known == reverse.model.proof
    told = "on every input" if known.proven else f"on {known.inputs:,} inputs"
    assert told in page
    for row in after.savings:
        assert escape(row.detail) in page


def test_examples_are_what_interpreter_and_model_compute(reverse: Report) -> None:
    for example in reverse.examples:
        values = dict(example.values)
        assert values["tokens"] == example.tokens
        assert values["reverse_8"] == tuple(reversed(example.tokens)) == example.decoded
        assert all(example.agrees)
    assert len({example.tokens for example in reverse.examples}) == 5
    data = json.loads("".join(_script_of(reverse.html, "data")))
    assert [entry["tokens"][1:] for entry in data["examples"]] == [
        list(example.tokens) for example in reverse.examples
    ]
    heads = [node for node in reverse.model.circuit.nodes if node.kind == "head"]
    assert len(data["heads"]) == len(heads)
    for entry in data["examples"]:
        assert len(entry["weights"]) == len(heads)
        assert all(sum(row) == pytest.approx(1, abs=0.01) for w in entry["weights"] for row in w)


def _script_of(page: str, identity: str) -> list[str]:
    tree = strict(page)
    return [
        node.text
        for node in tree.iter(f"{XHTML}script")
        if node.get("id") == identity and node.text
    ]


def test_a_wrong_output_would_be_shown_as_wrong(reverse: Report) -> None:
    good = reverse.examples[0]
    bad: Example = replace(good, agrees=(False, *good.agrees[1:]))
    assert "✗" not in reverse.html
    assert replace(reverse, examples=(bad,)).html.count("✗") == 1


HOSTILE_TOKENS = (
    "</script><script>alert(1)</script>",
    "<!--",
    "\"'&<b>",
    "日本語",
    "a\x00b\u202e",
    "$x^2$",
)


def hostile_program() -> rasp.SOp:
    first = rasp.Map(lambda x: x, rasp.tokens).named("</title><img src=x onerror=alert(1)>")
    here = rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.EQ)
    return rasp.Aggregate(here, first, default=None).named("</style>\"'&<é>$_{^")


def test_labels_and_tokens_mean_themselves(tmp_path: Path) -> None:
    report = make_report(hostile_program(), HOSTILE_TOKENS, 4, name="</h1><script>x</script>")
    page = report.html
    tree = strict(page)
    self_contained(page)
    assert len(list(tree.iter(f"{XHTML}script"))) == 3
    assert not list(tree.iter(f"{XHTML}img"))
    title = next(tree.iter(f"{XHTML}h1")).text
    assert title == "</h1><script>x</script>"
    shown = {"".join(option.itertext()) for option in tree.iter(f"{XHTML}option")}
    assert any("</script><script>alert(1)</script>" in text for text in shown)
    assert any("日本語" in text for text in shown)
    assert "\x00" not in page
    assert "\u202e" not in page
    data = json.loads(_script_of(page, "data")[0])
    assert any("<!--" in entry["tokens"] for entry in data["examples"])
    report.save(tmp_path / "hostile.html")
    for name in PICTURES:
        report.figure(name).savefig(tmp_path / f"{name}.png")


@pytest.mark.slow
def test_the_same_program_gives_the_same_bytes() -> None:
    """In processes of their own, whose string hashes differ."""
    code = (
        "import sys, hashlib\n"
        "from tests.report.reports import report_of\n"
        "for name in ('hist', 'shuffle_dyck1', 'frac_prevs'):\n"
        "    report = report_of(name)\n"
        "    print(hashlib.sha256(report.html.encode()).hexdigest())\n"
        "    print(hashlib.sha256(report._repr_html_().encode()).hexdigest())\n"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parent.parent.parent,
        ).stdout
        for seed in ("1", "2")
    ]
    assert outputs[0] == outputs[1]
    assert len(set(outputs[0].split())) == 6


def test_a_level_that_refuses_is_said_so() -> None:
    report = report_of("reverse", limits={"width": 15})
    assert [result.model is None for result in report.levels] == [True, True, False]
    page = report.html
    strict(page)
    assert page.count("refused:") == 2
    assert "width is 61, above 15" in page
    assert "width=15 would have to be at least 30" in page
    assert "limits: width 15" in page
    assert len(report.panels) == 1


def test_the_reported_level_raises() -> None:
    with pytest.raises(InfeasibleError, match="at least 2"):
        report_of("reverse", limits={"layers": 1})
    with pytest.raises(InfeasibleError, match="longest paths"):
        report_of("reverse", optimize=0, limits={"width": 14})
    with pytest.raises(InputError, match="levels are"):
        report_of("reverse", optimize=7)


@pytest.mark.parametrize("level", [0, 1])
def test_other_levels_can_be_reported(level: int) -> None:
    report = report_of("hist", optimize=level)
    page = report.html
    strict(page)
    assert report.model.level == level
    assert f"Level {level}" in page
    assert ("heuristic</span>" in page) == (level == 0)


def test_unproven_sizes_are_called_so() -> None:
    report = report_of("hist", time_limit=0)
    assert "proven optimal" not in report.html
    assert "nothing is proven of the size" in report.html
    assert "best found" in report.html


def test_options_reach_the_compiler() -> None:
    report = report_of("hist", without="circles", check=False)
    assert report.checked is None
    assert "not compared with the interpreter" in report.html
    assert "without: circles" in report.html


def test_examples_can_be_given() -> None:
    report = report_of("reverse", examples=[["a", "b"], ["c"]])
    assert [example.decoded for example in report.examples] == [("b", "a"), ("c",)]
    with pytest.raises(InputError, match="not in the vocabulary"):
        report_of("reverse", examples=[["z"]])
    with pytest.raises(NotFoundError, match="no example 2"):
        report.picture("attention", 2)


def test_a_program_that_is_undefined_somewhere() -> None:
    """Examples are inputs on which it is defined: here the mean of one token only."""
    everyone = rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.TRUE)
    single = rasp.Aggregate(everyone, rasp.tokens, default=None).named("only")
    report = make_report(single, {"a", "b"}, 2)
    strict(report.html)
    assert {example.tokens for example in report.examples} == {("a",), ("b",)}
    assert "on 4 more the program is undefined" in report.html
    with pytest.raises(EvaluationError):
        make_report(single, {"a", "b"}, 2, examples=[["a", "b"]])


def test_a_report_without_examples_is_still_a_page(reverse: Report) -> None:
    bare = replace(reverse, examples=())
    strict(bare.html)
    assert "undefined on every input that was tried" in bare.html
    with pytest.raises(NotFoundError, match="no example 0"):
        bare.picture("attention")


def test_pictures_are_named(reverse: Report) -> None:
    for name in PICTURES:
        assert reverse.picture(name).name == name
        assert reverse.figure(name).axes
    with pytest.raises(NotFoundError, match="residual, sublayers, points, graph, attention"):
        reverse.picture("nothing")


def test_page_and_figure_are_the_same_picture(reverse: Report) -> None:
    picture = reverse.picture("residual")
    axis = reverse.figure("residual").axes[0]
    texts = [
        shape.text for mark in picture.marks for shape in mark.shapes if hasattr(shape, "text")
    ]
    assert [text.get_text() for text in axis.texts] == texts
    page = reverse.html
    assert all(f">{text}</text>" in page for text in texts)


def test_saving_is_all_or_nothing(reverse: Report, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("before")
    reverse.save(path)
    assert path.read_text(encoding="utf-8") == reverse.html
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(FileError, match=r"it is a folder; name another file$"):
        reverse.save(tmp_path)
    with pytest.raises(FileError, match=r"No such file or directory; name another file$"):
        reverse.save(tmp_path / "missing" / "page.html")
    with pytest.raises(FileError, match=r"name another file$"):
        reverse.save(path / "page.html")
    assert list(tmp_path.iterdir()) == [path]


def test_a_report_in_a_notebook_is_the_page_in_a_frame(reverse: Report) -> None:
    fragment = html5lib.parseFragment(reverse._repr_html_())
    frames = list(fragment.iter(f"{XHTML}iframe"))
    assert len(frames) == 1
    assert frames[0].get("srcdoc") == reverse.html


@pytest.mark.parametrize("name", ["reverse", "identity", "frac_prevs"])
@pytest.mark.parametrize("level", [0, 2])
def test_a_model_in_a_notebook_is_a_card(name: str, level: int, tmp_path: Path) -> None:
    entry = library.get(name)
    model = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len, optimize=level)
    card = model._repr_html_()
    html5lib.HTMLParser(strict=True).parseFragment(card)
    assert "<script" not in card
    assert "<style" not in card
    assert "var(" not in card
    assert f"width {model.size.width}" in card
    assert "proven optimal" in card
    assert ("not proven optimal" in card) == (level == 0)
    model.save(tmp_path / "model")
    loaded = load(tmp_path / "model")
    again = loaded._repr_html_()
    html5lib.HTMLParser(strict=True).parseFragment(again)
    assert again.count("<rect") == card.count("<rect")
    for shown in (card, again):
        assert in_short(model.proof) in shown


def test_hostile_names_in_a_card() -> None:
    model = compile_rasp_to_model(hostile_program(), HOSTILE_TOKENS, 3)
    card = html5lib.HTMLParser(strict=True).parseFragment(model._repr_html_())
    assert not list(card.iter(f"{XHTML}img"))
    assert not list(card.iter(f"{XHTML}script"))


def test_the_package_carries_the_page() -> None:
    folder = Path(optitracr.__file__).parent / "report"
    assert {path.name for path in folder.glob("page.*")} == {
        "page.html",
        "page.css",
        "page.js",
        "page.py",
    }


@pytest.mark.slow
def test_importing_loads_no_report() -> None:
    code = "import optitracr, sys; print('optitracr.report' in sys.modules, optitracr.make_report)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("False <function make_report")

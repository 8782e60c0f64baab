"""The site builds without a warning and without a network, and says all that there is to say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from sphinx.util.inventory import InventoryFile

from tests.docs.pages import DOCS, NOTEBOOKS, PAGES, ROOT
from tests.docs.public import public_names

NO_NETWORK = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY"), "http://127.0.0.1:9")


@pytest.mark.slow
def test_the_site(tmp_path: Path) -> None:
    """One build for all that is asked of it, since notebooks run in it."""
    site = tmp_path / "site"
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    done = subprocess.run(
        [*command, str(DOCS), str(site)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **NO_NETWORK},
    )
    assert done.returncode == 0, done.stderr + done.stdout
    for source in (*PAGES, *NOTEBOOKS):
        assert (site / source.relative_to(DOCS).with_suffix(".html")).is_file()
    _check_links(site)
    _check_reference(site)
    notebook = (site / "tutorials" / "first_model.html").read_text()
    assert "true positive rate" in notebook
    assert "<img" in notebook
    notebook = (site / "tutorials" / "trained_hosts.html").read_text()
    # The compiled GPT-2 itself and in each of four tools; in one its stream is read as well.
    assert notebook.count("[1, 1, 2, 2, 1, 0]") == 6
    assert "[1, 2, 3, 2, 2, 1]" in notebook


def _check_links(site: Path) -> None:
    """Every link within the site leads somewhere, and nothing is loaded from elsewhere."""
    pages = {path: path.read_text() for path in site.rglob("*.html")}
    anchors = {path: set(re.findall(r'\bid="([^"]+)"', text)) for path, text in pages.items()}
    for path, text in pages.items():
        loaded = re.findall(r'<(?:script|link|img)\b[^>]*?(?:src|href)="(https?:[^"]*)"', text)
        assert not loaded, f"{path} loads {loaded}"
        for link in re.findall(r'<a\b[^>]*?href="([^"]*)"', text):
            if re.match(r"[a-z]+:", link):
                continue
            file, anchor = urldefrag(unquote(link))
            target = (path.parent / file).resolve() if file else path
            assert target.exists(), f"{path} links to {link}"
            if anchor and target in anchors:
                assert anchor in anchors[target], f"{path} links to {link}"


def _check_reference(site: Path) -> None:
    """Every public name is on a page of the reference."""
    inventory = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="")
    listed = {
        name for kind, names in inventory.data.items() if kind.startswith("py:") for name in names
    }
    missing = sorted(public_names() - listed)
    assert not missing, f"add to docs/api/: {', '.join(missing)}"

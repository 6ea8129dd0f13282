"""The documentation is one site: it builds, every page is in it, every link leads somewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.environment import CHECKOUT
from tools.docs.contents import HOME, PAGES, contents, pages
from tools.docs.site import dead_links


def test_the_site_builds_without_a_warning_or_a_dead_link(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.docs.site", tmp_path / "site"],
        check=False,
        cwd=CHECKOUT,
        # Sphinx imports our modules by their full names.
        env=dict(os.environ) | {"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    built = {file.relative_to(tmp_path / "site") for file in (tmp_path / "site").rglob("*.html")}
    assert {page.relative_to(CHECKOUT).with_suffix(".html") for page in pages(CHECKOUT)} <= built


def test_every_page_is_in_the_menu() -> None:
    listed = re.findall(r"^/(\S+)$", contents(CHECKOUT), re.MULTILINE)
    assert len(listed) == len(set(listed))
    there = {str(page.relative_to(CHECKOUT).with_suffix("")) for page in pages(CHECKOUT)}
    assert set(listed) | {HOME} == there
    assert PAGES


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<a href="b.html#there"></a><a href="b.html#nowhere"></a><a href="#top"></a><p id="top">'
        '<a href="c.html"></a><a href="http://example.com"></a><a href="https://example.com">'
        '<img src="gone.svg">'
    )
    (tmp_path / "b.html").write_text('<h2 id="there">')
    assert sorted(dead_links(tmp_path)) == [
        "a.html: b.html#nowhere",
        "a.html: c.html",
        "a.html: gone.svg",
        "a.html: http://example.com",
    ]

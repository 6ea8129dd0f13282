"""
How Sphinx makes the site: every Markdown page of the checkout, as it stands on a code host.

`make docs` runs it. The source folder is the checkout itself, so that a link from a page to the
README or to an example is the same link in both places. What fails to resolve is an error.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tools.docs.contents import HOME, PAGES, contents

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "gitlease"
html_title = "gitlease"
extensions = ["myst_parser"]
root_doc = HOME
include_patterns = PAGES
# Whole folders that hold no page: the walk does not go into them.
exclude_patterns = [".*", "build", "dist", "examples", "requirements", "src", "tests", "tools"]

# As a code host names them, for links such as `page.md#a-heading`.
myst_heading_anchors = 4
# A decision is named by a folder's link; the list of them is in the menu.
nitpicky = True

html_theme = "furo"
html_theme_options = {"sidebar_hide_name": False}
html_copy_source = False
html_show_sourcelink = False
html_additional_pages = {"index": "forward.html"}
templates_path = ["templates"]
# The words of a console are no language that has keywords worth a colour.
highlight_language = "none"


def setup(app: Sphinx) -> None:
    """Let Sphinx ask us for the menu: it is made of the pages that are there."""
    app.connect("source-read", _add_menu)


def _add_menu(app: Sphinx, page: str, source: list[str]) -> None:
    if page == HOME:
        source[0] += contents(Path(app.srcdir))

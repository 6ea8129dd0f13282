"""Which pages the site has, and the menu beside them; a page that is added is in it by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HOME = "docs/index"
PAGES = ["*.md", "docs/*.md", "docs/*/*.md"]
# Chapter: its pages in the order of reading; what a pattern finds besides follows by name.
CHAPTERS = {
    "Start": ["README.md", "docs/tutorial.md"],
    "How to": ["docs/howto/*.md"],
    "Reference": ["docs/reference/*.md"],
    "Understand": ["docs/architecture.md", "docs/threat-model.md", "docs/*.md"],
    "Decisions": ["docs/decisions/*.md"],
    "The project": ["*.md"],
}


def pages(checkout: Path) -> list[Path]:
    """Return every page of the site below *checkout*."""
    return sorted(file for pattern in PAGES for file in checkout.glob(pattern))


def contents(checkout: Path) -> str:
    """Return the menu as Sphinx's tables of contents, in Markdown."""
    text, listed = "", {checkout / f"{HOME}.md"}
    for chapter, patterns in CHAPTERS.items():
        names = []
        for pattern in patterns:
            for file in sorted(checkout.glob(pattern)):
                if file not in listed:
                    listed.add(file)
                    names.append(f"/{file.relative_to(checkout).with_suffix('')}")
        text += "\n```{toctree}\n:hidden:\n:caption: " + chapter + "\n\n"
        text += "".join(f"{name}\n" for name in names) + "```\n"
    return text

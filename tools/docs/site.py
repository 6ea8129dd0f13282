"""
Build the site into a folder, and look for dead links in what was built.

`python -m tools.docs.site [FOLDER]`; the default is `build/site`. Exit codes: 0 built and whole, 1
not. Warnings are errors. Nothing is asked of a network: links that lead elsewhere are judged by
their form.
"""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

CHECKOUT = Path(__file__).parents[2]
BUILT = CHECKOUT / "build" / "site"


def build(target: Path) -> None:
    """Build the site into *target*; raise CalledProcessError if a page is not in order."""
    words = ["-b", "html", "-c", str(Path(__file__).parent), "-d", f"{target}.cache"]
    words += ["--fail-on-warning", "--keep-going", "--quiet", str(CHECKOUT), str(target)]
    subprocess.run([sys.executable, "-m", "sphinx", *words], check=True, cwd=CHECKOUT)


def dead_links(site: Path) -> list[str]:
    """Return each link of the built pages in *site* that leads nowhere, as `page: link`."""
    pages = {file.resolve(): _Page.read(file) for file in site.rglob("*.html")}
    return [
        f"{file.relative_to(site.resolve())}: {link}"
        for file, page in pages.items()
        for link in page.links
        if not _leads_somewhere(file, link, pages)
    ]


def _leads_somewhere(file: Path, link: str, pages: dict[Path, _Page]) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return parts.scheme in {"https", "mailto", "data"} and (
            parts.scheme != "https" or "." in parts.netloc
        )
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if not target.is_file():
        return False
    if not parts.fragment or target not in pages:
        return True
    return unquote(parts.fragment) in pages[target].names


class _Page(HTMLParser):
    """What a page links to, and the places in it that have a name."""

    def __init__(self) -> None:
        super().__init__()
        self.links: set[str] = set()
        # Every browser knows the empty fragment as the top.
        self.names = {""}

    @classmethod
    def read(cls, file: Path) -> _Page:
        """Return what the page in *file* has."""
        page = cls()
        page.feed(file.read_text("utf-8"))
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a link or a name."""
        del tag
        given = dict(attrs)
        self.links |= {link for name in ("href", "src") if (link := given.get(name))}
        self.names |= {name for name in (given.get("id"),) if name}


def main(folder: Path) -> int:
    """Build into *folder* and check; print what is dead, and return the exit code."""
    try:
        build(folder)
    except subprocess.CalledProcessError:
        print("the site is not whole: see above", file=sys.stderr)
        return 1
    dead = dead_links(folder)
    for line in dead:
        print(f"dead link: {line}", file=sys.stderr)
    if not dead:
        print(folder / "index.html")
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else BUILT))

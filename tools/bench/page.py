"""
Make docs/performance.md and its pictures from what `make bench` has measured.

``python -m tools.bench.page bench.json`` writes them; nothing on the page is written by hand.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.bench import bars, lines
from tools.bench.chapters import CHAPTERS, Chapter
from tools.bench.figure import Row
from tools.bench.table import VERDICTS, cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

CHECKOUT = Path(__file__).parents[2]
TOP = """# Performance

What gitlease costs, and what others cost that do the same, measured on one machine in one run by
`make bench`, which also wrote this page. Run it again with `make bench`;
`make bench JOURNAL=10000000` also fills a journal with so many records, which takes a few gigabytes
and some minutes more.

* Whatever is compared runs by turns, in an order drawn anew each time, so that a machine's moods
  fall on all alike.
* A ratio is one median by the other: 0.5 is half their time. Beside it are both medians, with their
  quartiles, in milliseconds.
* A goal is a ratio where it can be, since that depends less on the machine. It is judged here and
  asserted nowhere: a busy machine is no defect.
* GitHub is gitlease's own emulator on loopback, so no network is in any figure.
"""
HEAD = ("what", "against", "measured", "goal", "", "ms: median (quartiles)", "the other's, ms")


def write(report: Mapping[str, Any], folder: Path) -> Path:
    """Write the page of *report* into *folder*, its pictures beside it; return the page."""
    pictures = folder / "performance"
    pictures.mkdir(parents=True, exist_ok=True)
    for old in pictures.glob("*.svg"):
        old.unlink()
    found: dict[str, list[Row]] = {}
    for row in report["rows"]:
        found.setdefault(row["chapter"], []).append(Row.of_json(row))
    parts = [TOP, *_machine(report), *_goals(found, pictures)]
    for chapter in CHAPTERS:
        parts += _chapter(chapter, found.get(chapter.title, []), pictures)
    page = folder / "performance.md"
    page.write_text("\n".join(parts))
    return page


def _machine(report: Mapping[str, Any]) -> Iterator[str]:
    yield "## The machine\n"
    if report["quick"]:
        yield "A quick run, which only shows that everything works: **its figures mean nothing.**\n"
    yield "| | |\n|---|---|"
    for name, value in report["machine"].items():
        yield f"| {_plain(name)} | {_plain(value)} |"
    yield ""


def _goals(found: Mapping[str, Sequence[Row]], pictures: Path) -> Iterator[str]:
    aimed = [row for rows in found.values() for row in rows if row.goal is not None]
    yield "## The goals\n"
    yield f"{sum(row.met is True for row in aimed)} of {len(aimed)} are met.\n"
    yield from _table(("what", "against", "measured", "goal", ""), aimed)
    for chapter in CHAPTERS:
        for row in found.get(chapter.title, []):
            if row.met is False:
                yield f"* **{_plain(_named(row))}**: missed. {_why(chapter, row)}"
    yield ""
    shares = [row for row in aimed if row.subject and row.goal and row.goal.sign == "<="]
    yield _picture(pictures, "goals", "Our time as a share of theirs", shares)


def _why(chapter: Chapter, row: Row) -> str:
    for begins, why in chapter.missed.items():
        if _named(row).startswith(begins):
            return f"{why[0].upper()}{why[1:]}."
    return "Why is not known yet."


def _chapter(chapter: Chapter, rows: Sequence[Row], pictures: Path) -> Iterator[str]:
    yield f"## {chapter.title}\n\n{chapter.words.strip()}\n"
    if not rows:
        yield "Nothing was measured: a program that this takes is not installed there.\n"
        return
    for plot, axis in chapter.plots.items():
        drawn: dict[str, list[lines.Mark]] = {}
        for row in rows:
            if row.point and row.point.plot == plot and row.subject:
                times = (row.subject.median, row.subject.low, row.subject.high)
                mark = lines.Mark(row.point.x, *(1000 * time for time in times))
                drawn.setdefault(row.point.line, []).append(mark)
        (pictures / f"{plot}.svg").write_text(lines.draw(chapter.title, axis, drawn))
        yield f"![{chapter.title}](performance/{plot}.svg)\n"
    ratios = [row for row in rows if row.subject and row.rival and not row.point]
    if len(ratios) > 4:
        yield _picture(pictures, "peers", "Our time as a share of theirs", ratios)
    yield from _table(HEAD, rows)
    yield ""


def _picture(pictures: Path, name: str, title: str, rows: Sequence[Row]) -> str:
    found = [
        bars.Bar(row.what, row.against, row.measured, row.goal.value if row.goal else None)
        for row in rows
    ]
    axis = "share of the other's time; the stroke is the goal"
    (pictures / f"{name}.svg").write_text(bars.draw(title, axis, found))
    return f"![{title}](performance/{name}.svg)\n"


def _named(row: Row) -> str:
    return f"{row.what} against {row.against}" if row.against else row.what


def _table(head: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |\n|{'---|' * len(head)}"
    for row in rows:
        words = [_plain(cell) for cell in cells(row)[: len(head)]]
        words[4] = {VERDICTS[False]: "**missed**"}.get(words[4], words[4])
        yield f"| {' | '.join(words)} |"
    yield ""


def _plain(text: str) -> str:
    """Return *text* so that no part of it is taken for markup."""
    return re.sub(r"([|<>*_`\\])", r"\\\1", text)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser("python -m tools.bench.page", description=__doc__)
    parser.add_argument("report", type=Path, help="what `make bench` wrote: bench.json")
    parser.add_argument("--into", type=Path, default=CHECKOUT / "docs", metavar="FOLDER")
    arguments = parser.parse_args()
    write(json.loads(arguments.report.read_text()), arguments.into)


if __name__ == "__main__":
    main()

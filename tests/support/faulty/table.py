"""Write down what each fault did: the tables of docs/faults.md."""

import os
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.faulty.scene import Answer
from tools.bench import machine

BEGIN, END = "<!-- made by `make faults` -->", "<!-- the end of what it makes -->"
_FOR_WHOM = re.compile(r"^gitlease: no token for \S+ \([^)]*\): ")


@dataclass(frozen=True)
class Row:
    """What *fault* did in the *way*: to who had no token, to who had one, and afterwards."""

    way: str
    fault: str
    absent: Answer
    cached: Answer
    recovered: float


def write(file: Path, rows: Iterable[Row]) -> None:
    """Put the tables of *rows* in *file*, in the place of those that are there."""
    head, _, rest = file.read_text().partition(BEGIN)
    tail = rest.partition(END)[2]
    made = "\n".join([BEGIN, *_pages(list(rows)), "", END])
    file.write_text(head + made + tail)


def _pages(rows: list[Row]) -> Iterator[str]:
    about = machine.describe()
    yield ""
    yield f"Made on {time.strftime('%Y-%m-%d', time.gmtime())}, on {about['cores']} cores of"
    yield f"{about['cpu']}, {about['system']}, Python {about['python']}, {about['git']},"
    yield f"at a load of {os.getloadavg()[2]:.0f}."
    for way in dict.fromkeys(row.way for row in rows):
        yield ""
        yield f"## From {way}"
        yield ""
        yield "| fault | answer, s | what the user gets | with a token, s | back, s |"
        yield "|---|---|---|---|---|"
        for row in rows:
            if row.way == way:
                yield _line(row)


def _line(row: Row) -> str:
    return (
        f"| {row.fault} | {row.absent.seconds:.1f} | {_said(row.absent)} "
        f"| {row.cached.seconds:.1f} | {row.recovered:.1f} |"
    )


def _said(answer: Answer) -> str:
    if answer.found:
        return "a token" if not answer.found.startswith("what") else answer.found
    if not answer.lines:
        return "git waits on"
    said = _FOR_WHOM.sub("", " ".join(answer.lines))
    said = re.sub(r"(?:127\.0\.0\.1|broker\.test|api\.github\.com)(?::\d+)?", "HOST", said)
    return re.sub(r"(port|after) \d+", r"\1 …", said).replace("|", "\\|")

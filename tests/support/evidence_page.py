"""The page of evidence, docs/evidence.md."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tools.bench import machine

DOCS = Path(__file__).parents[2] / "docs"
MORE = {
    "figures": "performance.md",
    "faults on the wire": "faults.md",
    "fuzzing": "fuzzing.md",
    "recovery": "recovery.md",
    "an hour of a fleet": "soak.md",
}


@dataclass
class Evidence:
    """
    What a run has shown of *guarantees* (by name, as the README words them).

    `holds` counts the cases of each test that holds a guarantee; `tried` the inputs by what they
    were and by test; `survived` the faults likewise.
    """

    guarantees: Mapping[str, str]
    passed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    holds: dict[str, Counter[str]] = field(init=False)
    tried: Counter[tuple[str, str]] = field(default_factory=Counter)
    survived: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.holds = {name: Counter() for name in self.guarantees}


def page(evidence: Evidence) -> str:
    """Return the whole page."""
    return "\n".join(
        [
            *_head(evidence),
            *_guarantees(evidence),
            *_tried(evidence),
            *_survived(evidence),
            *_figures(),
        ]
    )


def _head(evidence: Evidence) -> Iterator[str]:
    about = machine.describe()
    day = time.strftime("%Y-%m-%d", time.gmtime())
    yield "# Evidence"
    yield ""
    yield "Made by `make evidence`, which runs all tests and then writes this page; do not edit it."
    yield ""
    yield f"The run of {day} on {about['cores']} cores of {about['cpu']}, {about['system']},"
    yield f"Python {about['python']}, {about['git']}: {evidence.passed:,} tests passed, none"
    yield f"failed, {evidence.skipped:,} skipped, in {evidence.seconds / 60:.0f} minutes."
    yield ""
    there = [f"[{words}]({file})" for words, file in MORE.items() if (DOCS / file).exists()]
    yield f"What takes longer than a test may is in pages of its own: {', '.join(there)}."


def _guarantees(evidence: Evidence) -> Iterator[str]:
    yield ""
    yield "## The guarantees, and the tests that hold them"
    for name, words in evidence.guarantees.items():
        yield ""
        yield f"### {words.rstrip('.')}"
        yield ""
        yield "| test | cases |"
        yield "|---|---|"
        for test, cases in sorted(evidence.holds[name].items()):
            yield f"| {_linked(test)} | {cases} |"


def _tried(evidence: Evidence) -> Iterator[str]:
    yield ""
    yield f"## Inputs tried: {sum(evidence.tried.values()):,}"
    yield ""
    yield "| what | inputs | test |"
    yield "|---|---|---|"
    for (what, test), count in sorted(evidence.tried.items()):
        yield f"| {what} | {count:,} | {_linked(test)} |"


def _survived(evidence: Evidence) -> Iterator[str]:
    yield ""
    yield f"## Faults survived: {len(evidence.survived):,}"
    yield ""
    yield "| fault | test |"
    yield "|---|---|"
    for fault, test in sorted(evidence.survived):
        yield f"| {fault} | {_linked(test)} |"
    yield ""


def _linked(test: str) -> str:
    file, _, name = test.partition("::")
    return f"[`{name}`](../{file})"


def _figures() -> Iterator[str]:
    """Yield the goals as `make bench` has met them, from the page that it has written."""
    page = DOCS / MORE["figures"]
    if page.exists():
        goals = page.read_text().partition("## The goals\n")[2].partition("\n![")[0]
        yield "## The figures"
        yield goals.rstrip()
        yield ""
        yield f"[All of them]({MORE['figures']}), with the machine and how each was taken."
        yield ""

"""
What a run of the tests shows: guarantees and who holds them, inputs tried, faults survived.

``pytest --evidence FILE`` writes it down as a page, if nothing failed.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.evidence_page import Evidence, page

if TYPE_CHECKING:
    from collections.abc import Callable

# The README's guarantees by a short name: `@pytest.mark.guarantee("expiry")` says that a test holds
# one of them.
GUARANTEES = {
    "expiry": "An expired token is never printed",
    "host": "A token goes to the configured host only",
    "scope": "A scope is never widened.",
    "renewal": "A valid token is not taken away by a failed renewal",
    "one-fetch": "Any number of equal requests cause one fetch",
    "journal": "No lease without a record",
    "secrets": "No secret in argv, logs, git config or error messages.",
}

if TYPE_CHECKING:
    Tried = Callable[[str, int], None]
    Survived = Callable[[str], None]
else:
    Tried = Survived = object


@pytest.fixture
def tried(record_property: Callable[[str, object], None]) -> Tried:
    """Put on record how many inputs a test tried: ``tried("requests to the helper", 9000)``."""

    def record(what: str, count: int) -> None:
        record_property("tried", [what, count])

    return record


@pytest.fixture
def survived(record_property: Callable[[str, object], None]) -> Survived:
    """Put on record a fault that was made on purpose and survived: ``survived("disk full")``."""

    def record(fault: str) -> None:
        record_property("survived", fault)

    return record


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--evidence", metavar="FILE", type=Path, help="write a page of evidence")


def pytest_configure(config: pytest.Config) -> None:
    # With xdist the workers report to the controller, which alone sees all.
    if config.getoption("evidence") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Writer(config.getoption("evidence")))


def pytest_runtest_setup(item: pytest.Item) -> None:
    # A report carries no marks, but it carries these from the workers to the controller.
    for mark in item.iter_markers("guarantee"):
        [name] = mark.args
        if name not in GUARANTEES:
            pytest.fail(f"there is no guarantee {name!r}: see tests/support/evidence.py")
        item.user_properties.append(("guarantee", name))


class Writer:
    """Collects the reports of a run, and writes the page to *file*."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._began = time.time()
        self._evidence = Evidence(GUARANTEES)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._evidence.skipped += report.skipped
        if report.when != "call" or not report.passed:
            return
        self._evidence.passed += 1
        for name, value in report.user_properties:
            self._note(report.nodeid, name, value)

    def _note(self, nodeid: str, name: str, value: Any) -> None:
        test = nodeid.partition("[")[0]
        match name:
            case "guarantee":
                self._evidence.holds[value][test] += 1
            case "tried":
                what, count = value
                self._evidence.tried[what, test] += count
            case "survived":
                self._evidence.survived[str(value), test] += 1

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if exitstatus == pytest.ExitCode.OK:
            self._evidence.seconds = time.time() - self._began
            self._file.write_text(page(self._evidence))

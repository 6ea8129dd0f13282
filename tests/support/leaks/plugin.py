"""
Let every run of the tests fail in which a secret came to light where it must not be.

With pytest-xdist each worker keeps a ledger, and the controller searches all of them at the end.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.support.environment import CHECKOUT
from tests.support.leaks.eyes import open_eyes
from tests.support.leaks.ledger import Ledger, current, use
from tests.support.leaks.search import Outcome, search

OUTCOME = pytest.StashKey[Outcome]()
_FOLDER = "leaks_folder"


def pytest_configure(config: pytest.Config) -> None:
    """Open this process's ledger; the one that began the run makes the folder and the sampler."""
    worker = getattr(config, "workerinput", None)
    watch = Watch(config, None if worker is None else Path(worker[_FOLDER]))
    config.pluginmanager.register(watch, "leaks-watch")


class Watch:
    """The eyes of one process of the run."""

    def __init__(self, config: pytest.Config, folder: Path | None) -> None:
        self._is_first = folder is None
        self._config = config
        self._folder = folder or Path(tempfile.mkdtemp(prefix="leaks-"))
        self._patch = pytest.MonkeyPatch()
        self._before = use(Ledger(self._folder))
        open_eyes(self._patch)
        self._sampler: subprocess.Popen[bytes] | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker where the ledgers are."""
        node.workerinput[_FOLDER] = str(self._folder)

    def pytest_sessionstart(self) -> None:
        """Start to look at processes."""
        if self._is_first:
            words = [
                sys.executable,
                "-m",
                "tests.support.leaks.sampler",
                str(os.getpid()),
                str(self._folder),
            ]
            self._sampler = subprocess.Popen(words, stdin=subprocess.PIPE, cwd=CHECKOUT)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Know which test it is, and what places it says that it plants secrets in."""
        current().begin(item.nodeid)
        patterns = [str(mark.args[0]) for mark in item.iter_markers("plants")]
        if patterns:
            with (self._folder / f"{os.getpid()}.planted").open("a") as file:
                file.write(json.dumps({"test": item.nodeid, "planted": patterns}) + "\n")
        result = yield
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """Read the test's folders once all in it has ended."""
        given = getattr(item, "funcargs", {})
        folders = [given[name] for name in ("tmp_path", "home") if name in given]
        result = yield
        current().keep(*folders)
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Read what was printed and logged in a test, in the process that it ran in."""
        if not hasattr(report, "node"):
            for name, text in report.sections:
                current().saw(name, text.encode(errors="replace"), report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Search, where the run has its end; a leak fails it."""
        current().begin("")
        if not self._is_first:
            return
        if self._sampler is not None:
            self._sampler.communicate(timeout=60)
        current().keep(*CHECKOUT.glob("core*"))
        outcome = session.config.stash[OUTCOME] = search(self._folder)
        if outcome.leaks and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what was looked for, and each leak."""
        outcome = self._config.stash.get(OUTCOME, None)
        if outcome is None:
            return
        for leak in outcome.leaks:
            terminalreporter.write_line(f"LEAKED {leak}", red=True)
        terminalreporter.write_line(summary(outcome))

    def pytest_unconfigure(self) -> None:
        """Close the eyes."""
        use(self._before).close()
        self._patch.undo()
        if self._is_first:
            shutil.rmtree(self._folder, ignore_errors=True)


def summary(outcome: Outcome) -> str:
    """Return one line about *outcome*."""
    size = outcome.size / 1e6
    found = f"{len(outcome.leaks)} leaked" if outcome.leaks else "none leaked"
    return (
        f"{outcome.secrets} secrets were looked for in {outcome.places} places ({size:.0f} MB) "
        f"in {outcome.took:.1f} s: {found}"
    )

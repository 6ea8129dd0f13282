"""
A broker that stops in the middle of a lease, where a test says, and waits to be killed.

``python -m tests.support.stopping_broker`` is `gitlease` but for this: a worker of the broker stops
at the step whose name is in the file `order` of its data folder, once, and renames the file to
`obeyed`.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from granian import Granian

from gitlease import cli
from gitlease.broker import server
from gitlease.broker.connections import Application
from gitlease.broker.ledger import Ledger
from gitlease.broker.minters import GitHubMinter
from gitlease.broker.settings import load
from gitlease.broker.store import journal_writes
from gitlease.broker.store.tokens import Tokens
from tests.support.environment import CHECKOUT

PROGRAM = (sys.executable, "-m", "tests.support.stopping_broker")
ENV = {"PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'src'}"}
# Step: whose function it is at, and whether the step is before the function's work or after it.
STEPS: dict[str, tuple[Any, str, str]] = {
    "nothing is written": (Ledger, "intend", "before"),
    "the intent is committed": (GitHubMinter, "mint", "before"),
    "GitHub has minted": (GitHubMinter, "mint", "after"),
    "the token is stored": (Tokens, "put", "after"),
    "the end is written, not committed": (journal_writes, "_insert", "after"),
    "the end is committed": (Ledger, "leased", "after"),
    "a lease of what was at hand is committed": (Ledger, "leased_at_once", "after"),
}


def order(folder: Path, step: str) -> None:
    """Let the broker with its files in *folder* stop at *step*, the next time it gets there."""
    (folder / "obeyed").unlink(missing_ok=True)
    (folder / "order").write_text(step)


def has_stopped(folder: Path) -> bool:
    """Tell whether it stands at the step that it was ordered to stop at."""
    return (folder / "obeyed").exists()


def worker() -> Application:
    """Return the real application of a worker, with a stop at every step."""
    folder = load(os.environ).data_dir
    for step, (owner, name, when) in STEPS.items():
        setattr(owner, name, _stopping(getattr(owner, name), folder, step, when))
    return server.worker()


def _stopping(
    work: Callable[..., Awaitable[Any]], folder: Path, step: str, when: str
) -> Callable[..., Awaitable[Any]]:
    async def stops(*words: Any, **more: Any) -> Any:
        if when == "before":
            await _obey(folder, step)
        result = await work(*words, **more)
        if when == "after":
            await _obey(folder, step)
        return result

    return stops


async def _obey(folder: Path, step: str) -> None:
    said = folder / "order"
    with contextlib.suppress(FileNotFoundError):
        if said.read_text() == step:
            said.rename(folder / "obeyed")
            await asyncio.Event().wait()


def _granian(_target: str, **options: Any) -> Any:
    """Return Granian with the worker above."""
    return Granian("tests.support.stopping_broker:worker", **options)


if __name__ == "__main__":
    vars(server)["Granian"] = _granian
    sys.exit(cli.main(sys.argv[1:]))

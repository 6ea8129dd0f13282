"""Read what a broker keeps and shows: its metrics, and every row of its database."""

import contextlib
import sqlite3
import subprocess
from pathlib import Path

import httpx2

from tests.support.leaks.ledger import current

_LIMIT = 2.0  # seconds; a broker that a test has stopped has nothing to say


def look_at_metrics(url: str) -> None:
    """See the metrics of the broker at *url*, if it answers: `eyes` sees each reply."""
    if current().is_kept:
        with contextlib.suppress(httpx2.HTTPError):
            httpx2.get(f"{url}/metrics", timeout=_LIMIT, trust_env=False, verify=False)


def look_at_rows(file: Path) -> None:
    """See each row of the SQLite database *file*: in the file itself a long one is in pieces."""
    if not current().is_kept or not file.exists():
        return
    with contextlib.suppress(sqlite3.Error):
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            rows = "\n".join(database.iterdump())
        current().saw(f"rows of {file}", rows.encode())


def look_at_server(programs: Path, folder: Path) -> None:
    """See all rows and files of the PostgreSQL server in *folder*."""
    ledger = current()
    if not ledger.is_kept:
        return
    words = [str(programs / "pg_dumpall"), "-h", str(folder), "-U", "gitlease"]
    with contextlib.suppress(subprocess.SubprocessError, OSError):
        dumped = subprocess.run(words, check=True, capture_output=True, timeout=60)
        ledger.saw(f"rows of PostgreSQL in {folder}", dumped.stdout)
    ledger.keep(folder)

"""
Take leases from one broker until it would show if it kept something of each.

``make memory`` starts GitHub's emulator and a broker on SQLite, takes leases for many workspaces
over few connections, and prints what the process that serves holds at each mark: resident memory,
open descriptors, the size of the database.  Now and then one is refused, or its token rejected.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from gitlease.emulator import GitHub
from gitlease.model.tokens import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GITLEASE = Path(sys.executable).with_name("gitlease")
WORKSPACES = 50
REFUSED = 50  # one in so many
# Seconds between two rejections: the broker replaces a scope's tokens every 30 s at most.
REJECTS = 40.0
OWNERS = ("acme", "other")


class LeaseError(Exception):
    """The broker does not start, or answered otherwise than it should."""


@dataclass(frozen=True)
class Mark:
    """What the broker's worker holds after so many leases."""

    leases: int
    seconds: float
    rss_kib: int
    descriptors: int
    threads: int
    database_kib: int


class Soaked:
    """A broker with its workspaces; *folder* gets its files."""

    def __init__(self, folder: Path, github: GitHub) -> None:
        self.folder = folder
        self.github = github
        self.process: subprocess.Popen[str] | None = None
        self.url = ""
        self.bearers: list[str] = []
        self.rejects_at = 0.0

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Run the broker until the context ends."""
        env = dict(os.environ) | {
            "GITLEASE_BROKER_DATA_DIR": str(self.folder),
            "GITLEASE_APP_ID": self.github.client_id,
            "GITLEASE_PRIVATE_KEY_FILE": str(self.github.private_key_file),
            "GITLEASE_API_URL": self.github.api_url,
            "GITLEASE_CA_FILE": str(self.github.ca_file),
        }
        command = [str(GITLEASE), "broker", "serve", "--port", "0"]
        with (
            (self.folder / "log").open("w") as log,
            subprocess.Popen(
                command, env=env, stdout=subprocess.PIPE, stderr=log, text=True
            ) as process,
        ):
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                if not line:
                    said = (self.folder / "log").read_text()[-500:]
                    raise LeaseError(f"the broker does not start: {said}")
                ready = json.loads(line)
                self.process, self.url = process, ready["url"]
                self._create(Path(ready["admin_token_file"]).read_text().strip())
                yield
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(30)

    def mark(self, leases: int, seconds: float) -> Mark:
        """Return what the worker holds now."""
        worker = Path(f"/proc/{self._worker()}")
        status = (worker / "status").read_text()
        found = {
            name: int(value) for name, value in re.findall(r"(VmRSS|Threads):\s+(\d+)", status)
        }
        size = sum(
            file.stat().st_size for file in self.folder.glob("broker.sqlite*") if file.is_file()
        )
        return Mark(
            leases,
            round(seconds, 1),
            found["VmRSS"],
            len(list((worker / "fd").iterdir())),
            found["Threads"],
            size // 1024,
        )

    def _worker(self) -> int:
        """Return the process that serves: Granian's child, the one with the most memory."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        found = [int(pid) for file in children for pid in file.read_text().split()]
        return max(found, key=lambda pid: int(Path(f"/proc/{pid}/statm").read_text().split()[1]))

    def _create(self, admin: str) -> None:
        headers = {"Authorization": f"Bearer {admin}"}
        with httpx2.Client(base_url=self.url, headers=headers, trust_env=False) as client:
            for number in range(WORKSPACES):
                owner = OWNERS[number % len(OWNERS)]
                grants = [
                    {"owner": owner, "repositories": "ALL", "max_per_hour": 10_000_000},
                    {"owner": owner, "repositories": ["lib"], "permissions": {"contents": "read"}},
                ]
                name = f"ws-{number}"
                _good(client.post("/admin/workspaces", json={"id": name, "grants": grants}), 201)
                made = _good(client.post(f"/workspaces/{name}/tokens"), 201)
                self.bearers.append(made["auth_token"])


def soak(leases: int, marks: Sequence[int], connections: int = 8) -> Iterator[Mark]:
    """Take *leases*, and yield what the broker holds at each of *marks*."""
    with tempfile.TemporaryDirectory(prefix="gitlease-memory-") as folder, GitHub() as github:
        github.settings(mints_per_minute=0)
        soaked = Soaked(Path(folder), github)
        with soaked.running():
            began, done = time.monotonic(), 0
            for mark in sorted({*marks, leases}):
                _take(soaked, done, mark, connections)
                done = mark
                yield soaked.mark(done, time.monotonic() - began)


def _take(soaked: Soaked, first: int, last: int, connections: int) -> None:
    """Take the leases with the numbers *first* to *last*, shared among *connections*."""
    failures: list[BaseException] = []

    def work(share: int) -> None:
        try:
            with httpx2.Client(base_url=soaked.url, trust_env=False, timeout=60) as client:
                for number in range(first + share, last, connections):
                    _one(soaked, client, number, rejects=share == 0)
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(share,)) for share in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def _one(soaked: Soaked, client: httpx2.Client, number: int, *, rejects: bool) -> None:
    place = number % WORKSPACES
    headers = {"Authorization": f"Bearer {soaked.bearers[place]}"}
    path = f"/workspaces/ws-{place}/github-installation-token"
    query = {} if number % 3 else {"repo": "lib"}
    said = _good(client.get(path, headers=headers, params=query), 200)
    if number % REFUSED == 0:
        _good(client.get(path, headers=headers, params={"owner": f"nobody-{number}"}), 403)
    # Every connection but one leaves that alone, so that no two do it at once.
    if rejects and time.monotonic() > soaked.rejects_at:
        soaked.rejects_at = time.monotonic() + REJECTS
        body = {"fingerprint": fingerprint(said["token"])}
        _good(
            client.post(f"/workspaces/ws-{place}/rejected-tokens", headers=headers, json=body), 200
        )


def _good(reply: httpx2.Response, status: int) -> Any:
    if reply.status_code != status:
        raise LeaseError(f"{reply.request.url.path}: {reply.status_code} {reply.text}")
    return reply.json()


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser("make memory", description=__doc__)
    parser.add_argument("--leases", type=int, default=100_000, metavar="N")
    parser.add_argument(
        "--every", type=int, default=10_000, metavar="N", help="a mark each N leases"
    )
    parser.add_argument("--connections", type=int, default=8, metavar="N")
    args = parser.parse_args()
    for mark in soak(args.leases, range(args.every, args.leases, args.every), args.connections):
        print(json.dumps(asdict(mark)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

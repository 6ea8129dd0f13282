"""A broker as its operator starts it: a process, real SQLite, an App at the emulator."""

import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from gitlease.emulator import GitHub
from tests.support.leaks.stores import look_at_metrics, look_at_rows

GITLEASE = Path(sys.prefix) / "bin" / "gitlease"
# The machine's own, read once: a client that reads it anew takes thirty times as long to make.
TRUST = ssl.create_default_context()


def broker_env(folder: Path, github: GitHub | None = None) -> dict[str, str]:
    """Return the environment of a broker with its files in *folder* and *github*'s first App."""
    env = dict(os.environ) | {"GITLEASE_BROKER_DATA_DIR": str(folder)}
    if github is not None:
        env |= {
            "GITLEASE_APP_ID": github.client_id,
            "GITLEASE_PRIVATE_KEY_FILE": str(github.private_key_file),
            "GITLEASE_API_URL": github.api_url,
            "GITLEASE_CA_FILE": str(github.ca_file),
            "GITLEASE_INSTALLATION_ID": str(github.installations[0]["id"]),
        }
    return env


def bearer(secret: str) -> dict[str, str]:
    """Return the header that shows *secret*."""
    return {"Authorization": f"Bearer {secret}"}


@dataclass
class Broker:
    """A running broker."""

    process: subprocess.Popen[str]
    env: Mapping[str, str]
    url: str
    admin_token_file: Path
    log: Path

    @property
    def admin(self) -> dict[str, str]:
        """The operator's header."""
        return bearer(self.admin_token_file.read_text().strip())

    def ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """Send one request."""
        options: dict[str, Any] = {"timeout": 20, "trust_env": False, "verify": TRUST}
        return httpx2.request(method, f"{self.url}{path}", **(options | more))

    def workspace(self, name: str, *grants: dict[str, Any]) -> dict[str, str]:
        """Create a workspace and return the header of its bearer."""
        made = self.ask(
            "POST", "/admin/workspaces", headers=self.admin, json={"id": name, "grants": grants}
        )
        assert made.status_code == 201, made.text
        token = self.ask("POST", f"/workspaces/{name}/tokens", headers=self.admin)
        return bearer(token.json()["auth_token"])

    def manage(self, *words: str, code: int = 0) -> str:
        """Run `gitlease broker …` beside it; return what it printed."""
        done = self.run(*words)
        assert done.returncode == code, done.stderr
        return done.stdout

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `gitlease broker …` beside it, however that ends."""
        return subprocess.run(
            [GITLEASE, "broker", *words],
            check=False,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def kill(self) -> None:
        """Kill every process of it (kill -9), the first one first, so that it starts no other."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for one in (pid, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        self.process.wait(30)

    def stop(self) -> int:
        """Send SIGTERM and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@contextlib.contextmanager
def running_broker(
    folder: Path,
    github: GitHub | None = None,
    program: Sequence[str | Path] = (GITLEASE,),
    /,
    **env: str,
) -> Iterator[Broker]:
    """Run the broker of *program* with the further variables *env* until the context ends."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = broker_env(folder, github) | env
    log = folder / "log"
    with (
        log.open("a") as err,
        subprocess.Popen(
            [*program, "broker", "serve", "--port", env.get("GITLEASE_BROKER_PORT", "0")],
            env=whole,
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
        ) as process,
    ):
        ready: dict[str, Any] = {}
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, log.read_text()
            ready = json.loads(line)
            file = Path(ready["admin_token_file"] or os.devnull)
            yield Broker(process, whole, ready["url"], file, log)
        finally:
            if process.poll() is None:
                look_at_metrics(ready.get("url", ""))
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
            look_at_rows(folder / "broker.sqlite")

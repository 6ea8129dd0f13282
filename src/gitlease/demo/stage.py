"""
What the story happens on: a home, an environment, a clock that starts at zero, a count of it all.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from gitlease.model.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitlease.emulator import GitHub

REQUEST = b"protocol=https\nhost=github.com\npath=acme/app.git\n\n"


class Stage:
    """Runs commands in a temporary *home* before *github*, tells of them, and counts."""

    def __init__(self, github: GitHub, home: Path, env: Mapping[str, str]) -> None:
        self.github = github
        self.home = home
        self.failures = 0
        self.commands = 0
        self.repeated = 0
        self._began = time.monotonic()
        self._traces = home / "traces"
        self._traces.mkdir(parents=True)
        self.env = {
            "PATH": env.get("PATH", "/usr/bin:/bin"),
            "HOME": str(home),
            "HTTPS_PROXY": github.proxy_url,
            "GIT_SSL_CAINFO": str(github.ca_file),
            "GITLEASE_CA_FILE": str(github.ca_file),
            "GITLEASE_APP_ID": str(github.app_id),
            "GITLEASE_PRIVATE_KEY_FILE": str(github.private_key_file),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_TRACE2_EVENT": str(self._traces),
            "GIT_AUTHOR_NAME": "demo",
            "GIT_AUTHOR_EMAIL": "demo@example.com",
            "GIT_COMMITTER_NAME": "demo",
            "GIT_COMMITTER_EMAIL": "demo@example.com",
        }

    @property
    def state(self) -> Path:
        """Where gitlease keeps its own."""
        return self.home / ".local/state/gitlease"

    @property
    def git_version(self) -> tuple[int, int]:
        """The version of this machine's git."""
        said = subprocess.run(["git", "--version"], capture_output=True, check=True).stdout
        major, minor = said.decode().split()[2].split(".")[:2]
        return int(major), int(minor)

    def say(self, text: str) -> None:
        """Tell one line of the story, with the seconds since it began."""
        print(f"{time.monotonic() - self._began:6.1f} s  {redact(text)}", flush=True)

    def gitlease(self, *words: str) -> str:
        """Run our command line and return what it printed; a failure is told and counted."""
        command = [sys.executable, "-m", "gitlease", *words]
        ran = subprocess.run(command, env=self.env, cwd=self.home, capture_output=True, check=False)
        if ran.returncode:
            self.fail(f"gitlease {' '.join(words)}", ran.stderr)
        return ran.stdout.decode()

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a git command."""
        self.commands += 1
        return subprocess.Popen(
            ["git", *words],
            env=self.env,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def git(self, *words: str) -> bool:
        """Run a git command to its end; a failure is told and counted."""
        done, err = self.tried(*words)
        if not done:
            self.fail(f"git {' '.join(words)}", err)
        return done

    def tried(self, *words: str) -> tuple[bool, bytes]:
        """Run a git command to its end; return whether it succeeded, and its stderr."""
        process = self.start(*words)
        _, err = process.communicate()
        return process.returncode == 0, err

    def fail(self, what: str, err: bytes) -> None:
        """Count a failure and tell it with the last line of *err*."""
        self.failures += 1
        lines = err.decode("utf-8", "replace").strip().splitlines() or ["(no word)"]
        self.say(f"FAILED: {what}: {lines[-1]}")

    def wait_for_expiry(self) -> None:
        """Wait until the token that git holds now is dead."""
        [record] = json.loads(self.gitlease("status", "--json"))["records"][:1]
        time.sleep(record["expires_in"] + 1.5)

    def print_table(self) -> None:
        """Print the figures at the end."""
        gets = self._helper_calls()
        log = (self.state / "log" / "gitlease.log").read_text("utf-8").splitlines()
        misses = sum(line.split(" ")[1] in {"fetched", "served", "failed"} for line in log)
        rows = [
            ("git commands", str(self.commands)),
            ("failures", str(self.failures)),
        ]
        if self.repeated:
            rows.append(("repeated, for want of git 2.46", str(self.repeated)))
        rows += [
            ("tokens minted", str(self.github.stats()["mints"])),
            ("answers from the cache", str(gets - misses)),
            ("answers that started Python", str(misses)),
            ("median time of a cached answer", f"{self._hit_time() * 1000:.1f} ms"),
        ]
        print()
        for name, figure in rows:
            print(f"  {name:<32}{figure:>9}")

    def _helper_calls(self) -> int:
        """Return how often git asked our helper for a token, by git's own trace."""
        calls = 0
        for path in self._traces.iterdir():
            for line in path.read_text("utf-8").splitlines():
                event = json.loads(line)
                calls += event["event"] == "child_start" and any(
                    word.endswith("git-credential-gitlease get") for word in event["argv"]
                )
        return calls

    def _hit_time(self) -> float:
        """Return the median seconds of 51 cached answers, process start included."""
        helper = [str(self.state / "bin" / "git-credential-gitlease"), "get"]
        times = []
        for _ in range(51):
            began = time.perf_counter()
            ran = subprocess.run(
                helper, env=self.env, input=REQUEST, capture_output=True, check=False
            )
            times.append(time.perf_counter() - began)
            if b"password=" not in ran.stdout:
                self.fail("git-credential-gitlease get", ran.stderr)
                break
        return statistics.median(times)

"""Where an act happens: the home of one workspace, its environment, its git and our command."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from gitlease.demo.tale import last_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitlease.demo.tale import Tale
    from gitlease.emulator import GitHub

REQUEST = b"protocol=https\nhost=github.com\npath=acme/app.git\n\n"


class Stage:
    """
    Runs commands in a temporary *home* before *github*, and tells and counts them by *tale*.

    Programs get the PATH of *env*, and the variables *more*.
    """

    def __init__(
        self, tale: Tale, github: GitHub, home: Path, env: Mapping[str, str], **more: str
    ) -> None:
        self.tale = tale
        self.github = github
        self.home = home
        self._traces = home / "traces"
        self._traces.mkdir(parents=True)
        self.env = {
            "PATH": env.get("PATH", "/usr/bin:/bin"),
            "HOME": str(home),
            "HTTPS_PROXY": github.proxy_url,
            "GIT_SSL_CAINFO": str(github.ca_file),
            "GITLEASE_CA_FILE": str(github.ca_file),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_TRACE2_EVENT": str(self._traces),
            "GIT_AUTHOR_NAME": "demo",
            "GIT_AUTHOR_EMAIL": "demo@example.com",
            "GIT_COMMITTER_NAME": "demo",
            "GIT_COMMITTER_EMAIL": "demo@example.com",
            **more,
        }

    @property
    def state(self) -> Path:
        """Where gitlease keeps its own."""
        return self.home / ".local/state/gitlease"

    def gitlease(self, *words: str) -> str:
        """Run our command line and return what it printed; a failure is told and counted."""
        command = [sys.executable, "-m", "gitlease", *words]
        ran = subprocess.run(command, env=self.env, cwd=self.home, capture_output=True, check=False)
        if ran.returncode:
            self.tale.fail(f"gitlease {' '.join(words)}", ran.stderr)
        return ran.stdout.decode()

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a git command."""
        self.tale.commands += 1
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
            self.tale.fail(f"git {' '.join(words)}", err)
        return done

    def refused(self, *words: str) -> str:
        """Run a git command that must fail; return what the person is told."""
        done, err = self.tried(*words)
        if done:
            self.tale.fail(f"git {' '.join(words)}", b"it succeeded")
        ours = [line for line in err.splitlines() if line.startswith(b"gitlease: ")]
        return last_line(b"\n".join(ours) or err).removeprefix("gitlease: ")

    def tried(self, *words: str) -> tuple[bool, bytes]:
        """Run a git command to its end; return whether it succeeded, and its stderr."""
        process = self.start(*words)
        _, err = process.communicate()
        return process.returncode == 0, err

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
            ("git commands", str(self.tale.commands)),
            ("failures", str(self.tale.failures)),
        ]
        if self.tale.repeated:
            rows.append(("repeated, for want of git 2.46", str(self.tale.repeated)))
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
                self.tale.fail("git-credential-gitlease get", ran.stderr)
                break
        return statistics.median(times)

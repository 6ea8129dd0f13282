"""The third act: a script, as an agent would run it, whose git and gh outlive whatever happens."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gitlease.demo.operator import Operator
from gitlease.demo.stage import Stage
from gitlease.demo.tale import last_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gitlease.demo.tale import Tale
    from gitlease.emulator import GitHub

LIFE: Final = 20  # seconds that GitHub's tokens live in this act
LENGTH: Final = 50  # seconds of the script
# Seconds without a broker; a token is asked for anew when a third of its life is left.
AWAY: Final = 3
# git and gh in turns, once a second; what fails is told on stderr, and goes on.
SCRIPT: Final = """\
git clone --quiet https://github.com/acme/app work || echo "git clone" >>failed
while [ ! -e enough ]; do
	git -C work fetch --quiet || echo "git fetch" >>failed
	echo git >>done
	if command -v gh >/dev/null; then
		gh api repos/acme/app --jq .name >/dev/null || echo "gh api" >>failed
		echo gh >>done
	fi
	sleep 1
done
"""


def play(tale: Tale, github: GitHub, folder: Path, env: Mapping[str, str]) -> None:
    """Tell the act; what fails is counted by *tale*."""
    tale.title("An agent's script under `gitlease run`, over several lives of its token")
    if find_spec("litestar") is None:
        tale.say("skipped: it needs `pip install 'gitlease[broker]'`")
        return
    github.settings(token_ttl=LIFE)
    operator = Operator(tale, github, folder / "another-broker", env)
    stage = Stage(tale, github, folder / "agent", env, SSL_CERT_FILE=str(github.ca_file))
    with operator.broker() as url:
        operator.admit(stage, url, "--owner", "acme", "--repo", "app")
    port = str(urlsplit(url).port)
    stale = str(github.mint("acme")["token"])
    github.revoke(stale)
    stage.env["GH_TOKEN"] = stale
    with contextlib.ExitStack() as stack:
        with operator.broker(port):
            script = stack.enter_context(_running(stage))
            began = time.monotonic()
            tale.say("`gitlease run -- sh agent.sh`, with a dead GH_TOKEN in its environment")
            time.sleep(3)
            _tell_status(stage)
            _kill_refresher(stage)
            time.sleep(max(0.0, began + LIFE - time.monotonic()))
        tale.say(f"the broker is away for {AWAY} s")
        _tell_status(stage)
        time.sleep(AWAY)
        with operator.broker(port):
            tale.say("and back")
            time.sleep(max(0.0, began + LENGTH - time.monotonic()))
            _tell_status(stage)
            _end(stage, script)


@contextlib.contextmanager
def _running(stage: Stage) -> Iterator[subprocess.Popen[bytes]]:
    """Run the script until the context ends, and leave nothing of it or of ours behind."""
    try:
        with _start(stage) as script:
            try:
                yield script
            finally:
                script.terminate()
    finally:
        stage.gitlease("uninstall")


def _start(stage: Stage) -> subprocess.Popen[bytes]:
    file = stage.home / "agent.sh"
    file.write_text(SCRIPT)
    return subprocess.Popen(
        [sys.executable, "-m", "gitlease", "run", "--wait", "10", "--", "sh", str(file)],
        env=stage.env,
        cwd=stage.home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def _kill_refresher(stage: Stage) -> None:
    refresher = json.loads(_status(stage, "--json").stdout)["refresher"]
    if not refresher or not refresher["pid"]:
        stage.tale.fail("the refresher", b"it does not run")
        return
    os.kill(refresher["pid"], signal.SIGKILL)
    stage.tale.say(f"its refresher (process {refresher['pid']}) is killed")


def _status(stage: Stage, *words: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "gitlease", "status", *words]
    return subprocess.run(command, env=stage.env, capture_output=True, check=False)


def _tell_status(stage: Stage) -> None:
    said = _status(stage).stdout.decode().splitlines() or ["(no word)"]
    stage.tale.say(f"status: {said[0].partition(':')[0]}")
    for line in said:
        if line.startswith("  problem: "):
            stage.tale.say(f"  {line.strip()}")


def _end(stage: Stage, script: subprocess.Popen[bytes]) -> None:
    """Let the script end, and count what it did."""
    (stage.home / "enough").touch()
    _, err = script.communicate()
    done = (stage.home / "done").read_text().splitlines()
    failed = stage.home / "failed"
    for line in failed.read_text().splitlines() if failed.exists() else ():
        stage.tale.fail(line, err)
    if script.returncode:
        stage.tale.fail("the script", last_line(err).encode())
    stage.tale.commands += done.count("git") + 1
    gh = f"{done.count('gh')} of gh" if "gh" in done else "none of gh, which is not installed"
    end = "it is over" if failed.exists() else "none failed"
    stage.tale.say(f"{done.count('git')} commands of git, {gh}: {end}")

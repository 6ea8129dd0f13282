"""The operator of a fleet: runs a broker in a folder of its own, and manages it from a shell."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gitlease.demo.stage import Stage
    from gitlease.demo.tale import Tale
    from gitlease.emulator import GitHub


LIMIT: Final = 10.0  # seconds in which a broker has to end


class Operator:
    """Runs a broker with its files in *folder*, which mints at *github*; tells by *tale*."""

    def __init__(self, tale: Tale, github: GitHub, folder: Path, env: Mapping[str, str]) -> None:
        self._tale = tale
        self.env = {
            "PATH": env.get("PATH", "/usr/bin:/bin"),
            "GITLEASE_BROKER_DATA_DIR": str(folder),
            "GITLEASE_APP_ID": str(github.app_id),
            "GITLEASE_PRIVATE_KEY_FILE": str(github.private_key_file),
            "GITLEASE_API_URL": github.api_url,
            "GITLEASE_CA_FILE": str(github.ca_file),
        }

    @contextlib.contextmanager
    def broker(self, port: str = "0") -> Iterator[str]:
        """Serve until the context ends; yield the URL."""
        command = [sys.executable, "-m", "gitlease", "broker", "serve", "--port", port]
        with subprocess.Popen(
            command,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # A Ctrl-C is for the story; the broker ends when it is told to.
            start_new_session=True,
        ) as process:
            try:
                assert process.stdout is not None  # noqa: S101 - it was asked for
                yield str(json.loads(process.stdout.readline())["url"])
            finally:
                process.terminate()
                try:
                    # Popen's own end is in a hurry after a Ctrl-C.
                    process.wait(LIMIT)
                except subprocess.TimeoutExpired:
                    process.kill()

    def manage(self, *words: str) -> str:
        """Run a command of the broker's and return what it printed; a failure is told."""
        command = [sys.executable, "-m", "gitlease", "broker", *words]
        ran = subprocess.run(command, env=self.env, capture_output=True, check=False)
        if ran.returncode:
            self._tale.fail(f"gitlease broker {' '.join(words)}", ran.stderr)
        return ran.stdout.decode().strip()

    def admit(self, stage: Stage, url: str, *grant: str) -> None:
        """Let the workspace that the stage's home is named after lease from the broker at *url*."""
        name = stage.home.name
        self.manage("workspace", "add", name, *grant)
        stage.env |= {
            "GITLEASE_BROKER_URL": url,
            "GITLEASE_WORKSPACE_ID": name,
            "GITLEASE_CONFIGS_DIR": str(stage.home),
        }
        file = stage.home / ".auth_token"
        file.touch(mode=0o600)
        file.write_text(self.manage("token", "create", name))
        self._tale.say(f"workspace {name}: granted {' '.join(grant)}")

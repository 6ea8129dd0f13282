"""A large pack passes through in both directions and is held in no buffer."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.flows.emulator.clients import Workplace, control

SIZE = 50 * 1024 * 1024
ALLOWANCE = 24 * 1024  # KiB the emulator may grow by; the pack is more than twice that
EMULATE = (
    "import argparse, sys; from gitlease.emulator import command; p = argparse.ArgumentParser();"
    "command.add_arguments(p); sys.exit(command.run(p.parse_args()))"
)


def peak(process: subprocess.Popen[str]) -> int:
    """Return the most memory that *process* ever held, in KiB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+)", status)
    assert found
    return int(found[1])


@pytest.mark.skipif(sys.platform != "linux", reason="peaks are read from /proc")
def test_fifty_megabytes_go_in_and_out_and_none_of_it_stays(tmp_path: Path, home: Path) -> None:
    command = [sys.executable, "-c", EMULATE, "--dir", str(tmp_path / "world")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            github: Any = SimpleNamespace(**json.loads(process.stdout.readline()))
            workplace = Workplace(github, home, tmp_path)
            token = control(github, "POST", "/tokens", {"owner": "acme"}).json["token"]
            url = workplace.url("acme/app", token)
            workplace.git("clone", "--quiet", url, "one")
            clone = tmp_path / "one"
            before = peak(process)
            workplace.commit(clone, os.urandom(SIZE))
            workplace.git("push", "--quiet", cwd=clone)
            pushed = peak(process)
            workplace.git("clone", "--quiet", url, "two")
            fetched = peak(process)
            assert (tmp_path / "two" / "change").stat().st_size == SIZE
            assert max(pushed, fetched) - before < ALLOWANCE
        finally:
            process.send_signal(signal.SIGTERM)
    assert process.returncode == 0

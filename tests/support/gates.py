"""Many processes that do the same at the same moment."""

import os
import subprocess
import sys
from pathlib import Path

# Each says that it is there, and waits until all are.
_GATE = "import os, sys\nos.write(1, b'.')\nsys.stdin.read()\n"


def crowd(code: str, *arguments: str | Path, size: int) -> list[str]:
    """
    Run the Python *code* with *arguments* in *size* processes that begin it together.

    What *code* imports has to stand at its beginning; `go()` is where they wait for each other.
    Returns what each printed.
    """
    there, gate = os.pipe()
    command = [sys.executable, "-c", code.replace("go()", _GATE), *map(str, arguments)]
    members = [subprocess.Popen(command, stdin=there, stdout=subprocess.PIPE) for _ in range(size)]
    os.close(there)
    for member in members:
        assert member.stdout is not None
        assert member.stdout.read(1) == b"."
    os.close(gate)
    return [member.communicate(timeout=120)[0].decode().strip() for member in members]

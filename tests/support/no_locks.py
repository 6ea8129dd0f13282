"""A file system without locks, as some network ones are: flock(2) fails for whoever asks."""

import shutil
import subprocess
from pathlib import Path

from tests.support.environment import missing

_SHIM = """\
#include <errno.h>
int flock(int descriptor, int how) {{ (void)descriptor; (void)how; errno = {error}; return -1; }}
"""


def preload(folder: Path, error: str) -> dict[str, str]:
    """Return the variables under which flock fails with *error*, such as ``ENOLCK``."""
    compiler = shutil.which("cc") or missing("cc is not installed")
    source, library = folder / "flock.c", folder / "flock.so"
    source.write_text(_SHIM.format(error=error))
    command = [compiler, "-shared", "-fPIC", "-o", str(library), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    return {"LD_PRELOAD": str(library)}

"""
Fuzz what reads foreign bytes, guided by coverage: the parser, the wire, hosts.yml, the settings.

``make fuzz`` gives each target SECONDS (600); FUZZ names targets. A harness knows what must hold of
any input, and an input of which it does not is left in a file, for `tests/corpus` once it is
mended. What covers something new is kept in the cache folder, where the next run starts. Prints a
JSON object for each target; ends 1 if something was found.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tools.cache import folder, kept
from tools.fuzz.engine import TARGETS

if TYPE_CHECKING:
    from collections.abc import Sequence

CHECKOUT = Path(__file__).parents[2]
PINS = CHECKOUT / "requirements" / "fuzz.txt"
CORPUS = CHECKOUT / "tests" / "corpus"
_LENGTH = 4096  # bytes of an input
_SLOW = 20  # seconds after which an input counts as one that hangs


def atheris() -> Path:
    """Return a folder that holds atheris, installed there if it is not yet."""
    recipe = f"{sys.version} {os.uname().machine}\n{PINS.read_text()}"
    return kept("atheris", recipe, _install)


def _install(target: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "-qq", "--require-hashes", "--no-deps"]
    command += [f"--target={target}", f"--requirement={PINS}"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def fuzz(target: str, seconds: int) -> dict[str, object]:
    """Fuzz *target* for so many *seconds*; return what came of it."""
    known = folder() / "fuzz" / target
    known.mkdir(parents=True, exist_ok=True)
    found = folder() / "fuzz" / "found" / target
    found.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", suffix=".dict") as words:
        harness = importlib.import_module(f"tools.fuzz.{target}")
        words.write("".join(map(_entry, harness.WORDS)))
        words.flush()
        command = [sys.executable, "-m", "tools.fuzz.engine", target]
        command += [f"-max_total_time={seconds}", f"-max_len={_LENGTH}", f"-timeout={_SLOW}"]
        command += [f"-dict={words.name}", f"-artifact_prefix={found}/", "-rss_limit_mb=4096"]
        command += ["-print_final_stats=1", str(known), str(CORPUS / target)]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(CHECKOUT), str(atheris())])}
        started = time.monotonic()
        ran = subprocess.run(command, check=False, env=env, stderr=subprocess.PIPE, text=True)
    told = ran.stderr
    if ran.returncode:
        print(told[-4000:], file=sys.stderr)
    marks = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", told) or [("0", "0", "0")]
    counts = re.findall(r"number_of_executed_units: +(\d+)|^#(\d+)\t", told, re.MULTILINE)
    executions = max((int(a or b) for a, b in counts), default=0)
    return {
        "target": target,
        "executions": executions,
        "coverage": int(marks[-1][0]),
        "features": int(marks[-1][1]),
        "corpus": int(marks[-1][2]),
        "seconds": round(time.monotonic() - started),
        "found": ran.returncode != 0,
    }


def _entry(word: bytes) -> str:
    """Return *word* as a line of libFuzzer's dictionary, which wants strange bytes in hex."""
    plain = set(range(0x20, 0x7F)) - set(b'"\\')
    text = "".join(chr(byte) if byte in plain else f"\\x{byte:02x}" for byte in word)
    return f'"{text}"\n'


def main(words: Sequence[str]) -> int:
    """Fuzz as the command line *words* say; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="target", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=600, help="for each target")
    asked = parser.parse_args(words)
    if unknown := set(asked.targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    all_well = True
    for target in asked.targets or TARGETS:
        came = fuzz(target, asked.seconds)
        all_well = all_well and not came["found"]
        print(json.dumps(came), flush=True)
    return 0 if all_well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

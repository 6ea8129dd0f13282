"""Describe the machine and the programs that the figures come from."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

import gitlease
from tools import peers, system
from tools.bench import peers as others
from tools.bench import rivals

_PACKAGE = ("dpkg-query", "--show", "--showformat=${Version}")


def describe() -> dict[str, str]:
    """Return what a reader of the figures must know, by name."""
    return {
        "gitlease": gitlease.__version__,
        "cpu": _cpu(),
        "cores": str(len(os.sched_getaffinity(0))),
        "load": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", "unknown"),
        "python": platform.python_version(),
        "sh": str(Path("/bin/sh").resolve()),
        "git": _first_line("git", "--version"),
        "bash": _first_line("bash", "--version"),
        "busybox": _first_line("busybox"),
        "curl": _first_line("curl", "--version"),
        "Git Credential Manager": _first_line(str(others.gcm_path()), "--version"),
        "git-credential-oauth": _first_line(*_PACKAGE, peers.OAUTH),
        "PostgreSQL": _first_line(_postgres(), "--version"),
        **{name: _first_line(path, "--version") for name, path in rivals.gh_paths().items()},
    }


def _postgres() -> str:
    return shutil.which("postgres", path=system.path()) or "postgres"


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or "unknown"


def _first_line(*argv: str) -> str:
    try:
        said = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "not installed"
    return said.partition("\n")[0]

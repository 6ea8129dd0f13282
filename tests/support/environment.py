"""
Know the environment the run was started in, and what tests see of it instead.

Tests must mean the same on every machine, so they get a list of what passes and nothing else:
no token, proxy, certificate or home folder of the person who runs them.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import pytest

CHECKOUT = Path(__file__).parents[2]
# Read before any fixture changes it; only set-up tools (pip, debootstrap) may run with it.
STARTED_IN: Mapping[str, str] = dict(os.environ)

# What else gh asks the network for, now and then, is for nobody here to see.
QUIET = {"GH_NO_UPDATE_NOTIFIER": "1", "GH_TELEMETRY": "false"}
_PASSES = {"CI", "PATH", "TMPDIR"}
_PASSES_BY_PREFIX = ("COVERAGE_", "PYTEST_")


def clean_environment(home: Path) -> dict[str, str]:
    """Return the environment of a test whose home is the existing folder *home*."""
    passed = {
        name: value
        for name, value in STARTED_IN.items()
        if name in _PASSES or name.startswith(_PASSES_BY_PREFIX)
    }
    return passed | home_environment(home) | QUIET | {"LANG": "C.UTF-8"}


def home_environment(home: Path) -> dict[str, str]:
    """
    Return the variables by which git, gh and gitlease find their files, all under *home*.

    GIT_CONFIG_GLOBAL names a file that may be absent, never /dev/null: git as root would replace
    the device by a file.
    """
    return {
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_STATE_HOME": str(home / ".local" / "state"),
    }


def require_tool(name: str) -> str:
    """Return the path of the program *name*; without it skip the test, or with CI=true fail."""
    return shutil.which(name) or missing(f"{name} is not installed")


def missing(what: str) -> NoReturn:
    """Skip the test for the reason *what*; with CI=true fail it, for CI has everything."""
    if STARTED_IN.get("CI") == "true":
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


def made_by(tool: str, *words: str) -> str:
    """Return what ``tools/<tool>.py`` prints, run as set-up is; a failure is `missing`."""
    try:
        return python_module(f"tools.{tool}", *words).strip()
    except subprocess.CalledProcessError as failed:
        missing(f"tools.{tool}: {failed.stderr.strip()}")


def python_module(module: str, *words: str) -> str:
    """Return what ``python -m module words`` prints in the environment that the run started in."""
    command = [sys.executable, "-m", module, *words]
    done = subprocess.run(
        command, check=True, cwd=CHECKOUT, env=STARTED_IN, capture_output=True, text=True
    )
    return done.stdout

"""What leads a program to our gh leads it nowhere else."""

from pathlib import Path

import pytest

from gitlease.workspace.install.plan import install
from gitlease.workspace.settings import load
from gitlease.workspace.surroundings import additions


@pytest.mark.parametrize("name", ["ours", "our own", "ws:1"])
def test_no_folder_is_on_the_path_that_was_not_and_is_not_ours(home: Path, name: str) -> None:
    """A folder below the present one could be a repository's, with programs of its author's."""
    env = {"HOME": str(home), "PATH": "/usr/bin:/bin", "GITLEASE_HOME": str(home / name)}
    settings = load(env)
    install(settings, env, offline=True)
    assert settings.shim.exists()
    path = additions(settings, env).get("PATH", env["PATH"])
    ours = [] if ":" in name else [str(settings.shim.parent)]
    assert path.split(":") == [*ours, "/usr/bin", "/bin"]

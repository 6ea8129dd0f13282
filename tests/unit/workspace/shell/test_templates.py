"""What is baked into a program is what a shell reads there, whatever it is called."""

import subprocess
from pathlib import Path

import pytest

from gitlease.workspace.shell import templates
from tests.support.parts import settings


@pytest.mark.parametrize("name", ["a b", "it's", "$HOME`id`", "@main@ @home@", "a\\b", "%s"])
def test_a_name_means_itself_in_every_program(home: Path, name: str) -> None:
    mine = settings(home / name)
    python, main = f"/{name}/python3", Path(f"/{name}/__main__.py")
    for program in (templates.credential_helper, templates.refresher, templates.compat_helper):
        text = program(mine, python=python, main=main)
        [line] = [line for line in text.splitlines() if line.startswith("python=")]
        show = f'{line}\nprintf "%s|%s|%s" "$python" "$main" "$home"'
        ran = subprocess.run(["sh", "-c", show], capture_output=True, check=True, timeout=20)
        assert ran.stdout.decode() == f"{python}|{main}|{mine.home}"

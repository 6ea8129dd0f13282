"""The jobs' own steps, run as a runner does; then what the page tells a reader to look at."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitlease.emulator import GitHub
from tests.support.ordinary_user import UID
from tests.support.persons import Person
from tests.support.stages import Container, example, owned, play_page, whole

pytestmark = [
    pytest.mark.parametrize("machine", ["debian13"], indirect=True),
    pytest.mark.plants("environ APP_PRIVATE_KEY of .*"),  # so GitHub Actions hands on a secret
]


@dataclass
class Job:
    """A job of the example *name*, and the runner before it."""

    name: str
    person: Person
    known: Mapping[str, str]
    places: Mapping[str, str] = field(default_factory=dict)

    @property
    def told(self) -> Mapping[str, Any]:
        [job] = yaml.safe_load(example(self.name, self.places))["jobs"].values()
        return dict(job)

    def step(self, name: str) -> str:
        """Run the step *name*; return what it wrote."""
        [step] = [one for one in self.told["steps"] if one["name"] == name]
        said = {**self.told.get("env", {}), **step.get("env", {})}
        env = {one: self._filled(value) for one, value in said.items()}
        shell = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]]
        return Container(self.person, []).done(*shell, **env)

    def _filled(self, value: str) -> str:
        return re.sub(r"\$\{\{ *(.*?) *\}\}", lambda found: self.known[found[1]], value)


@pytest.fixture
def known(person: Person, github: GitHub) -> dict[str, str]:
    person.env |= {"RUNNER_TEMP": str(person.home), "GITHUB_REPOSITORY": "acme/app"}
    return {
        "vars.APP_ID": str(github.app_id),
        "github.repository_owner": "acme",
        "runner.temp": str(person.home),
        "secrets.APP_PRIVATE_KEY": github.private_key_file.read_text(),
    }


def test_the_page(person: Person, wheel: Path, known: dict[str, str]) -> None:
    """The first step, the page's look around, the work, and nothing is left."""
    job = Job("github-actions.yml", person, known)
    person.bring(wheel, app=True)
    said = [job.step("Give git and gh the App's tokens")]
    words = ("gitlease ", "git ", "gh ")
    shell = Container(person, [])
    play_page("actions", {}, whole(shell.exec, *words))
    said.append(job.step("Work for hours"))
    assert (person.home / "work/README.md").exists()
    said.append(job.step("Leave nothing behind"))
    lost = shell.exec("GITHUB_ACTIONS=true gh pr list --repo acme/app")
    assert "To use GitHub CLI in a GitHub Actions workflow, set the GH_TOKEN environment" in lost
    assert not (person.home / "app.pem").exists()
    assert not (person.home / ".local/state/gitlease").exists()
    assert all(known["secrets.APP_PRIVATE_KEY"][40:80] not in text for text in said)


def test_a_job_in_a_container(person: Person, wheel: Path, known: dict[str, str]) -> None:
    """Its steps are root's, in a home that is the runner's, and stays as it is."""
    person = replace(person, become=[])
    person.bring(wheel, app=True)
    home = owned(person.home / "github/home", UID, UID, 0o755)
    root = owned(person.home / "root", 0, 0, 0o700)
    person.env |= {
        "HOME": str(home),
        # What the image is in earnest, and here is read-only: pip's folder, and /etc.
        "PYTHONUSERBASE": str(root / ".local"),
        "PATH": f"{root}/.local/bin:{person.env['PATH']}",
        "GIT_CONFIG_NOSYSTEM": "0",
        "GIT_CONFIG_SYSTEM": str(root / "gitconfig"),
        "GITLEASE_SYSTEM_DIR": str(root / "lib"),
    }
    # The image's owner is nobody of the job.
    os.chown(person.home, 0, 0)
    job = Job("github-actions-container.yml", person, known, {"/root/": f"{root}/"})
    for step in job.told["steps"]:
        job.step(step["name"])
    assert (person.home / "work/README.md").exists()
    assert list(home.iterdir()) == []
    assert (root / "gh/hosts.yml").exists()


def test_without_those_variables_root_says_why_and_writes_nothing_there(person: Person) -> None:
    home = owned(person.home / "github/home", UID, UID, 0o755)
    ran = person.machine.run([person.machine.gitlease, "install"], env={"HOME": str(home)})
    told = f"{home} belongs to user {UID}, and so another folder could be put in the place of"
    assert told in ran.stdout.decode()
    assert list(home.iterdir()) == []

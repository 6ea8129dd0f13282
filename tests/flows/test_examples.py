"""Each example's own commands, run as they stand, leave git and gh with a valid token."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitlease.emulator import GitHub
from tests.support.environment import CHECKOUT
from tests.support.loops import end_all
from tests.support.machines import Machine
from tests.support.older_platform import OlderPlatform, older_platform
from tests.support.persons import Person

pytestmark = pytest.mark.parametrize("machine", ["debian13"], indirect=True)
EXAMPLES = CHECKOUT / "examples"
BROKER = "https://broker.example.com"
URL = "https://github.com/acme/app"
USE = f"git ls-remote -q {URL} && gh api repos/acme/app --jq .full_name"


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as running:
        yield running


@pytest.fixture
def platform(github: GitHub) -> Iterator[OlderPlatform]:
    with older_platform(github) as running:
        yield running


@pytest.fixture
def person(machine: Machine, github: GitHub) -> Iterator[Person]:
    given = Person.on(machine, github, is_root=True)
    yield given
    end_all(given.home / ".local/state/gitlease")


def done(person: Person, *words: str, **env: str) -> str:
    code, out, err = person.run(*words, **env)
    assert code == 0, (words, out, err)
    return out


def give_key(person: Person, github: GitHub) -> Path:
    """Let *person* hold the App's key, which is installed for several owners."""
    person.env |= {
        "GITLEASE_APP_ID": str(github.app_id),
        "GITLEASE_PRIVATE_KEY_FILE": str(shutil.copy(github.private_key_file, person.home)),
        "GITLEASE_GH_OWNER": "acme",
    }
    return Path(person.env["GITLEASE_PRIVATE_KEY_FILE"])


def test_the_dockerfile(person: Person, wheel: Path, github: GitHub) -> None:
    text = (EXAMPLES / "Dockerfile").read_text()
    said = re.findall(r"^([A-Z]+) (.*)$", text, re.MULTILINE)
    [install] = [words for name, words in said if name == "RUN" and "gitlease" in words]
    [entrypoint] = [json.loads(words) for name, words in said if name == "ENTRYPOINT"]
    give_key(person, github)
    person.bring(wheel, app=True)
    done(person, "sh", "-c", install)
    assert done(person, *entrypoint, "sh", "-c", USE).endswith("acme/app\n")
    [command] = [json.loads(words) for name, words in said if name == "CMD"]
    done(person, *entrypoint, *command, "-c", USE)


def test_the_dev_container(person: Person, wheel: Path, platform: OlderPlatform) -> None:
    text = (EXAMPLES / "devcontainer.json").read_text()
    told = json.loads(text.replace(BROKER, platform.url).replace("/run/gitlease", str(person.home)))
    (person.home / ".auth_token").write_text(platform.bearer)
    assert f"target={person.home}," in told["mounts"][0]
    person.env |= told["containerEnv"]
    person.bring(wheel, app=False)
    done(person, "sh", "-c", told["postCreateCommand"])
    for _ in range(2):
        assert "failed" not in done(person, "sh", "-c", told["postStartCommand"])
    assert done(person, "sh", "-c", USE).endswith("acme/app\n")


def test_the_pod(person: Person, wheel: Path, platform: OlderPlatform) -> None:
    text = (EXAMPLES / "kubernetes-pod.yaml").read_text().replace(BROKER, platform.url)
    for place in ("/opt/gitlease", "/run/gitlease"):
        text = text.replace(place, f"{person.home}{place}")
    pod = yaml.safe_load(text)
    for folder in ("own", "enrolment"):
        (person.home / "run/gitlease" / folder).mkdir(parents=True)
    (person.home / "run/gitlease/enrolment/secret").write_text("enrol-1\n")
    person.bring(wheel, app=False)
    del person.env["PIP_USER"]
    [before], [agent] = pod["spec"]["initContainers"], pod["spec"]["containers"]
    done(person, *before["command"])
    fields = {"metadata.name": pod["metadata"]["name"]}
    for one in agent["env"]:
        where = one.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath")
        person.env[one["name"]] = fields[where] if where else one["value"]
    assert agent["args"] == ["sleep", "infinity"]
    assert done(person, *agent["command"], "sh", "-c", USE).endswith("acme/app\n")
    assert "POST /registry/register" in platform.asked
    done(person, *agent["readinessProbe"]["exec"]["command"])
    mounted = {mount["name"] for one in (before, agent) for mount in one["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["spec"]["volumes"]}


@pytest.mark.plants("environ APP_PRIVATE_KEY of .*")  # so GitHub Actions hands on a secret
def test_the_actions_steps(person: Person, wheel: Path, github: GitHub) -> None:
    job = yaml.safe_load((EXAMPLES / "github-actions.yml").read_text())["jobs"]["work"]
    person.bring(wheel, app=True)
    person.env |= {"RUNNER_TEMP": str(person.home), "GITHUB_REPOSITORY": "acme/app"}
    known = {
        "vars.APP_ID": str(github.app_id),
        "github.repository_owner": "acme",
        "runner.temp": str(person.home),
        "secrets.APP_PRIVATE_KEY": github.private_key_file.read_text(),
    }
    said = [run_step(person, step, known) for step in job["steps"]]
    assert all(github.private_key_file.read_text()[40:80] not in text for text in said)
    assert (person.home / "work/README.md").exists()
    assert not (person.home / "app.pem").exists()
    assert not (person.home / ".local/state/gitlease").exists()


def run_step(person: Person, step: dict[str, Any], known: dict[str, str]) -> str:
    """Run a step as a runner does, with the expressions *known*; return what it wrote."""
    env = {
        name: re.sub(r"\$\{\{ *(.*?) *\}\}", lambda found: known[found[1]], value)
        for name, value in step.get("env", {}).items()
    }
    return done(person, "bash", "--noprofile", "--norc", "-e", "-c", step["run"], **env)


def test_the_systemd_unit(person: Person, wheel: Path, github: GitHub) -> None:
    text = (EXAMPLES / "gitlease.service").read_text().replace("%h", str(person.home))
    unit = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
    file = Path(unit["EnvironmentFile"])
    file.parent.mkdir()
    key = give_key(person, github)
    names = [name for name in person.env if name.startswith("GITLEASE_")]
    file.write_text("".join(f"{name}={person.env.pop(name)}\n" for name in names))
    person.bring(wheel, app=True)
    done(person, "pip", "install", "gitlease[app]")
    env = dict(line.split("=", 1) for line in file.read_text().splitlines())
    done(person, *unit["ExecStart"].split(), **env)
    # What is not started by the unit has nothing of its environment.
    assert done(person, "sh", "-c", USE).endswith("acme/app\n")
    assert "ok " in done(person, *unit["ExecReload"].split(), **env)
    assert key.exists()

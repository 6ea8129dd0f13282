"""The image and the Compose file, as they stand; then all that the page says of them."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest
import yaml

from gitlease.emulator import GitHub
from tests.support.brokers import Broker
from tests.support.ordinary_user import UID, give
from tests.support.persons import Person
from tests.support.polling import until
from tests.support.stages import BROKER, Container, Shell, example, play_page, whole

pytestmark = pytest.mark.parametrize("machine", ["debian13"], indirect=True)
SAID = [
    tuple(line.split(" ", 1))
    for line in re.findall(r"^[A-Z]+ .*$", example("Dockerfile", {}), re.MULTILINE)
]
[INSTALL] = [words for name, words in SAID if name == "RUN" and "gitlease" in words]
[ENTRYPOINT] = [json.loads(words) for name, words in SAID if name == "ENTRYPOINT"]
[HEALTH] = [words.partition(" CMD ")[2] for name, words in SAID if name == "HEALTHCHECK"]


def test_the_image(person: Person, wheel: Path, github: GitHub) -> None:
    """With the App's key in the container; nothing of a secret is in the image's text."""
    person.env |= {
        "GITLEASE_APP_ID": str(github.app_id),
        "GITLEASE_PRIVATE_KEY_FILE": str(shutil.copy(github.private_key_file, person.home)),
        "GITLEASE_GH_OWNER": "acme",
    }
    person.bring(wheel, app=True)
    container = Container(person, [])
    container.done("sh", "-c", INSTALL)
    [command] = [json.loads(words) for name, words in SAID if name == "CMD"]
    use = "git ls-remote -q https://github.com/acme/app && gh api repos/acme/app --jq .full_name"
    assert container.done(*ENTRYPOINT, *command, "-c", use).endswith("acme/app\n")
    container.done("sh", "-c", HEALTH)
    [user] = [words for name, words in SAID if name == "USER"]
    assert ("RUN", f"useradd --create-home {user}") in SAID
    container.done("/usr/sbin/useradd", "--help")


@pytest.mark.plants(r"file .*/here/enrolment-secret")  # Compose mounts it from there
def test_the_page(person: Person, wheel: Path, operator: Shell, broker: Broker) -> None:
    """From nothing to a healthy container, and back after its volume was lost."""
    places = {
        "/home/agent": str(person.home),
        "/run/secrets/enrolment": str(operator.folder / "enrolment-secret"),
        BROKER: broker.url,
    }
    told = yaml.safe_load(example("compose.yaml", places))
    agent, [secret] = told["services"]["agent"], told["services"]["agent"]["secrets"]
    assert told["secrets"][secret]["file"] == "./enrolment-secret"
    assert agent["volumes"] == [f"home:{person.home}"]
    assert set(told["volumes"]) == {"home"}
    container = Container(person, [*ENTRYPOINT, *agent["command"]], agent["environment"])

    def build(_: str) -> str:
        person.bring(wheel, app=True)
        container.done("sh", "-c", INSTALL)
        return start("")

    def start(_: str) -> str:
        give(operator.folder)
        return container.start()

    def down(_: str) -> str:
        container.stop()
        for name in (".local/state", ".config", "broker"):
            shutil.rmtree(person.home / name)
        (person.home / ".gitconfig").unlink()
        # What a reader sees who goes on without a word to the broker.
        container.start()
        _await(container, "the enrolment secret is missing or not valid here")
        container.stop()
        return ""

    def chown(rest: str) -> str:
        number, name = rest.split()
        assert number == "1000"
        os.chown(operator.folder / name, UID, UID)
        return operator.run(f"chmod 600 {name}")

    players = {
        "docker compose up --build": build,
        "docker compose up": start,
        "docker compose down --volumes": down,
        "docker compose exec agent ": container.exec,
        "chmod 600 enrolment-secret && sudo chown ": chown,
    }
    play_page("docker", places, whole(operator.run, "gitlease broker ") | players)
    container.done("sh", "-c", HEALTH)
    # It keeps its bearer, and asks with that, whatever becomes of the secret.
    secret_file = operator.folder / "enrolment-secret"
    os.chown(secret_file, 0, 0)
    container.stop()
    container.start()
    _await(container, "HEAD")
    shutil.rmtree(person.home / "broker")
    unread = f"the enrolment secret in {secret_file} cannot be read: Permission denied"
    assert unread in container.exec("gitlease register")


def _await(container: Container, told: str) -> None:
    said = ""

    def is_told() -> bool:
        nonlocal said
        said = container.exec("git ls-remote -q https://github.com/acme/app")
        return told in said

    try:
        until(is_told)
    except AssertionError:
        raise AssertionError((told, said)) from None

"""The dev container's own commands, as they stand; then all that the page says of it."""

import json
import re
from pathlib import Path

import pytest

from tests.support.brokers import Broker
from tests.support.ordinary_user import give
from tests.support.persons import Person
from tests.support.stages import BROKER, Container, Shell, example, play_page, whole

pytestmark = pytest.mark.parametrize("machine", ["debian13"], indirect=True)


def jsonc(text: str) -> str:
    """Return *text* without comments that have a line of their own."""
    return re.sub(r"^ *//.*$", "", text, flags=re.MULTILINE)


def test_the_page(person: Person, wheel: Path, operator: Shell, broker: Broker) -> None:
    """From nothing to git and gh in a terminal, also after another start and a rebuild."""
    bearer = operator.folder / ".config/gitlease"
    told = json.loads(
        jsonc(example("devcontainer.json", {"/run/gitlease": str(bearer), BROKER: broker.url}))
    )
    source = "${localEnv:HOME}/.config/gitlease"
    assert told["mounts"] == [f"source={source},target={bearer},type=bind"]
    container = Container(person, [], told["containerEnv"])

    def open_it() -> None:
        """Make it and start it, as the editor does, with the person's own number inside."""
        operator.run(told["initializeCommand"])
        give(operator.folder)
        person.bring(wheel, app=False)
        container.done("sh", "-c", told["postCreateCommand"])
        for _ in range(2):
            assert "failed" not in container.done("sh", "-c", told["postStartCommand"])

    def terminal(command: str) -> str:
        if not (person.home / "wheels").exists():
            open_it()
        return container.exec(command)

    inside = whole(terminal, "~/.local/bin/gitlease ", "git ", "gh ")
    outside = whole(operator.run, "gitlease broker ", "mkdir ", "(umask 077 && gitlease broker ")
    play_page("devcontainer", {}, outside | inside)
    assert (bearer / ".auth_token").stat().st_mode & 0o777 == 0o600

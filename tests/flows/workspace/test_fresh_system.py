"""On a system with python3, git and gh, a wheel and one line are enough, for any user."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from tests.support.loops import end_all
from tests.support.machines import Machine
from tests.support.older_platform import older_platform
from tests.support.ordinary_user import UID
from tests.support.persons import Person

pytestmark = pytest.mark.parametrize("machine", ["debian13"], indirect=True)
BOTH = (
    "git clone -q https://github.com/acme/app && gh repo view acme/app && git -C app log --oneline"
)


@pytest.fixture(params=["root", "user"])
def person(request: pytest.FixtureRequest, machine: Machine, github: GitHub) -> Iterator[Person]:
    given = Person.on(machine, github, is_root=request.param == "root")
    yield given
    end_all(given.home / ".local/state/gitlease")


def pip_install(person: Person, wheel: Path, extra: str = "") -> None:
    """Install the wheel as one does on Debian without a venv."""
    person.bring(wheel, app=bool(extra))
    code, _, err = person.run("pip", "install", "--quiet", f"gitlease{extra}")
    assert code == 0, err


def test_one_line_after_pip_install_with_a_platform(
    person: Person, wheel: Path, github: GitHub
) -> None:
    """The wheel alone, with nothing that it would depend on."""
    with older_platform(github) as platform:
        (person.home / ".auth_token").write_text(platform.bearer)
        person.env |= {
            "GITLEASE_BROKER_URL": platform.url,
            "GITLEASE_WORKSPACE_ID": "ws-1",
            "GITLEASE_CONFIGS_DIR": str(person.home),
        }
        pip_install(person, wheel)
        code, out, err = person.run("gitlease", "run", "--", "sh", "-c", BOTH)
        assert (code, err) == (0, "")
        assert "acme/app" in out


def test_one_line_after_pip_install_with_the_apps_key(
    person: Person, wheel: Path, github: GitHub
) -> None:
    key = person.home / "app.pem"
    shutil.copy(github.private_key_file, key)
    person.env |= {
        "GITLEASE_APP_ID": str(github.app_id),
        "GITLEASE_PRIVATE_KEY_FILE": str(key),
        # The App is installed for several.
        "GITLEASE_GH_OWNER": "acme",
    }
    pip_install(person, wheel, "[app]")
    code, out, err = person.run("gitlease", "run", "--", "sh", "-c", BOTH)
    assert (code, err) == (0, "")
    assert "acme/app" in out
    # gh alone, before anybody has logged it in.
    code, _, err = person.run("gitlease", "uninstall")
    assert code == 0, err
    code, out, err = person.run("gitlease", "run", "--", "gh", "repo", "view", "acme/app")
    assert (code, err) == (0, "")
    assert {path.lstat().st_uid for path in person.home.rglob("*")} == {UID if person.become else 0}

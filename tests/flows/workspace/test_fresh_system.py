"""On a system with python3, git and gh, a wheel and one line are enough, for any user."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from tests.support.environment import made_by
from tests.support.loops import end_all
from tests.support.machines import PATH, Machine
from tests.support.older_platform import older_platform
from tests.support.ordinary_user import AS_USER, UID, give, trust

pytestmark = pytest.mark.parametrize("machine", ["debian13"], indirect=True)
BOTH = (
    "git clone -q https://github.com/acme/app && gh repo view acme/app && git -C app log --oneline"
)


@dataclass
class Person:
    """Root or an ordinary user (`become` is what makes one) with a home and no more."""

    machine: Machine
    home: Path
    become: list[str]
    env: dict[str, str] = field(default_factory=dict)

    def run(self, *words: str | Path) -> tuple[int, str, str]:
        """Run a command in the home; return its exit code and what it wrote."""
        ran = self.machine.run([*self.become, *words], env=self.env, cwd=self.home, check=False)
        return ran.returncode, ran.stdout.decode(), ran.stderr.decode()

    def pip_install(self, wheel: Path, extra: str = "") -> None:
        """Install the built *wheel* as one does on Debian without a venv; no index is there."""
        wheels = self.home / "wheels"
        wheels.mkdir()
        kept = Path(made_by("wheelhouse", "3.13")).iterdir() if extra else []
        for file in [wheel, *kept]:
            shutil.copy(file, wheels)
        if self.become:
            give(self.home)
        pip = "pip install --quiet --user --break-system-packages --no-warn-script-location"
        more = "--no-index --disable-pip-version-check --no-cache-dir --root-user-action=ignore"
        words = [*pip.split(), *more.split(), f"--find-links={wheels}", f"gitlease{extra}"]
        code, _, err = self.run(*words)
        assert code == 0, err


@pytest.fixture(params=["root", "user"])
def person(request: pytest.FixtureRequest, machine: Machine, github: GitHub) -> Iterator[Person]:
    home = machine.folder()
    env = {
        "HOME": str(home),
        "PATH": f"{home}/.local/bin:{PATH}",
        "HTTPS_PROXY": github.proxy_url,
        "GH_NO_UPDATE_NOTIFIER": "1",
        **trust(home, github),
    }
    yield Person(machine, home, AS_USER if request.param == "user" else [], env)
    end_all(home / ".local/state/gitlease")


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
        person.pip_install(wheel)
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
    person.pip_install(wheel, "[app]")
    code, out, err = person.run("gitlease", "run", "--", "sh", "-c", BOTH)
    assert (code, err) == (0, "")
    assert "acme/app" in out
    # gh alone, before anybody has logged it in.
    code, _, err = person.run("gitlease", "uninstall")
    assert code == 0, err
    code, out, err = person.run("gitlease", "run", "--", "gh", "repo", "view", "acme/app")
    assert (code, err) == (0, "")
    assert {path.lstat().st_uid for path in person.home.rglob("*")} == {UID if person.become else 0}

"""The units, as systemd reads them, their commands run as it would; then what the page says."""

import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from tests.support.brokers import Broker
from tests.support.environment import CHECKOUT, require_tool
from tests.support.ordinary_user import UID
from tests.support.persons import Person
from tests.support.stages import BROKER, Container, Shell, example, owned, play_page, whole

DEBIAN13 = pytest.mark.parametrize("machine", ["debian13"], indirect=True)
# What the options of the unit come to that a process can be given without systemd.
CLOSED = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", "--no-new-privs"]
CLOSED += ["--bounding-set=-all"]


def said(text: str, name: str) -> list[str]:
    """Return what a unit says of *name*, which may be said several times."""
    return re.findall(rf"^{name}=(.*)$", text, re.MULTILINE)


def as_root(person: Person) -> Person:
    """Return root on the same machine, whose pip may write anywhere."""
    env = {name: value for name, value in person.env.items() if name != "PIP_USER"}
    return replace(person, become=[], env=env)


@DEBIAN13
@pytest.mark.plants(r"file .*/(here/enrolment-secret|enrolment)")  # from where root copies it
def test_the_service(person: Person, wheel: Path, operator: Shell, broker: Broker) -> None:
    """A user of its own, no privileges, a read-only system, and the secret as a credential."""
    venv, state = person.home / "opt/gitlease", person.home / "var/lib/agent"
    places = {
        "/opt/gitlease": str(venv),
        "/usr/local/bin/agent": "sleep infinity",
        "%S/agent": str(state),
        "%d": str(person.home / "credentials"),
        BROKER: broker.url,
    }
    text = example("agent.service", places)
    env = dict(one.split("=", 1) for one in said(text, "Environment"))
    person.bring(wheel, app=False)
    [command] = said(text, "ExecStart")
    service = Container(replace(person, become=CLOSED), command.split(), env)
    beside = Container(person, [], {"HOME": str(state)})

    def make(rest: str) -> str:
        return Container(as_root(person), []).done("python3", "-m", "venv", "--without-pip", rest)

    def pip(rest: str) -> str:
        words = ["pip", f"--python={venv}/bin/python", *rest.split()]
        return Container(as_root(person), []).done(*words)

    def enable(_: str) -> str:
        owned(state, UID, UID, int(said(text, "StateDirectoryMode")[0], 8))
        [credential] = said(text, "LoadCredential")
        given = owned(person.home / "credentials", UID, UID, 0o500) / credential.partition(":")[0]
        shutil.copy(operator.folder / "enrolment-secret", given)
        os.chown(given, UID, UID)
        given.chmod(0o400)
        return service.start()

    def bring_secret(rest: str) -> str:
        assert rest == "-D -m 600 enrolment-secret /etc/gitlease/enrolment"
        assert said(text, "LoadCredential") == [f"enrolment:{rest.rpartition(' ')[2]}"]
        return ""

    players = {
        "sudo python3 -m venv ": make,
        f"sudo {venv}/bin/pip ": pip,
        "sudo install ": bring_secret,
        "sudo systemctl enable --now agent": enable,
        "sudo -H -u agent ": beside.exec,
    }
    shown = {"/opt/gitlease": str(venv), "/var/lib/agent": str(state)}
    everyone = whole(operator.run, "gitlease broker ") | players
    play_page("systemd", shown, everyone, "A service")
    assert state.stat().st_mode & 0o777 == 0o700
    # A restart finds the bearer, though the secret is used up; here with a folder that is a link,
    # as DynamicUser= makes it.
    service.stop()
    private = owned(state.parent / "private", 0, 0, 0o711)
    state.rename(private / "agent")
    state.symlink_to(private / "agent")
    service.start()
    assert "HEAD" in beside.exec("git ls-remote -q https://github.com/acme/app")


@DEBIAN13
def test_a_persons_machine(person: Person, wheel: Path, github: GitHub) -> None:
    """The unit has its settings from a file; what is not started by it has nothing of them."""
    text = example("gitlease.service", {"%h": str(person.home)})
    [file], [start], [reload] = (
        said(text, name) for name in ("EnvironmentFile", "ExecStart", "ExecReload")
    )
    person.bring(wheel, app=True)
    key = Path(shutil.copy(github.private_key_file, person.home))
    os.chown(key, UID, UID)
    settings = {
        "GITLEASE_APP_ID": str(github.app_id),
        "GITLEASE_PRIVATE_KEY_FILE": str(key),
        "GITLEASE_GH_OWNER": "acme",
    }
    owned(Path(file).parent, UID, UID, 0o700)
    Path(file).write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    unit, shell = Container(person, [], settings), Container(person, [])

    def enable(_: str) -> str:
        return unit.done(*start.split())

    players = whole(shell.exec, "gitlease ", "git ", "gh ", "pip ")
    players["systemctl --user enable --now gitlease"] = enable
    play_page("systemd", {}, players, "A person's machine")
    assert "ok " in unit.done(*reload.split())


@pytest.mark.parametrize("name", ["agent.service", "gitlease.service"])
def test_systemd_finds_nothing_wrong(name: str, tmp_path: Path) -> None:
    """Nor does it call the service exposed."""
    analyze = require_tool("systemd-analyze")
    text = (CHECKOUT / "examples" / name).read_text()
    unit = tmp_path / name
    unit.write_text(re.sub(r"^(Exec\w+)=\S+", r"\1=/bin/true", text, flags=re.MULTILINE))

    def run(*words: str) -> tuple[int, str]:
        command = [analyze, *words, str(unit)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        return done.returncode, done.stderr

    assert run("verify", "--man=no") == (0, "")
    if name == "agent.service":
        code, err = run("security", "--offline=true", "--threshold=20")
        assert code == 0, err

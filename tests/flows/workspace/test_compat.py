"""An image of the older shell system, unchanged, with our scripts in the place of its own."""

import os
import shutil
import signal
import subprocess
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from gitlease.workspace import daemon
from gitlease.workspace.settings import load
from tests.support.loops import children, end_all, wait_for
from tests.support.machines import Machine
from tests.support.older_platform import OlderPlatform, older_platform
from tests.support.ordinary_user import AS_USER, UID, give, trust
from tests.support.workspaces import Workspace, password

RECORD = "github.com"
HELPER = "molecule-git-token-helper.sh"
REFRESHER = "molecule-gh-token-refresh.sh"
# As older entrypoints do it, with a shorter rest.
RESPAWN = 'while :; do bash "$1"; sleep 0.01; done'


@dataclass
class Image:
    """A container of such an image: its scripts in `scripts`, its user's home the workspace's."""

    workspace: Workspace
    platform: OlderPlatform
    scripts: Path

    def run(
        self, action: str, data: str = "", code: int = 0, **env: str
    ) -> subprocess.CompletedProcess[bytes]:
        """Call the helper's script as older entrypoints do."""
        ran = self.workspace.machine.run(
            ["bash", self.scripts / HELPER, *action.split()],
            env=self.workspace.env | env,
            input=data.encode(),
            check=False,
        )
        assert ran.returncode == code, (ran.stdout, ran.stderr)
        return ran

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        """Start the refresher's script, or what *words* make of it."""
        return self.workspace.machine.popen(
            [*(words or ["bash"]), self.scripts / REFRESHER], env=self.workspace.env
        )

    def asks_github(self) -> bytes:
        """Let gh ask with the login that it has; return the answer."""
        words = ["gh", "api", "repos/acme/app", "--jq", ".full_name"]
        return self.workspace.machine.run(words, env=self.workspace.env, check=False).stdout

    @property
    def pid(self) -> int | None:
        """The refresher that serves the home."""
        return daemon.is_running(load({"GITLEASE_HOME": str(self.workspace.state)}))

    @property
    def kept(self) -> Path:
        """Where older images look for the token."""
        return self.workspace.home / ".gh_token"

    @property
    def token(self) -> str:
        """The token that the cache holds."""
        return self.workspace.record(RECORD).token.secret.reveal()


@pytest.fixture
def image(machine: Machine, github: GitHub) -> Iterator[Image]:
    """Nothing of ours is in git's config but what the older image writes there."""
    with older_platform(github) as platform:
        workspace = Workspace.on(machine, github)
        workspace.lease_from("http://not.used", "ws-1", "old-bearer")
        env = workspace.env
        for name in ("GITLEASE_BROKER_URL", "GITLEASE_WORKSPACE_ID"):
            del env[name]
        env |= {
            "PLATFORM_URL": platform.url,
            "WORKSPACE_ID": "ws-1",
            "CONFIGS_DIR": env.pop("GITLEASE_CONFIGS_DIR"),
            "SSL_CERT_FILE": str(github.ca_file),
        }
        scripts = workspace.home / "scripts"
        scripts.mkdir()
        words = ("--offline", "--strict", "--scope", "env", "--compat", str(scripts))
        workspace.gitlease("install", *words)
        workspace.git("config", "--global", "credential.helper", f"!{scripts / HELPER}")
        try:
            yield Image(workspace, platform, scripts)
        finally:
            end_all(workspace.state)


def test_git_is_served_by_the_helper_line_of_the_older_image(image: Image) -> None:
    for _ in range(2):
        image.workspace.git("ls-remote", "https://github.com/acme/app")
    assert len(image.platform.asked) == 1
    assert image.platform.asked[0].startswith("GET /workspaces/ws-1/github-installation-token")
    # On an older git the first command fails, and then a refused token is gone.
    image.workspace.age(RECORD)
    image.workspace.github.revoke(all=True)
    image.workspace.git("ls-remote", "https://github.com/acme/app", check=False)
    image.workspace.git("ls-remote", "https://github.com/acme/app")


def test_each_action_does_what_it_did(image: Image) -> None:
    image.workspace.git("ls-remote", "https://github.com/acme/app")
    first = image.token
    assert image.run("_fetch_token").stdout.decode() == f"{first}\n"
    assert image.run("_refresh_gh").stdout == b""
    second = image.token
    assert second != first
    assert image.kept.read_text() == f"{second}\n"
    assert image.kept.stat().st_mode & 0o777 == 0o600
    gh = image.workspace.machine.run(["gh", "auth", "token"], env=image.workspace.env)
    assert gh.stdout.decode() == f"{second}\n"
    assert image.run("_invalidate_cache").stdout == b""
    assert image.workspace.cache.read(RECORD) is None
    assert image.run("_fetch_token").stdout.decode() not in {f"{first}\n", f"{second}\n", ""}
    asked = f"protocol=https\nhost=github.com\npassword={image.token}\n"
    assert image.run("store", asked).stdout == b""
    assert image.workspace.cache.read(RECORD) is not None
    image.workspace.age(RECORD)
    assert image.run("erase", asked).stdout == b""
    assert image.workspace.cache.read(RECORD) is None


def test_what_is_not_known_exits_with_1(image: Image) -> None:
    for action in ("", "_no_such_action", "--help"):
        ran = image.run(action, code=1)
        assert ran.stdout == b""
        assert b"_fetch_token" in ran.stderr


def test_without_a_token_nothing_is_printed_and_the_exit_code_is_1(image: Image) -> None:
    """So that git asks its next helper; `quit` would stop it."""
    asked = "protocol=https\nhost=github.com\n\n"
    for host in ("github.com.evil.example", "gitlab.com"):
        assert image.run("get", asked.replace("github.com", host), code=1).stdout == b""
    image.platform.bearer = "another"
    for action in ("get", "_fetch_token", "_refresh_gh"):
        ran = image.run(action, asked, code=1)
        assert ran.stdout == b""
        assert b"gitlease: " in ran.stderr
    # Nor where the settings themselves are wrong.
    for action in ("_fetch_token", "_refresh_gh", "_invalidate_cache"):
        assert image.run(action, code=1, PLATFORM_URL="nonsense").stdout == b""
    image.workspace.env["PATH"] = "/usr/bin:/bin"
    next_one = '!f() { echo username=x; echo "password=from the next"; }; f'
    image.workspace.git("config", "--global", "--add", "credential.helper", next_one)
    filled = image.workspace.machine.run(
        ["git", "credential", "fill"], env=image.workspace.env, input=asked.encode()
    )
    assert password(filled.stdout) == "from the next"


def test_a_refresh_that_fails_says_so_and_takes_nothing_away(image: Image) -> None:
    image.run("_refresh_gh")
    first = image.token
    image.platform.bearer = "another"
    assert image.run("_refresh_gh", code=1).stdout == b""
    assert image.token == first
    assert image.kept.read_text() == f"{first}\n"


def test_a_respawn_loop_keeps_one_refresher(image: Image) -> None:
    """It logs gh in and writes the token's file; a killed one is followed; uninstall ends it."""
    loop = image.start("bash", "-c", RESPAWN, "entrypoint")
    wait_for(lambda: bool(image.pid) and image.kept.exists())
    assert image.kept.read_text() == f"{image.token}\n"
    wait_for(lambda: image.asks_github() == b"acme/app\n")
    first = image.pid or 0
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: image.pid not in {None, 0, first})
    image.workspace.gitlease("uninstall")
    assert not image.scripts.exists() or list(image.scripts.iterdir()) == []
    assert not image.kept.exists()
    assert image.pid is None
    # Its script is gone, and it brings nothing back.
    time.sleep(1)
    assert not image.workspace.state.exists()
    assert loop.poll() is None


def test_a_second_refresher_waits_and_then_serves(image: Image) -> None:
    """And either ends at once when it is told to."""
    first = image.start()
    wait_for(lambda: image.pid == first.pid)
    second, third = image.start(), image.start()
    wait_for(lambda: is_waiting(second.pid) and is_waiting(third.pid))
    wait_for(lambda: children(second.pid) != [])
    assert stopped(third)
    assert image.pid == first.pid
    assert stopped(first)
    # What it waits for would come in half a minute.
    [(sleep, _)] = children(second.pid)
    os.kill(sleep, signal.SIGKILL)
    wait_for(lambda: image.pid == second.pid)
    assert stopped(second)


def stopped(process: "subprocess.Popen[bytes]") -> bool:
    """Tell a process to end as a container does; tell whether it did."""
    process.terminate()
    # Before it has set its trap it ends by the signal itself.
    return process.wait(20) in {0, -signal.SIGTERM}


def is_waiting(pid: int) -> bool:
    return b"\0wait\0" in Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.mark.parametrize("machine", ["debian13"], indirect=True)
def test_an_image_built_by_root_serves_the_user_that_it_runs_as(image: Image, wheel: Path) -> None:
    """The scripts and the package are root's; home, cache and refresher are the user's own."""
    machine, env = image.workspace.machine, image.workspace.env
    place, home = machine.folder(), machine.folder()
    place.chmod(0o755)
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(place / "lib")
    scripts = place / "scripts"
    scripts.mkdir()
    words = ["-m", "gitlease", "install", "--offline", "--strict", "--scope", "env"]
    build = {**env, "HOME": str(place / "root"), "PYTHONPATH": str(place / "lib")}
    machine.run(["/usr/bin/python3", *words, "--compat", scripts], env=build)
    shutil.copy(Path(env["CONFIGS_DIR"]) / ".auth_token", home)
    user = {**env, "HOME": str(home), "CONFIGS_DIR": str(home)}
    user |= trust(home, image.workspace.github)
    give(home)

    def run(*command: str | Path) -> bytes:
        return machine.run([*AS_USER, *command], env=user).stdout

    url = "https://github.com/acme/app"
    helper = f"credential.helper=!{scripts / HELPER}"
    assert run("git", "-c", helper, "ls-remote", url)
    assert run("bash", scripts / HELPER, "_refresh_gh") == b""
    token = (home / ".gh_token").read_text()
    assert run("bash", scripts / HELPER, "_fetch_token").decode() == token
    state = home / ".local/state/gitlease"
    refresher = machine.popen([*AS_USER, "bash", scripts / REFRESHER], env=user)
    try:
        (home / ".gh_token").unlink()
        wait_for((home / ".gh_token").exists)
        assert (state / "bin/git-credential-gitlease").exists()
        assert run("git", "-c", helper, "ls-remote", url)
        assert refresher.poll() is None
    finally:
        end_all(state)
    assert {path.stat().st_uid for path in home.rglob("*")} == {UID}

"""The machines keep what the flows rest on."""

import http.server
import os
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest

from tests.support.machines import Gh, Machine


def test_the_machines_have_the_gits_that_differ(machine: Machine) -> None:
    """Debian 13's git knows expiry and state; Debian 12's, the host of CI, knows neither."""
    modern = machine.git_version >= (2, 46, 0)
    assert modern or machine.name == "host"


def test_the_built_wheel_is_installed_with_its_app_extra(machine: Machine) -> None:
    code = "import gitlease, jwt, cryptography; print(gitlease.__file__)"
    where = machine.run([machine.python, "-c", code]).stdout.decode()
    assert "site-packages" in where


def test_a_program_sees_exactly_what_it_was_given(machine: Machine) -> None:
    home = machine.folder()
    env = {"HOME": str(home), "GITLEASE_HOST": "github.example", "LANG": None}
    seen = machine.run(["env"], env=env).stdout.decode().splitlines()
    assert sorted(seen) == [
        "GH_NO_UPDATE_NOTIFIER=1",
        "GH_TELEMETRY=false",
        "GITLEASE_HOST=github.example",
        "GIT_CONFIG_NOSYSTEM=1",
        f"HOME={home}",
        "PATH=/usr/local/bin:/usr/bin:/bin",
    ]


def test_a_program_starts_in_its_folder_and_reads_its_input(machine: Machine) -> None:
    folder = machine.folder()
    done = machine.run(["sh", "-c", "cat >said; pwd"], cwd=folder, input=b"hello")
    assert done.stdout.decode().strip() == machine.inside(folder)
    assert (folder / "said").read_bytes() == b"hello"


def test_a_program_reaches_a_server_of_the_test(machine: Machine) -> None:
    handler = http.server.SimpleHTTPRequestHandler
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        code = f"import urllib.request as u; print(u.urlopen('{url}').status)"
        assert machine.run([machine.python, "-c", code]).stdout == b"200\n"


def test_a_failure_tells_what_the_program_wrote(machine: Machine) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failed:
        machine.run(["sh", "-c", "echo why >&2; exit 3"])
    assert failed.value.returncode == 3
    assert "why" in "".join(failed.value.__notes__)


def test_a_program_past_its_time_dies_with_its_children(machine: Machine) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        machine.run(["sh", "-c", "sleep 60 & wait"], timeout=0.5)


def test_a_started_program_has_its_own_id(machine: Machine) -> None:
    process = machine.popen(["sh", "-c", "echo $$; exec sleep 60"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert int(process.stdout.readline()) == process.pid
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(10) == -signal.SIGTERM


def test_nothing_replaces_a_device(machine: Machine) -> None:
    with pytest.raises(ValueError, match="/dev/null"):
        machine.run(["git", "version"], env={"GIT_CONFIG_GLOBAL": "/dev/null"})


@pytest.mark.parametrize("machine", ["debian13"], indirect=True)
def test_the_root_stays_as_it_was_made(machine: Machine) -> None:
    for place in ("/etc/gitconfig", "/dev/null.new"):
        assert machine.run(["touch", place], check=False).returncode == 1
    assert machine.installed.root is not None
    mounted = Path("/proc/self/mounts").read_text()
    assert str(machine.installed.root) not in mounted


def test_folders_and_processes_go_with_the_test(machine: Machine) -> None:
    mine = Machine(machine.installed)
    folder = mine.folder()
    process = mine.popen(["sleep", "60"], cwd=folder)
    mine.close()
    assert process.poll() == -signal.SIGKILL
    assert not folder.exists()
    assert folder.parent == Path(tempfile.gettempdir())


def test_every_shell_runs(machine: Machine, shell: list[str]) -> None:
    assert machine.run([*shell, "-c", "echo $((6 * 7))"]).stdout == b"42\n"


def test_both_releases_of_gh_run(gh_programs: dict[str, Gh]) -> None:
    assert gh_programs["debian"].version < gh_programs["current"].version

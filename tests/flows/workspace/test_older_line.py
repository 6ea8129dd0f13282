"""Where an older `credential.helper` line alone wires git, that is well, and seen to be."""

import json
from pathlib import Path

import pytest

from tests.support.doctoring import Ward
from tests.support.workspaces import Workspace

HELPER = "molecule-git-token-helper.sh"
URL = "https://github.com/acme/app"
HOST_ONLY = pytest.mark.parametrize("machine", ["host"], indirect=True)


@pytest.fixture
def scripts(bare_workspace: Workspace) -> Path:
    """Where our scripts are; nothing of ours is in git's config."""
    # Such a line lets git ask without a repository.
    [number] = [one["id"] for one in bare_workspace.github.installations if one["owner"] == "acme"]
    bare_workspace.env["GITLEASE_INSTALLATION_ID"] = str(number)
    folder = bare_workspace.home / "scripts"
    words = ("--offline", "--strict", "--scope", "env", "--compat", str(folder))
    bare_workspace.gitlease("install", *words)
    return folder


@pytest.fixture
def ward(bare_workspace: Workspace) -> Ward:
    return Ward(bare_workspace)


def wire(ward: Ward, value: str, key: str = "credential.helper") -> None:
    ward.workspace.git("config", "--global", key, value)


def status(ward: Ward) -> tuple[int, list[str]]:
    ran = ward.workspace.gitlease("status", "--json", check=False)
    return ran.returncode, json.loads(ran.stdout)["problems"]


def test_it_has_no_finding_and_is_healthy(ward: Ward, scripts: Path) -> None:
    """Before the first token and after, however the line calls the script."""
    wire(ward, f"!{scripts / HELPER}")
    assert ward.findings() == {}
    assert status(ward) == (0, [])
    ward.git("ls-remote")
    assert ward.findings() == {}
    wire(ward, f"!bash {scripts / HELPER}", "credential.https://github.com.helper")
    assert ward.findings() == {}
    assert status(ward) == (0, [])
    ward.git("ls-remote")


@HOST_ONLY
def test_beside_our_own_helper_it_is_nobody_else(ward: Ward, scripts: Path) -> None:
    """As where an old entrypoint adds its line after the installation."""
    ward.workspace.gitlease("install", "--offline", "--strict", "--scope", "user")
    wire(ward, f"!{scripts / HELPER}")
    assert ward.findings() == {}
    assert status(ward) == (0, [])


@HOST_ONLY
@pytest.mark.parametrize("how", ["gone", "taken away"])
def test_a_line_that_leads_to_no_script_of_ours_is_told(
    ward: Ward, scripts: Path, how: str
) -> None:
    script = scripts / HELPER
    wire(ward, f"!{script}")
    match how:
        case "gone":
            script.unlink()
        case "taken away":
            wire(ward, "", "credential.https://github.com.helper")
    found = ward.findings()
    # A script that is gone is a missing program besides.
    assert set(found) - {"program-missing"} == {"helper-not-asked"}
    code, [problem] = status(ward)
    assert code == 2
    assert 'eval "$(gitlease env)"' in problem
    ward.follow(found["helper-not-asked"]["cure"])
    assert ward.findings() == {}
    assert status(ward) == (0, [])


@HOST_ONLY
def test_without_a_line_the_cure_is_to_evaluate_what_env_prints(ward: Ward, scripts: Path) -> None:
    cure = ward.findings()["helper-not-asked"]["cure"]
    assert cure == 'eval "$(gitlease env)"'
    path = f"{Path(ward.workspace.machine.gitlease).parent}:/usr/bin:/bin"
    words = ["sh", "-c", f"{cure} && gitlease doctor"]
    assert scripts.exists()
    ran = ward.workspace.machine.run(words, env={**ward.workspace.env, "PATH": path})
    assert ran.stdout.startswith(b"nothing found")


@HOST_ONLY
def test_run_still_tells_git_by_variables(ward: Ward, scripts: Path) -> None:
    """So that it says for which repository it asks, and ends where there is no token."""
    wire(ward, f"!{scripts / HELPER}")
    words = ("git", "config", "--get-urlmatch", "credential.helper", URL)
    ran = ward.workspace.gitlease("run", "--", *words)
    assert ran.stdout.decode() == f"{ward.workspace.helper}\n"
    ward.workspace.gitlease("uninstall")

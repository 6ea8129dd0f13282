"""What git is told where no token can be had: one line with the cause and the cure."""

import pytest

from gitlease.workspace import clocks
from tests.support.workspaces import Workspace, password

# What is mounted or traced from outside is not seen inside the other machine.
HOST_ONLY = pytest.mark.parametrize("machine", ["host"], indirect=True)


def complaint(workspace: Workspace, path: str = "acme/app") -> str:
    ran = workspace.ask(path)
    assert ran.stdout == b"quit=1\n\n"
    [line] = ran.stderr.decode().splitlines()
    assert line.startswith(f"gitlease: no token for github.com/{path} (this workspace): ")
    return line.partition("): ")[2]


def test_an_unreadable_key_file(workspace: Workspace) -> None:
    workspace.env["GITLEASE_PRIVATE_KEY_FILE"] = "/nowhere/app.pem"
    assert complaint(workspace) == (
        "the App's key /nowhere/app.pem cannot be read: No such file or directory; point "
        "GITLEASE_PRIVATE_KEY_FILE at the PEM file downloaded from the App's settings"
    )


def test_a_key_file_that_is_no_key(workspace: Workspace) -> None:
    path = workspace.home / "app.pem"
    path.write_text("-----BEGIN RSA PRIVATE KEY-----\ncanary\n-----END RSA PRIVATE KEY-----\n")
    workspace.env["GITLEASE_PRIVATE_KEY_FILE"] = str(path)
    line = complaint(workspace)
    assert "holds no private key in PEM form" in line
    assert "canary" not in line


def test_a_key_of_another_app(workspace: Workspace) -> None:
    workspace.env["GITLEASE_APP_ID"] = "999"
    line = complaint(workspace)
    assert "Integration not found" in line
    assert "check that the key belongs to the App" in line


def test_an_owner_without_installation(workspace: Workspace) -> None:
    line = complaint(workspace, "nobody/app")
    assert "is not installed for nobody; install it there" in line


def test_a_suspended_installation(workspace: Workspace) -> None:
    workspace.github.suspend("acme")
    line = complaint(workspace)
    assert "suspended" in line
    assert "the owner unsuspends it" in line


def test_an_app_that_was_installed_anew(workspace: Workspace) -> None:
    """The installation's number has changed: it is found again, and nobody notices."""
    workspace.ask("acme/app")
    memo = next((workspace.state / "run").glob("installation~*"))
    memo.write_text("4711")
    workspace.gitlease("invalidate")
    assert password(workspace.ask("acme/app").stdout)


@HOST_ONLY
def test_after_an_install_nothing_waits_for_an_old_failure(workspace: Workspace) -> None:
    """Whoever has mended something installs again, and sees at once that it works."""
    workspace.github.fault("mint", status=429, retry_after=200)
    complaint(workspace)
    workspace.github.clear_faults()
    assert "429" in complaint(workspace)
    workspace.gitlease("install", "--offline")
    assert password(workspace.ask("acme/app").stdout)


def test_github_that_does_not_answer(workspace: Workspace) -> None:
    workspace.env["HTTPS_PROXY"] = "http://127.0.0.1:9"
    line = complaint(workspace)
    assert "api.github.com (through the proxy 127.0.0.1) cannot be reached" in line


def test_a_clock_that_is_an_hour_off_is_repaired(workspace: Workspace) -> None:
    """The proof is signed again by GitHub's clock, and the life is counted on ours."""
    workspace.github.advance(-3600)
    assert password(workspace.ask("acme/app").stdout)
    assert 3500 < workspace.record("github.com~acme").left(clocks.read()) <= 3600

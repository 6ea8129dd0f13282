"""The installation where the file of git is a mount, the disk is full, or the home cannot serve."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.flows.workspace.test_helper import HOST_ONLY, fill, small_file_system
from tests.support.workspaces import Workspace

USER = "[user]\n\tname = A Person\n\temail = a@example.com\n"


@contextmanager
def mounted(file: Path, place: Path) -> Iterator[None]:
    """Mount *file* on the file *place*, as container runtimes do with a user's dotfile."""
    place.touch()
    subprocess.run(["mount", "--bind", file, place], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", place], check=True)


@HOST_ONLY
def test_a_mounted_gitconfig_is_written_in_place(bare_workspace: Workspace) -> None:
    disk = bare_workspace.machine.folder()
    config = bare_workspace.home / ".gitconfig"
    with small_file_system(disk, "size=64k,mode=700"):
        (disk / "gitconfig").write_text(USER)
        with mounted(disk / "gitconfig", config):
            bare_workspace.gitlease("install", "--strict")
            assert config.read_text().startswith(USER)
            bare_workspace.git("ls-remote", "https://github.com/acme/app")
            bare_workspace.gitlease("uninstall")
            assert config.read_text() == USER


@HOST_ONLY
def test_a_mounted_gitconfig_on_a_full_disk_stays_whole(bare_workspace: Workspace) -> None:
    """git works on with what its user wrote."""
    disk = bare_workspace.machine.folder()
    config = bare_workspace.home / ".gitconfig"
    # The page that it is on has room for a part of our lines.
    user = USER + "# " + "x" * (4066 - len(USER)) + "\n"
    with small_file_system(disk, "size=8k,mode=700"):
        (disk / "gitconfig").write_text(user)
        fill(disk)
        with mounted(disk / "gitconfig", config):
            said = bare_workspace.gitlease("install").stdout.decode()
            assert "failed  git: No space left on device" in said
            assert config.read_text() == user
            named = bare_workspace.git("config", "user.name").stdout
            assert named == b"A Person\n"

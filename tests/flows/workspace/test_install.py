"""The installation where the file of git is a mount, the disk is full, or the home cannot serve."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.flows.workspace.test_helper import HOST_ONLY
from tests.support.disks import fill, small_file_system
from tests.support.workspaces import Workspace, password

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
            bare_workspace.gitlease("install", "--offline", "--strict")
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
            said = bare_workspace.gitlease("install", "--offline").stdout.decode()
            assert "failed  git: No space left on device" in said
            assert config.read_text() == user
            named = bare_workspace.git("config", "user.name").stdout
            assert named == b"A Person\n"


@HOST_ONLY
def test_packages_on_the_python_path_serve_the_helper_too(bare_workspace: Workspace) -> None:
    """git starts it without PYTHONPATH, and it would not look at it."""
    python = Path(bare_workspace.machine.python)
    [site] = python.parents[1].glob("lib/python*/site-packages")
    ours, theirs = bare_workspace.home / "ours", bare_workspace.home / "theirs"
    shutil.copytree(site / "gitlease", ours / "gitlease")
    theirs.mkdir()
    for package in site.iterdir():
        if not package.name.startswith("gitlease"):
            (theirs / package.name).symlink_to(package)
    bare = bare_workspace.machine.folder() / "venv"
    bare_workspace.machine.run([python.resolve(), "-m", "venv", "--without-pip", bare])
    bare_workspace.machine.run(
        [bare / "bin" / "python", "-m", "gitlease", "install", "--offline", "--strict"],
        env={**bare_workspace.env, "PYTHONPATH": f"{ours}:{theirs}"},
        cwd=bare_workspace.home,
    )
    assert password(bare_workspace.ask("acme/app").stdout)


@HOST_ONLY
def test_a_home_that_forbids_programs_is_told_and_git_left_alone(
    bare_workspace: Workspace,
) -> None:
    bare_workspace.state.mkdir(parents=True)
    with small_file_system(bare_workspace.state, "noexec,size=1m,mode=700"):
        said = bare_workspace.gitlease("install", "--offline").stdout.decode()
        assert "noexec); set GITLEASE_HOME to a folder on another" in said
        assert "skipped git:" in said
        assert not (bare_workspace.home / ".gitconfig").exists()

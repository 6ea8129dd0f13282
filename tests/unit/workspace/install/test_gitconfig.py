"""Our include comes last in the user's git config, and goes without a trace."""

import errno
import os
import time
from pathlib import Path
from typing import Any

import pytest

from gitlease.model.errors import GitleaseError
from gitlease.workspace.install import configfile
from gitlease.workspace.install.gitconfig import GitConfig
from gitlease.workspace.settings import Settings
from tests.support.parts import settings


@pytest.fixture
def mine(home: Path) -> Settings:
    made = settings(home)
    made.helper.parent.mkdir(parents=True)
    made.home.chmod(0o700)
    made.helper.write_text("#!/bin/sh\n")
    made.helper.chmod(0o700)
    return made


@pytest.fixture
def env(home: Path) -> dict[str, str]:
    return {"HOME": str(home)}


@pytest.fixture
def step(mine: Settings, env: dict[str, str]) -> GitConfig:
    return GitConfig(mine, env)


@pytest.fixture
def config(home: Path) -> Path:
    return home / ".gitconfig"


@pytest.mark.parametrize(
    "before",
    [
        None,
        b"",
        b"[user]\n\tname = a\n",
        b"[user]\n\tname = a",
        b"\n",
        b"# \xff\xfe\r\n[a]\r\n\tb=\\",
    ],
)
def test_installing_and_removing_leaves_the_file_as_it_was(
    step: GitConfig, mine: Settings, config: Path, before: bytes | None
) -> None:
    if before is not None:
        config.write_bytes(before)
        config.chmod(0o640)
    assert step.do()[0] == "done"
    assert step.do()[0] == "already"
    assert str(mine.home / "gitconfig").encode() in config.read_bytes()
    assert step.do()[0] == "already"
    assert step.undo()[0] == "done"
    assert (config.read_bytes() if config.exists() else None) == before
    if before is not None:
        assert config.stat().st_mode & 0o777 == 0o640
    assert not (mine.home / "gitconfig").exists()
    assert step.undo()[0] == "already"


def test_a_helper_that_was_added_after_us_comes_before_us_at_the_next_installation(
    step: GitConfig, config: Path
) -> None:
    step.do()
    with config.open("a") as file:
        file.write("[credential]\n\thelper = store\n")
    assert step.do()[0] == "done"
    text = config.read_text()
    assert text.startswith("[credential]\n\thelper = store\n# gitlease begin")
    assert text.endswith("# gitlease end\n")
    step.undo()
    assert config.read_text() == "[credential]\n\thelper = store\n"


@pytest.mark.parametrize("how", ["missing", "no program"])
def test_git_is_not_pointed_at_a_helper_that_it_cannot_run(
    step: GitConfig, mine: Settings, config: Path, how: str
) -> None:
    if how == "missing":
        mine.helper.unlink()
    else:
        mine.helper.chmod(0o600)
    assert step.do() == ("skipped", f"{mine.helper} is missing or cannot be run")
    assert not config.exists()


def test_a_linked_dotfile_stays_a_link(step: GitConfig, home: Path, config: Path) -> None:
    (home / "dotfiles").mkdir()
    (home / "dotfiles" / "real").write_text("[user]\n")
    config.symlink_to(Path("dotfiles") / "real")
    step.do()
    assert config.is_symlink()
    assert "gitlease" in (home / "dotfiles" / "real").read_text()
    step.undo()
    assert (home / "dotfiles" / "real").read_text() == "[user]\n"
    assert config.is_symlink()


def test_a_link_to_nowhere_gets_its_file(step: GitConfig, home: Path, config: Path) -> None:
    config.symlink_to(home / "later" / "config")
    assert step.do()[0] == "done"
    assert "gitlease" in (home / "later" / "config").read_text()


def test_a_link_in_a_circle_is_a_failure_and_no_crash(step: GitConfig, config: Path) -> None:
    config.symlink_to(config)
    with pytest.raises(OSError, match="Too many levels"):
        step.do()


def test_what_is_no_file_is_never_replaced(mine: Settings, home: Path, env: dict[str, str]) -> None:
    # A device in its place, as GIT_CONFIG_GLOBAL=/dev/null would be.
    pipe = home / "null"
    os.mkfifo(pipe)
    step = GitConfig(mine, env | {"GIT_CONFIG_GLOBAL": str(pipe)})
    for act in (step.do, step.undo):
        with pytest.raises(GitleaseError, match=r"no regular file; .*GIT_CONFIG_GLOBAL"):
            act()
    assert pipe.is_fifo()
    assert not (home / "null.lock").exists()


def test_a_lock_that_another_holds_is_waited_for_and_then_named(
    step: GitConfig, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(configfile, "LIMIT", 0.05)
    config.write_text("[user]\n")
    lock = config.with_name(".gitconfig.lock")
    lock.write_text("theirs")
    with pytest.raises(GitleaseError, match=r"held by another program; .*rm "):
        step.do()
    assert (lock.read_text(), config.read_text()) == ("theirs", "[user]\n")


def test_a_lock_that_becomes_free_is_taken(
    step: GitConfig, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = config.with_name(".gitconfig.lock")
    lock.write_text("")
    monkeypatch.setattr(time, "sleep", lambda _: lock.unlink())
    assert step.do()[0] == "done"
    assert not lock.exists()


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_full_disk_leaves_the_users_file_and_no_lock(
    step: GitConfig, config: Path, mine: Settings, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    config.write_text("[user]\n")
    step._write_own()

    def full(*_args: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(OSError, match="No space"):
        step.do()
    assert config.read_text() == "[user]\n"
    assert sorted(p.name for p in config.parent.iterdir()) == [".gitconfig", mine.home.name]


def test_a_file_that_cannot_be_replaced_is_written(
    step: GitConfig, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text("[user]\n")
    step._write_own()
    inode = config.stat().st_ino

    def mounted(_path: Path, _goal: Path) -> None:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(Path, "replace", mounted)
    assert step.do()[0] == "done"
    assert (config.stat().st_ino, config.read_text()[:7]) == (inode, "[user]\n")
    assert not config.with_name(".gitconfig.lock").exists()


@pytest.mark.parametrize("call", ["write", "fsync", "ftruncate"])
def test_a_mounted_file_holds_what_it_held_when_it_cannot_be_written(
    step: GitConfig, config: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    config.write_text("[user]\n")
    step._write_own()
    calls, real = [0], getattr(os, call)

    def mounted(_path: Path, _goal: Path) -> None:
        calls[0] = 1  # from now on the mounted file is written, and once that fails
        raise OSError(16, "Device or resource busy")

    def full(descriptor: int, *more: object) -> object:
        if calls[0] == 1:
            calls[0] = 2
            if call == "write":
                real(descriptor, b"torn [")
            raise OSError(28, "No space left on device")
        return real(descriptor, *more)

    monkeypatch.setattr(Path, "replace", mounted)
    monkeypatch.setattr(os, call, full)
    with pytest.raises(OSError, match="No space"):
        step.do()
    assert config.read_text() == "[user]\n"
    assert not config.with_name(".gitconfig.lock").exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_a_rename_that_fails_otherwise_leaves_the_users_file_alone(
    step: GitConfig, config: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    config.write_text("[user]\n")
    step._write_own()

    def failing(_path: Path, _goal: Path) -> None:
        raise OSError(number, "it failed")

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(OSError, match="it failed"):
        step.do()
    assert config.read_text() == "[user]\n"


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_folder_in_which_nothing_can_be_made_is_named_with_the_cure(
    step: GitConfig, config: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Its file may be mounted there and writable; git itself could not change it."""
    config.write_text("[user]\n")
    step._write_own()
    real = os.open

    def closed(path: Path, flags: int, mode: int = 0o777, **how: Any) -> int:
        if Path(path).name == ".gitconfig.lock":
            raise OSError(number, "closed")
        return real(path, flags, mode, **how)

    monkeypatch.setattr(os, "open", closed)
    with pytest.raises(GitleaseError, match=r"no lock can be made .*; make .* writable"):
        step.do()
    assert config.read_text() == "[user]\n"


@pytest.mark.parametrize(("umask", "mode"), [(0o000, 0o644), (0o022, 0o644), (0o077, 0o600)])
def test_a_new_file_is_as_open_as_the_user_wants_and_never_writable_for_others(
    mine: Settings, home: Path, umask: int, mode: int
) -> None:
    config = home / "new" / "folders" / "config"
    old = os.umask(umask)
    try:
        GitConfig(mine, {"GIT_CONFIG_GLOBAL": str(config)}).do()
    finally:
        os.umask(old)
    assert config.stat().st_mode & 0o777 == mode
    for folder in (config.parent, config.parent.parent):
        assert folder.stat().st_mode & 0o777 == 0o755 & ~umask

"""Nothing is believed that others could have written, and a file appears whole or not at all."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gitlease.model.errors import FolderError
from gitlease.workspace.files import read_ours
from gitlease.workspace.folders import check_private, make_private, write_whole
from tests.support.parts import tree

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
STRANGER = 12345


def test_a_missing_folder_is_made_for_us_alone_whatever_the_umask(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    old = os.umask(0)
    try:
        assert make_private(folder)
    finally:
        os.umask(old)
    assert folder.stat().st_mode & 0o7777 == 0o700
    assert not make_private(folder)


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701, 0o770, 0o1777])
def test_a_folder_that_is_open_to_others_is_refused_and_left_as_it_is(
    tmp_path: Path, mode: int
) -> None:
    folder = tmp_path / "loose"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(FolderError) as raised:
        make_private(folder)
    assert raised.value.hint == f"chmod 700 {folder}"
    assert folder.stat().st_mode & 0o7777 == mode


def test_a_link_or_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    for name in ("link", "dangling", "file", "file/below"):
        with pytest.raises(FolderError):
            make_private(tmp_path / name)
    assert not (tmp_path / "nowhere").exists()


def test_a_missing_folder_is_not_private() -> None:
    with pytest.raises(FolderError, match="No such file"):
        check_private(Path("/nonexistent/folder"))


@as_root
def test_a_strangers_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir(mode=0o700)
    os.chown(folder, STRANGER, STRANGER)
    with pytest.raises(FolderError, match=f"belongs to user {STRANGER}"):
        make_private(folder)


def test_a_file_is_written_with_its_mode_and_time(tmp_path: Path) -> None:
    path = tmp_path / "f"
    old = os.umask(0)
    try:
        write_whole(path, b"one", mtime=1e9)
        write_whole(tmp_path / "program", b"two", mode=0o700)
    finally:
        os.umask(old)
    assert (path.read_bytes(), path.stat().st_mode & 0o777, path.stat().st_mtime) == (
        b"one",
        0o600,
        1e9,
    )
    assert (tmp_path / "program").stat().st_mode & 0o777 == 0o700
    assert tree(tmp_path) == {"f": b"one", "program": b"two"}


def test_a_link_is_replaced_and_what_it_pointed_to_is_untouched(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"mine")
    (tmp_path / "f").symlink_to(tmp_path / "victim")
    write_whole(tmp_path / "f", b"ours")
    assert tree(tmp_path) == {"f": b"ours", "victim": b"mine"}
    assert not (tmp_path / "f").is_symlink()


LITTLE_ROOM = """
import resource, sys
from pathlib import Path
from gitlease.workspace.files import read_ours
from gitlease.workspace.folders import write_whole
room = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
try:
    write_whole(Path(sys.argv[1]), b"n" * 100_000)
except OSError:
    sys.exit(7)
"""


@pytest.mark.parametrize("room", [0, 4096, 99_999])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, room: int) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", LITTLE_ROOM, path, str(room)], check=False)
    assert done.returncode == 7
    assert tree(tmp_path) == {"f": b"old"}


@pytest.mark.parametrize("step", ["write", "fchmod", "utime", "fsync", "replace"])
@pytest.mark.parametrize("fault", [OSError(5, "Input/output error"), KeyboardInterrupt()])
def test_a_fault_at_any_step_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, fault: BaseException
) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")

    def fail(*_args: object, **_kwargs: object) -> None:
        raise fault

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(type(fault)):
        write_whole(path, b"new", mtime=1.0)
    assert tree(tmp_path) == {"f": b"old"}


def test_a_reader_sees_the_old_file_or_the_new_one_and_never_a_part(tmp_path: Path) -> None:
    path = tmp_path / "f"
    sizes = [1, 50_000, 200_000]
    whole = {bytes([65 + n]) * size for n, size in enumerate(sizes)}
    write_whole(path, min(whole))
    done = threading.Event()

    def write() -> None:
        for _ in range(30):
            for data in whole:
                write_whole(path, data)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while not done.is_set():
        seen.add(read_ours(tmp_path, path, 300_000))
    writer.join()
    assert seen <= whole


def test_a_private_file_is_read_whole_up_to_its_limit(tmp_path: Path) -> None:
    write_whole(tmp_path / "f", b"12345")
    assert read_ours(tmp_path, tmp_path / "f", 5) == b"12345"
    assert read_ours(tmp_path, tmp_path / "f", 4) is None
    assert read_ours(tmp_path, tmp_path / "missing", 5) is None


def test_what_others_could_have_placed_is_not_read(tmp_path: Path) -> None:
    write_whole(tmp_path / "f", b"data")
    (tmp_path / "link").symlink_to(tmp_path / "f")
    assert read_ours(tmp_path, tmp_path / "link", 9) is None
    (tmp_path / "below").mkdir()
    assert read_ours(tmp_path, tmp_path / "below", 9) is None
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert read_ours(tmp_path, tmp_path / "pipe", 9) is None
    (tmp_path / "second").hardlink_to(tmp_path / "f")
    assert read_ours(tmp_path, tmp_path / "f", 9) is None


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o620, 0o666])
def test_a_file_that_is_open_to_others_is_not_read(tmp_path: Path, mode: int) -> None:
    write_whole(tmp_path / "f", b"data")
    (tmp_path / "f").chmod(mode)
    assert read_ours(tmp_path, tmp_path / "f", 9) is None


@as_root
def test_a_strangers_file_is_not_read(tmp_path: Path) -> None:
    write_whole(tmp_path / "f", b"data")
    os.chown(tmp_path / "f", STRANGER, STRANGER)
    assert read_ours(tmp_path, tmp_path / "f", 9) is None


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_folders_above_ours_are_writable_for_nobody_else(home: Path, umask: int) -> None:
    old = os.umask(umask)
    try:
        make_private(home / ".local" / "state" / "gitlease")
    finally:
        os.umask(old)
    for above in (home / ".local", home / ".local" / "state"):
        assert above.stat().st_mode & 0o777 == 0o755 & ~umask

"""A file that gh may be writing is read at rest, and replaced whole or not at all."""

import errno
import os
import time
from pathlib import Path

import pytest

from gitlease.model.errors import GitleaseError
from gitlease.workspace.gh import settled


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "hosts.yml"
    path.write_text("one\n")
    return path


def age(path: Path) -> None:
    os.utime(path, (time.time() - 60, time.time() - 60))


def add(text: str | None) -> str:
    return (text or "") + "ours\n"


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_is_private_from_the_start_and_leaves_nothing_beside_it(file: Path) -> None:
    file.chmod(0o644)
    assert settled.change(file, add)
    assert file.read_text() == "one\nours\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert left(file.parent) == ["hosts.yml"]


def test_what_a_killed_writer_has_left_is_removed_since_it_holds_a_token(file: Path) -> None:
    drafts = [f".hosts.yml.{'a1' * 8}", f"..hosts.yml.{'a1' * 8}.{'b2' * 8}"]
    others = [".hosts.yml.swp", f".config.yml.{'a1' * 8}", f"hosts.yml.{'a1' * 8}"]
    for name in (*drafts, *others):
        (file.parent / name).write_text("a token")
        os.utime(file.parent / name, (1, 1))
    young = file.parent / f".hosts.yml.{'c3' * 8}"
    young.write_text("somebody is about to put it")
    settled.change(file, add)
    assert left(file.parent) == sorted([*others, young.name, "hosts.yml"])


def test_a_missing_file_is_made_with_its_folders_and_taken_away_again(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "hosts.yml"
    assert settled.read(path) is None
    assert settled.change(path, add)
    assert settled.read(path) == "ours\n"
    assert settled.change(path, lambda _: None)
    assert left(path.parent) == []
    assert not settled.change(path, lambda text: text)


def test_no_change_writes_nothing(file: Path) -> None:
    before = file.stat()
    assert not settled.change(file, lambda text: text)
    after = file.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_link_stays_one(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(file)
    settled.change(link, add)
    assert link.is_symlink()
    assert file.read_text() == "one\nours\n"


def test_what_is_written_meanwhile_is_not_lost(file: Path) -> None:
    """The change is made again on what the file is then."""
    seen: list[str | None] = []

    def edit(text: str | None) -> str:
        seen.append(text)
        if len(seen) == 1:
            file.write_text("one\nand two\n")
        return add(text)

    assert settled.change(file, edit)
    assert seen == ["one\n", "one\nand two\n"]
    assert file.read_text() == "one\nand two\nours\n"


def test_what_is_removed_meanwhile_does_not_come_back(file: Path) -> None:
    age(file)
    texts: list[str | None] = []

    def edit(text: str | None) -> str:
        texts.append(text)
        if len(texts) == 1:
            file.unlink()
        return add(text)

    settled.change(file, edit)
    assert file.read_text() == "ours\n"


def test_a_cut_file_is_waited_for(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """gh cuts it before it writes: nothing may be made of half a file."""
    file.write_text("")
    parts = ["one\n", "on"]
    monkeypatch.setattr(time, "sleep", lambda _: parts and file.write_text(parts.pop()))
    seen: list[str | None] = []

    def edit(text: str | None) -> str:
        seen.append(text)
        return add(text)

    settled.change(file, edit)
    assert seen == ["one\n"]


def test_a_file_that_never_rests_is_left_alone(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settled, "LIMIT", 0.2)
    numbers = iter(range(10**6))
    monkeypatch.setattr(time, "sleep", lambda _: file.write_text(f"{next(numbers)}"))
    with pytest.raises(GitleaseError, match="being written all the time; end the program"):
        settled.change(file, add)
    assert "ours" not in file.read_text()


def test_where_nothing_can_be_put_it_is_written_in_place(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bind-mounted file, as Docker makes it."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    whole = Path.replace
    monkeypatch.setattr(
        Path, "replace", lambda path, to: refuse() if to == file else whole(path, to)
    )
    number = file.stat().st_ino
    settled.change(file, add)
    assert (file.read_text(), file.stat().st_ino) == ("one\nours\n", number)
    settled.change(file, lambda _: "o\n")
    assert file.read_text() == "o\n"
    assert left(file.parent) == ["hosts.yml"]


def test_a_folder_of_somebody_else_gets_no_token(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.parent.chmod(0o777)
    with pytest.raises(GitleaseError, match="written by everybody; chmod o-w"):
        settled.change(file, add)
    file.parent.chmod(0o775)
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    with pytest.raises(GitleaseError, match=r"belongs to user \d+, not to us \(4711\); chown it"):
        settled.change(file, add)
    assert file.read_text() == "one\n"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GitleaseError, match="no regular file"):
        settled.change(tmp_path, add)
    with pytest.raises(GitleaseError, match="no regular file"):
        settled.change(Path(os.devnull), add)


def test_what_a_killed_writer_left_is_removed_after_an_hour_and_nothing_else(file: Path) -> None:
    """It holds a token, and nobody else would look for it."""
    drafts = f".{file.name}.{'a' * 16}", f"..{file.name}.{'a' * 16}.{'b' * 16}"
    others = f".{file.name}.swp", f"{file.name}.{'a' * 16}", f".other.{'a' * 16}"
    for name in (*drafts, *others):
        (file.parent / name).write_text("ghs_old")
        os.utime(file.parent / name, (1e9, 1e9))
    young = file.parent / f".{file.name}.{'c' * 16}"
    young.touch()
    assert settled.change(file, add)
    names = {path.name for path in file.parent.iterdir()}
    assert names >= {*others, young.name}
    assert not names & {*drafts}

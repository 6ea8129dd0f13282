"""Nothing is installed where somebody else could put another folder in the place of ours."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gitlease.model.errors import FolderError
from gitlease.workspace import way
from gitlease.workspace.way import check_way

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
STRANGER = 12345


def loose(mode: int, uid: int = 0, gid: int = 0) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        os.chown(path, uid, gid)
        path.chmod(mode)

    return change


@pytest.fixture
def above(tmp_path: Path) -> Path:
    """The folder above ours; the user's own is beside it."""
    (tmp_path / "user").mkdir()
    made = tmp_path / "above"
    made.mkdir()
    return made


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (loose(0o755, STRANGER), "belongs to user 12345"),
        (loose(0o777), r"written by everybody \(mode 0777\)"),
    ],
)
def test_a_folder_above_ours_that_another_user_can_change_is_named(
    above: Path, change: Callable[[Path], None], why: str
) -> None:
    home = above / "deeper" / "gitlease"
    (above / "deeper").mkdir()
    check_way(home, above.parent / "user")
    change(above)
    with pytest.raises(FolderError, match=rf"^{above} .*{why}.* in the place of {home}; set"):
        check_way(home, above.parent / "user")


@pytest.mark.parametrize("mode", [0o1777, 0o775, 0o2775, 0o700])
def test_a_sticky_folder_and_one_that_root_shares_are_no_danger(above: Path, mode: int) -> None:
    loose(mode, 0, 50)(above)
    check_way(above / "gitlease", above.parent / "user")


def test_a_link_on_the_way_is_followed_and_has_to_be_ours(above: Path) -> None:
    (above / "link").symlink_to(above.parent / "user")
    check_way(above / "link" / "gitlease", above)
    os.lchown(above / "link", STRANGER, STRANGER)
    with pytest.raises(FolderError, match="link belongs to user"):
        check_way(above / "link" / "gitlease", above.parent / "other")
    os.lchown(above / "link", 0, 0)
    loose(0o777)(above.parent / "user")
    with pytest.raises(FolderError, match="user can be written by everybody"):
        check_way(above / "link" / "gitlease", above.parent / "other")


def test_a_link_in_a_circle_has_an_end(above: Path) -> None:
    (above / "link").symlink_to("link")
    check_way(above / "link" / "gitlease", above)


def test_who_can_change_the_users_own_folder_chooses_already_what_git_does(above: Path) -> None:
    """As in an image that is open to whichever user it will be run by."""
    home = above / ".local" / "gitlease"
    (above / ".local").mkdir()
    (above / ".local").chmod(0o777)
    with pytest.raises(FolderError, match="local can be written by everybody"):
        check_way(home, above)
    above.chmod(0o777)
    check_way(home, above)


def test_root_is_not_led_through_another_users_folder_and_that_user_is(
    above: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.chown(above, STRANGER, STRANGER)
    with pytest.raises(FolderError, match="belongs to user"):
        check_way(above / "gitlease", above)
    assert way.is_anothers(above)
    # Any user of a number that no image knows, in a home that belongs to another number.
    monkeypatch.setattr(os, "geteuid", lambda: 23456)
    for folder in above.parents:
        assert folder.stat().st_uid == 0
    check_way(above / "gitlease", above)
    assert not way.is_anothers(above)

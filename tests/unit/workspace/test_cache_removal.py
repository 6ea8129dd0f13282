"""A record is removed if it is the one meant; what GitHub refused is believed under no name."""

import os
from pathlib import Path

import pytest

from gitlease.model.errors import FolderError
from gitlease.model.frozen import replace
from gitlease.workspace.cache import Cache
from gitlease.workspace.folders import make_private
from tests.support.parts import APP, NOON, settings, token

REPOSITORY, OWNER, WHOLE_HOST = APP.names


@pytest.fixture
def cache(home: Path) -> Cache:
    return Cache(settings(home))


def test_drop_removes_one_record(cache: Cache) -> None:
    cache.put(OWNER, token(), NOON, for_all=True)
    assert not cache.drop(REPOSITORY)
    assert cache.drop(OWNER)
    assert not cache.drop(OWNER)


def test_the_rejected_token_is_removed_and_a_renewed_one_survives(cache: Cache) -> None:
    cache.put(OWNER, token("ghs_new"), NOON, for_all=True)
    assert not cache.drop_if(OWNER, token("ghs_old").fingerprint)
    assert cache.read(OWNER) is not None
    assert cache.drop_if(OWNER, token("ghs_new").fingerprint)
    assert cache.read(OWNER) is None
    assert not cache.drop_if(OWNER, token("ghs_new").fingerprint)
    assert list(cache.folder.iterdir()) == []


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("meanwhile", [None, "ghs_newest"])
def test_a_token_that_is_renewed_while_the_old_one_is_dropped_survives(
    cache: Cache, monkeypatch: pytest.MonkeyPatch, links: bool, meanwhile: str | None
) -> None:
    cache.put(OWNER, token("ghs_old"), NOON, for_all=True)
    path, rename = cache.folder / OWNER, Path.rename

    def race(source: Path, goal: Path) -> Path:
        # Another process puts a new record between our look and our rename, and perhaps another.
        cache.put(OWNER, token("ghs_new"), NOON, for_all=True)
        moved = rename(source, goal)
        if meanwhile:
            cache.put(OWNER, token(meanwhile), NOON, for_all=True)
        return moved

    def no_links(_path: Path, _goal: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "rename", race)
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", no_links)
    assert not cache.drop_if(OWNER, token("ghs_old").fingerprint)
    found = cache.read(OWNER)
    assert found is not None
    assert found.token.secret.reveal() == (meanwhile or "ghs_new")
    assert list(cache.folder.iterdir()) == [path]


def test_a_record_that_does_not_match_is_never_out_of_sight(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.put(OWNER, token("ghs_new"), NOON, for_all=True)

    def fail(_path: Path, _goal: Path) -> None:
        raise AssertionError("a reader would miss it now")

    monkeypatch.setattr(Path, "rename", fail)
    assert not cache.drop_if(OWNER, token("ghs_old").fingerprint)


def test_a_torn_record_is_not_the_rejected_one(cache: Cache) -> None:
    cache.put(OWNER, token(), NOON, for_all=True)
    (cache.folder / OWNER).write_bytes(b"gitlease-1 torn")
    assert not cache.drop_if(OWNER, token().fingerprint)


def test_a_rejected_token_is_believed_under_no_name(cache: Cache) -> None:
    cache.put(OWNER, token(), NOON, for_all=True)
    cache.put(REPOSITORY, token(), NOON, for_all=False)
    cache.put(WHOLE_HOST, token("ghs_other"), NOON, for_all=False)
    assert not cache.is_rejected(token().fingerprint)
    cache.reject(token().fingerprint, NOON.wall + 3600)
    assert cache.is_rejected(token().fingerprint)
    assert [cache.read(name) is None for name in APP.names] == [True, True, False]
    assert cache.names() == sorted(APP.names)


def test_a_rejection_is_forgotten_when_the_token_would_be_dead(cache: Cache) -> None:
    cache.reject(token().fingerprint, NOON.wall + 3600)
    cache.prune(replace(NOON, wall=NOON.wall + 3599))
    assert cache.is_rejected(token().fingerprint)
    cache.prune(replace(NOON, wall=NOON.wall + 3601))
    assert not cache.is_rejected(token().fingerprint)


@pytest.mark.parametrize(
    "odd", ["", ".", "..", "../" + OWNER, "x" * 300, "a/b+c=", "\N{GREEK SMALL LETTER PI}"]
)
def test_a_fingerprint_that_is_none_does_no_harm(cache: Cache, odd: str) -> None:
    cache.put(OWNER, token(), NOON, for_all=True)
    cache.reject(odd, NOON.wall)
    cache.is_rejected(odd)
    cache.prune(replace(NOON, wall=NOON.wall + 9999))
    assert cache.read(OWNER) is not None
    assert {path.name for path in cache.folder.iterdir()} == {OWNER, "rejected"}


@pytest.fixture
def loose(cache: Cache) -> Cache:
    """A cache whose folder is open to others."""
    make_private(cache.folder.parent)
    cache.folder.mkdir()
    cache.folder.chmod(0o755)
    return cache


def test_a_rejection_in_an_unsafe_folder_is_no_failure(loose: Cache) -> None:
    cache = loose
    cache.reject(token().fingerprint, NOON.wall)
    assert not cache.is_rejected(token().fingerprint)


def test_what_killed_writers_left_is_removed_after_an_hour_and_nothing_else(cache: Cache) -> None:
    cache.put(OWNER, token(), NOON, for_all=True)
    for name in (".left.0123", ".lock~x", ".failed~x"):
        (cache.folder / name).write_bytes(b"")
        os.utime(cache.folder / name, (NOON.wall, NOON.wall))
    os.utime(cache.folder / OWNER, (0, 0))
    cache.prune(replace(NOON, wall=NOON.wall + 3500))
    assert (cache.folder / ".left.0123").exists()
    cache.prune(replace(NOON, wall=NOON.wall + 3700))
    assert {path.name for path in cache.folder.iterdir()} == {OWNER, ".lock~x"}


def test_nothing_is_put_into_a_folder_that_is_open_to_others(loose: Cache) -> None:
    with pytest.raises(FolderError):
        loose.put(OWNER, token(), NOON, for_all=True)
    assert list(loose.folder.iterdir()) == []


def test_the_home_is_private_too_whoever_makes_it_first(home: Path) -> None:
    for name in ("put", "reject"):
        mine = settings(home / name)
        if name == "put":
            Cache(mine).put(OWNER, token(), NOON, for_all=True)
        else:
            Cache(mine).reject(token().fingerprint, NOON.wall)
        assert mine.home.stat().st_mode & 0o777 == 0o700

"""A record is the right one or none at all, and nobody's but the one meant is removed."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlease.model.frozen import replace
from gitlease.model.targets import Target
from gitlease.model.tokens import Secret, Token
from gitlease.workspace import cache as cache_module
from gitlease.workspace.cache import Cache, Record
from gitlease.workspace.clocks import Moment
from tests.support.parts import APP, HOST, NOON, Clock, settings, token

REPOSITORY, OWNER, WHOLE_HOST = APP.names


@pytest.fixture
def cache(home: Path) -> Cache:
    return Cache(settings(home))


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=600),
    st.floats(-1e6, 3600),
    st.builds(Moment, st.floats(0, 4e9), st.floats(0, 1e9), st.sampled_from(["", "boot"])),
    st.booleans(),
)
def test_what_is_encoded_is_decoded(secret: str, life: float, now: Moment, for_all: bool) -> None:
    one = Token(Secret(secret), now.wall + life, now.wall, lifetime=life, source="test")
    record = Record("name", one, now, for_all, "digest")
    data = cache_module._encode(record, settings(Path("/h")), readable=True)
    assert cache_module._decode("name", data) == record


@pytest.mark.parametrize("for_all", [True, False])
def test_what_was_put_is_read_also_by_the_next_process(cache: Cache, for_all: bool) -> None:
    record = cache.put(OWNER, token(), NOON, for_all=for_all)
    again = Cache(settings(cache.folder.parent.parent))
    assert again.read(OWNER) == record
    assert record == Record(OWNER, token(), NOON, for_all, settings(Path("/h")).digest)
    assert cache.names() == [OWNER]


def test_a_record_is_the_answer_that_git_reads(cache: Cache) -> None:
    cache.put(OWNER, token(), NOON, for_all=True)
    lines = (cache.folder / OWNER).read_text().split("\n")
    assert lines[1:4] == [
        "username=x-access-token",
        "password=ghs_one",
        f"password_expiry_utc={int(NOON.wall) + 3600}",
    ]


def test_records_are_ours_alone(cache: Cache) -> None:
    cache.put(OWNER, token(), NOON, for_all=True)
    assert cache.folder.stat().st_mode & 0o777 == 0o700
    assert (cache.folder / OWNER).stat().st_mode & 0o777 == 0o600


def test_a_record_cut_at_any_byte_is_a_miss(cache: Cache) -> None:
    cache.put(OWNER, token(), NOON, for_all=True)
    path = cache.folder / OWNER
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        assert cache.read(OWNER) is None
    path.write_bytes(whole)
    assert cache.read(OWNER) is not None


@given(st.binary(max_size=200))
def test_any_other_bytes_are_a_miss(data: bytes) -> None:
    assert cache_module._decode("name", data) is None


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_spoilt_byte_never_gives_another_password(place: int, byte: int) -> None:
    record = Record("name", token(), NOON, for_all=True, settings="digest")
    data = bytearray(cache_module._encode(record, settings(Path("/h")), readable=True))
    data[place % len(data)] = byte
    found = cache_module._decode("name", bytes(data))
    assert found is None or found.token.secret == record.token.secret


def test_a_missing_foreign_or_oversized_file_is_a_miss(cache: Cache) -> None:
    assert cache.read(OWNER) is None
    assert cache.names() == []
    cache.put(OWNER, token(), NOON, for_all=True)
    (cache.folder / OWNER).chmod(0o644)
    assert cache.read(OWNER) is None
    (cache.folder / REPOSITORY).mkdir()
    assert cache.read(REPOSITORY) is None


def test_the_most_specific_record_answers(cache: Cache) -> None:
    cache.put(WHOLE_HOST, token("ghs_host"), NOON, for_all=True)
    cache.put(OWNER, token("ghs_owner"), NOON, for_all=True)
    found = cache.find(APP)
    assert found is not None
    assert found.name == OWNER
    cache.put(REPOSITORY, token("ghs_app"), NOON, for_all=False)
    found = cache.find(APP)
    assert found is not None
    assert found.token.secret.reveal() == "ghs_app"


@pytest.mark.guarantee("scope")
def test_a_broader_record_serves_only_if_it_is_meant_for_all(cache: Cache) -> None:
    cache.put(OWNER, token(), NOON, for_all=False)
    assert cache.find(APP) is None
    assert cache.find(Target(HOST, "acme")) is not None


@pytest.mark.guarantee("scope")
def test_a_narrower_record_never_serves_more_than_its_own(cache: Cache) -> None:
    cache.put(REPOSITORY, token(), NOON, for_all=True)
    for target in (Target(HOST), Target(HOST, "acme"), Target(HOST, "acme", "site")):
        assert cache.find(target) is None


@pytest.mark.guarantee("scope")
@pytest.mark.parametrize(
    "change",
    [{"app_id": "2"}, {"permissions": {"contents": "read"}}, {"granularity": "repository"}],
)
def test_what_was_fetched_under_other_settings_is_a_miss(
    home: Path, cache: Cache, change: dict[str, Any]
) -> None:
    cache.put(OWNER, token(), NOON, for_all=True)
    assert Cache(settings(home, **change)).read(OWNER) is None
    assert cache.read(OWNER) is not None


# How long a record lives.


RECORD = Record(OWNER, token(), NOON, for_all=True, settings="digest")


@pytest.mark.guarantee("expiry")
def test_a_record_lives_as_long_as_its_token() -> None:
    clock = Clock()
    assert RECORD.left(clock()) == 3600
    clock.advance(3000)
    assert RECORD.left(clock()) == 600
    assert RECORD.usable(clock(), 600)
    clock.advance(1)
    assert not RECORD.usable(clock(), 600)
    assert RECORD.alive(clock())
    clock.advance(595)
    assert not RECORD.alive(clock())


@pytest.mark.guarantee("expiry")
def test_a_wall_clock_that_is_set_back_revives_nothing() -> None:
    clock = Clock()
    clock.advance(3700)
    clock.set_wall(NOON.wall - 86_400)
    assert RECORD.left(clock()) == -100
    assert not RECORD.alive(clock())


def test_a_wall_clock_that_is_set_forward_ends_the_life_early() -> None:
    clock = Clock()
    clock.set_wall(NOON.wall + 3600)
    assert not RECORD.alive(clock())


@pytest.mark.guarantee("expiry")
def test_after_another_boot_nothing_is_known_and_nothing_is_served() -> None:
    rebooted = Moment(NOON.wall + 100, 3.0, "boot-2")
    assert RECORD.left(rebooted) == 0
    assert not RECORD.alive(rebooted)


@pytest.mark.guarantee("expiry")
def test_without_a_boot_clock_a_time_before_the_record_proves_nothing() -> None:
    blind = replace(NOON, boot=0.0, boot_id="")
    record = replace(RECORD, put_at=blind)
    assert record.left(replace(blind, wall=NOON.wall + 100)) == 3500
    assert record.left(replace(blind, wall=NOON.wall - 100)) == 0


def test_the_age_of_a_token_is_what_is_gone_of_its_life() -> None:
    clock = Clock()
    assert RECORD.age(clock()) == 0
    clock.advance(7)
    assert RECORD.age(clock()) == 7


# Its use.


def test_a_record_is_used_when_it_is_written_found_or_read_by_a_shell(cache: Cache) -> None:
    """And not when somebody only looks at it; the deadline stays what it was."""
    cache.put(OWNER, token(), NOON, for_all=True)
    path = cache.folder / OWNER
    unseen = Cache(settings(cache.folder.parent.parent), unseen=True)
    assert time.time() - path.stat().st_atime < 100

    def used(act: Callable[[], object]) -> bool:
        os.utime(path, (1000.0, path.stat().st_mtime))
        assert act() is not None
        return path.stat().st_atime != 1000.0

    assert not used(lambda: cache.read(OWNER))
    assert not used(lambda: unseen.find(APP))
    assert not used(lambda: unseen.put(OWNER, token("ghs_two"), NOON, for_all=True))
    assert not used(lambda: cache.drop_if(OWNER, token().fingerprint))
    if not os.statvfs(path).f_flag & os.ST_NOATIME:
        assert used(lambda: cache.find(APP))
        assert used(lambda: subprocess.run(["sh", "-c", f". '{path}'"], check=False))
    assert used(lambda: cache.put(OWNER, token(), NOON, for_all=True))
    assert path.stat().st_mtime == NOON.wall + 3000


def test_a_record_that_the_refresher_writes_first_counts_as_used(cache: Cache) -> None:
    unseen = Cache(settings(cache.folder.parent.parent), unseen=True)
    unseen.put(OWNER, token(), NOON, for_all=True)
    assert time.time() - (cache.folder / OWNER).stat().st_atime < 100

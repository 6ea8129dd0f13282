"""The operator's bearer is made once, whole, for nobody else's eyes; it is changed while in use."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitlease.broker.admin_token import AdminTokens, rotate
from gitlease.broker.settings import Settings, build
from gitlease.model.errors import GitleaseError, SettingsError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return build({"data_dir": str(tmp_path / "new")})


def lines(settings: Settings) -> list[str]:
    return settings.admin_file.read_text().splitlines()


def test_the_first_start_makes_it_and_the_next_reads_it(settings: Settings) -> None:
    first = AdminTokens(settings)
    [token] = lines(settings)
    assert len(token) > 43
    assert first.opens(token)
    assert AdminTokens(settings).opens(token)
    assert not first.opens(token[:-1])
    assert not first.opens("")
    assert stat.S_IMODE(settings.admin_file.stat().st_mode) == 0o600
    assert [one.name for one in settings.data_dir.iterdir()] == ["admin-token"]


def test_of_many_that_start_at_once_all_have_the_same(settings: Settings) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: AdminTokens(settings), range(32)))
    assert all(one.opens(lines(settings)[0]) for one in found)


def test_the_configured_one_wins_and_makes_no_file(tmp_path: Path) -> None:
    settings = build({"data_dir": str(tmp_path), "admin_token": "a" * 32})
    assert AdminTokens(settings).opens("a" * 32)
    with pytest.raises(SettingsError):
        rotate(settings, at_once=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("content", "mode"), [("a" * 40, 0o644), ("short", 0o600), ("", 0o600)])
def test_a_file_that_others_read_or_that_is_guessed_is_refused(
    tmp_path: Path, content: str, mode: int
) -> None:
    settings = build({"data_dir": str(tmp_path)})
    settings.admin_file.write_text(content)
    settings.admin_file.chmod(mode)
    with pytest.raises(GitleaseError):
        AdminTokens(settings)


def test_a_rotation_reaches_who_runs_and_keeps_the_one_before_until_the_next(
    settings: Settings,
) -> None:
    running = AdminTokens(settings)
    [first] = lines(settings)
    rotate(settings, at_once=False)
    second, before = lines(settings)
    assert before == first
    assert running.opens(first)
    assert running.opens(second)
    rotate(settings, at_once=False)
    third, _ = lines(settings)
    assert not running.opens(first)
    assert running.opens(second)
    assert running.opens(third)
    assert stat.S_IMODE(settings.admin_file.stat().st_mode) == 0o600
    assert [one.name for one in settings.data_dir.iterdir()] == ["admin-token"]


def test_a_stolen_one_is_dead_at_once_if_that_is_asked_for(settings: Settings) -> None:
    running = AdminTokens(settings)
    [stolen] = lines(settings)
    rotate(settings, at_once=True)
    [new] = lines(settings)
    assert not running.opens(stolen)
    assert running.opens(new)


@pytest.mark.parametrize("harm", ["gone", "loose", "guessed"])
def test_a_file_that_turns_bad_takes_no_token_away(settings: Settings, harm: str) -> None:
    running = AdminTokens(settings)
    [token] = lines(settings)
    if harm == "gone":
        settings.admin_file.unlink()
    if harm == "loose":
        settings.admin_file.write_text("b" * 40)
        settings.admin_file.chmod(0o644)
    if harm == "guessed":
        settings.admin_file.write_text("short")
    assert running.opens(token)
    assert not running.opens("b" * 40)
    assert not running.opens("short")

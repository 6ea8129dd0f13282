"""The operator's bearer is made once, whole, and for nobody else's eyes."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitlease.broker.admin_token import admin_token
from gitlease.broker.settings import build
from gitlease.model.errors import GitleaseError


def test_the_first_start_makes_it_and_the_next_reads_it(tmp_path: Path) -> None:
    settings = build({"data_dir": str(tmp_path / "new")})
    first = admin_token(settings)
    assert len(first.reveal()) > 43
    assert admin_token(settings) == first
    assert stat.S_IMODE(settings.admin_file.stat().st_mode) == 0o600
    assert [one.name for one in settings.data_dir.iterdir()] == ["admin-token"]


def test_of_many_that_start_at_once_all_have_the_same(tmp_path: Path) -> None:
    settings = build({"data_dir": str(tmp_path / "new")})
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: admin_token(settings), range(32)))
    assert len(set(found)) == 1


def test_the_configured_one_wins_and_makes_no_file(tmp_path: Path) -> None:
    settings = build({"data_dir": str(tmp_path), "admin_token": "a" * 32})
    assert admin_token(settings).reveal() == "a" * 32
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("content", "mode"), [("a" * 40, 0o644), ("short", 0o600), ("", 0o600)])
def test_a_file_that_others_read_or_that_is_guessed_is_refused(
    tmp_path: Path, content: str, mode: int
) -> None:
    settings = build({"data_dir": str(tmp_path)})
    settings.admin_file.write_text(content)
    settings.admin_file.chmod(mode)
    with pytest.raises(GitleaseError):
        admin_token(settings)

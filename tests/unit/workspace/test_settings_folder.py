"""Where our folder is."""

import os
import pwd
from pathlib import Path

import pytest

from gitlease.model.errors import SettingsError
from gitlease.workspace.settings import home_folder


@pytest.fixture
def env(home: Path) -> dict[str, str]:
    return {"HOME": str(home)}


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"GITLEASE_HOME": "/g", "XDG_STATE_HOME": "/s", "HOME": "/h"}, "/g"),
        ({"XDG_STATE_HOME": "/s", "HOME": "/h"}, "/s/gitlease"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/h"}, "/h/.local/state/gitlease"),
        ({"XDG_STATE_HOME": "", "HOME": "/h"}, "/h/.local/state/gitlease"),
    ],
)
def test_our_folder_follows_the_environment(env: dict[str, str], expected: str) -> None:
    assert home_folder(env) == Path(expected)


def test_without_home_the_password_database_is_asked() -> None:
    user = Path(pwd.getpwuid(os.getuid()).pw_dir)
    assert home_folder({}) == user / ".local/state/gitlease"


def test_a_user_without_a_home_is_told_to_name_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 3_999_999_999)
    with pytest.raises(SettingsError, match="GITLEASE_HOME"):
        home_folder({})


@pytest.mark.parametrize("env", [{"GITLEASE_HOME": "x"}, {"GITLEASE_HOME": "~/x"}, {"HOME": "x"}])
def test_a_relative_folder_is_refused(env: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="relative path"):
        home_folder(env)


def test_a_folder_that_no_config_file_can_hold_is_refused() -> None:
    with pytest.raises(SettingsError) as raised:
        home_folder({"GITLEASE_HOME": "/a\nb"})
    assert str(raised.value).isprintable()

"""What git would do is asked of git, and no secret of its config goes further."""

import shlex
import subprocess
from pathlib import Path

import pytest

from gitlease.model.errors import GitleaseError
from gitlease.workspace.doctor.git import BrokenConfigError, Entry, Git
from tests.support.machines import PATH

SECRET = "ghp_canary"


@pytest.fixture
def env(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "PATH": PATH, "GIT_CONFIG_NOSYSTEM": "1"}


def config(home: Path, text: str, name: str = ".gitconfig") -> None:
    (home / name).write_text(text)


def test_the_config_is_read_in_gits_order_with_its_includes(
    home: Path, env: dict[str, str]
) -> None:
    config(home, "[a]\nb = 1\n[include]\npath = more\n[A]\nB = 2\nflag\n")
    config(home, '[a "X.y"]\nb = "two\\nlines"\n', "more")
    subprocess.run(["git", "init", "-q", home / "r"], env=env, check=True)
    (home / "r" / "deep").mkdir()
    subprocess.run(["git", "-C", home / "r", "config", "a.b", "3"], env=env, check=True)
    env |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "a.b", "GIT_CONFIG_VALUE_0": "4"}
    found = [one for one in Git(env, home / "r" / "deep").entries if one.section == "a"]
    own, more, local = home / ".gitconfig", home / "more", home / "r" / ".git" / "config"
    assert found == [
        Entry("global", own, "a.b", "1"),
        Entry("global", more, "a.X.y.b", "two\nlines"),
        Entry("global", own, "a.b", "2"),
        Entry("global", own, "a.flag", ""),
        Entry("local", local, "a.b", "3"),
        Entry("command", None, "a.b", "4"),
    ]
    assert (found[1].section, found[1].subsection, found[1].name) == ("a", "X.y", "b")


def test_a_git_that_knows_no_scopes_is_read_too(home: Path, env: dict[str, str]) -> None:
    """Before 2.26."""
    config(home, "[a]\nb = 1\n")
    older = home / "bin" / "git"
    older.parent.mkdir()
    older.write_text(
        '#!/bin/sh\ncase " $* " in *" --show-scope "*) exit 129 ;; esac\nexec /usr/bin/git "$@"\n'
    )
    older.chmod(0o755)
    env["PATH"] = f"{older.parent}:{PATH}"
    assert Entry("", home / ".gitconfig", "a.b", "1") in Git(env, home).entries


@pytest.mark.parametrize(
    ("pattern", "about"),
    [
        ("https://github.com", True),
        ("https://github.com:443", True),
        ("https://GitHub.com/acme", True),
        ("https://*.com", True),
        ("github.com", True),
        (f"https://x:{SECRET}@github.com", True),
        ("http://github.com", False),
        ("https://gist.github.com", False),
        ("https://github.com:8443", False),
        ("https://alice@github.com", False),
        ("https://[", False),
    ],
)
def test_git_decides_what_is_about_a_host(
    home: Path, env: dict[str, str], pattern: str, about: bool
) -> None:
    config(home, f'[credential "{pattern}"]\nhelper = x\n')
    found = list(Git(env, home).about("credential", "github.com"))
    assert bool(found) is about


def test_no_password_of_the_config_is_on_a_command_line(home: Path, env: dict[str, str]) -> None:
    config(
        home, f'[http "https://x:{SECRET}@github.com/"]\nextraheader = Authorization: {SECRET}\n'
    )
    seen = home / "seen"
    spy = home / "bin" / "git"
    spy.parent.mkdir()
    spy.write_text(f'#!/bin/sh\necho "$@" >>{seen}\nexec /usr/bin/git "$@"\n')
    spy.chmod(0o755)
    env["PATH"] = f"{spy.parent}:{PATH}"
    [entry] = Git(env, home).about("http", "github.com")
    assert "get-urlmatch" in seen.read_text()
    assert SECRET not in seen.read_text()
    assert SECRET not in entry.removal + entry.removal_of_all


def test_a_broken_config_and_a_missing_git_are_told_apart(home: Path, env: dict[str, str]) -> None:
    config(home, "[broken\n")
    with pytest.raises(BrokenConfigError, match=r"bad config line 1 in file .*/\.gitconfig"):
        _ = Git(env, home).entries
    with pytest.raises(GitleaseError, match="git cannot be started"):
        _ = Git(env | {"PATH": str(home)}, home).entries


def test_a_git_that_does_not_end_is_given_up_once_for_all(home: Path, env: dict[str, str]) -> None:
    slow = home / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(f"#!/bin/sh\necho >>{home}/seen\nexec sleep 60\n")
    slow.chmod(0o755)
    git = Git(env | {"PATH": f"{slow.parent}:{PATH}"}, home)
    for limit in (2, 60):
        with pytest.raises(GitleaseError, match=r"`git version` does not end within 2 s"):
            git.run("version", limit=limit)
    assert (home / "seen").read_text() == "\n"


@pytest.mark.parametrize("value", ["", "store", "cache --timeout 9", "a'b\"c $(x)", "é"])
def test_a_removal_takes_that_line_and_no_other(
    home: Path, env: dict[str, str], value: str
) -> None:
    for one in (value, "other"):
        words = ["git", "config", "--global", "--add", "credential.helper", one]
        subprocess.run(words, env=env, check=True)
    entry = next(one for one in Git(env, home).entries if one.value == value)
    subprocess.run(shlex.split(entry.removal), env=env, check=True)
    assert [one.value for one in Git(env, home).entries] == ["other"]


@pytest.mark.parametrize("value", [f"!echo password={SECRET}", f"x {SECRET}", "!f", "a\nb"])
def test_a_removal_never_quotes_a_command_or_a_secret(value: str) -> None:
    entry = Entry("local", Path("/x"), "credential.helper", value)
    assert entry.removal == "git config --file /x --unset-all credential.helper"


def test_what_cannot_be_removed_by_a_line_that_is_safe_to_print_is_left_to_a_person() -> None:
    key = f"url.https://x:{SECRET}@github.com/.insteadof"
    entry = Entry("local", Path("/x"), key, "https://github.com/")
    expected = "take the line out of /x with an editor: it holds a secret"
    assert {entry.removal, entry.removal_of_all} == {expected}

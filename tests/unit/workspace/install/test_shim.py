"""Our gh hands a fresh token on and becomes the real gh, under each shell, wherever that is."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from gitlease.workspace.cache import Cache
from gitlease.workspace.gh import program
from tests.support.desks import FRESH, Desk, install, keep, put_gh
from tests.support.parts import settings


@pytest.mark.parametrize("variable", ["GH_TOKEN", "GITHUB_TOKEN"])
def test_an_apps_token_is_replaced_by_the_fresh_one(desk: Desk, variable: str) -> None:
    assert desk.sees(**{variable: "ghs_stale"}) == {variable: FRESH}


@pytest.mark.plants("stdout of (.* )?gh")  # which says what it was given
@pytest.mark.parametrize(
    "env",
    [
        {},
        {"GH_TOKEN": ""},
        {"GH_TOKEN": "ghp_mine", "GITHUB_TOKEN": "github_pat_mine"},
        {"GH_TOKEN": "gho_mine", "GH_ENTERPRISE_TOKEN": "ghs_theirs"},
        {"GH_TOKEN": "ghs_theirs", "GH_HOST": "acme.ghe.com"},
        {"GITHUB_TOKEN": "ghs_theirs", "GH_HOST": "github.com.example.com"},
    ],
)
def test_what_is_not_ours_is_left_alone(desk: Desk, env: dict[str, str]) -> None:
    assert desk.sees(**env) == env


def test_a_token_of_ours_that_lives_is_the_one_that_was_meant(desk: Desk) -> None:
    """As in `GH_TOKEN="$(gitlease token --owner other)" gh …`: gh's own is another owner's."""
    keep(desk.settings, "github.com~other", "ghs_others")
    assert desk.sees(GH_TOKEN="ghs_others") == {"GH_TOKEN": "ghs_others"}
    record = desk.settings.cache / "github.com~other"
    os.utime(record, (time.time(), time.time() - 10))
    assert desk.sees(GH_TOKEN="ghs_others") == {"GH_TOKEN": FRESH}


def test_each_variable_is_judged_by_itself(desk: Desk) -> None:
    env = {"GH_TOKEN": "ghp_mine", "GITHUB_TOKEN": "ghs_stale", "GH_HOST": "GitHub.com"}
    assert desk.sees(**env) == env | {"GITHUB_TOKEN": FRESH}


def test_words_are_handed_on_as_they_are(desk: Desk) -> None:
    words = ["pr", "", "a b", "*", "--x=$HOME", "'", "\n"]
    out, _, code = desk.run(*words)
    assert out.startswith("".join(f"<{word}>" for word in [str(desk.real), *words]))
    assert code == 0


@pytest.mark.parametrize("way", ["link", "copy", "another home", "twice"])
def test_it_never_finds_itself(desk: Desk, home: Path, way: str) -> None:
    shim = desk.settings.shim
    other = home / "other"
    if way == "another home":
        desk.path.insert(1, install(settings(home / "second")).shim.parent)
    elif way == "twice":
        desk.path[1:1] = [shim.parent, shim.parent]
    elif way == "link":
        other.mkdir()
        (other / "gh").symlink_to(shim)
        desk.path.insert(0, other)
    else:
        desk.path.insert(0, put_gh(other, shim.read_text()).parent)
    assert desk.sees(GH_TOKEN="ghs_stale") == {"GH_TOKEN": FRESH}
    desk.program = desk.path[0] / "gh"
    assert desk.sees(GH_TOKEN="ghs_stale") == {"GH_TOKEN": FRESH}
    # Where the login looks for gh, too.
    assert program.find({"PATH": ":".join(map(str, desk.path))}) == str(desk.real)


def test_what_cannot_be_run_is_passed_over(desk: Desk, home: Path) -> None:
    (home / "a").mkdir()
    (home / "a" / "gh").mkdir()
    put_gh(home / "b").chmod(0o644)
    desk.path[1:1] = [home / "a", home / "b", Path("relative"), Path()]
    for foreign in (home / "relative", home):
        put_gh(foreign, "#!/bin/sh\necho whoever wrote this folder\n")
    assert desk.sees() == {}


def test_without_a_gh_it_says_so(desk: Desk) -> None:
    desk.real.unlink()
    ran = subprocess.run(
        [shutil.which(desk.shell[0]) or "", *desk.shell[1:], desk.settings.shim],
        env={"PATH": f"{desk.settings.shim.parent}:{desk.real.parent}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 127
    assert re.fullmatch(r"gitlease: there is no gh on PATH but our own.*install gh\n", ran.stderr)


def test_without_a_fresh_token_the_old_one_stays_and_one_line_says_why(desk: Desk) -> None:
    Cache(desk.settings).drop("github.com")
    out, err, code = desk.run(GH_TOKEN="ghs_stale", GITHUB_TOKEN="ghp_mine")
    assert code == 0
    # A person's token is no App's fresh one.
    assert "GH_TOKEN=ghs_stale\nGITHUB_TOKEN=ghp_mine\n" in out
    assert re.fullmatch(r"gitlease: [^\n]+\n", err)
    assert "ghs_" not in err
    desk.settings.helper.unlink()
    out, err, code = desk.run(GH_TOKEN="ghs_stale")
    assert "GH_TOKEN=ghs_stale\n" in out
    assert re.fullmatch(r"gitlease: .*git-credential-gitlease is gone; install [^\n]+\n", err)


def test_names_of_the_caller_reach_gh_unchanged(desk: Desk) -> None:
    """Also under an option or a function that a bash takes from its environment."""
    env = {"IFS": "x", "SHELLOPTS": "xtrace", "BASH_FUNC_printf%%": "() { echo stolen; }"}
    env |= {"host": "h", "path": "p", "token": "t"}
    put_gh(desk.real.parent, "#!/bin/sh\necho $host-$path-$token-$GH_TOKEN\ncat\n")
    out, err, _ = desk.run(GH_TOKEN="ghs_stale", **env)
    assert out.endswith(f"h-p-t-{FRESH}\nstdin")
    assert "ghs_" not in err


@pytest.mark.parametrize(
    ("host", "env", "expected"),
    [
        ("ghe.example.com", {"GH_ENTERPRISE_TOKEN": "ghs_x"}, FRESH),
        ("ghe.example.com", {"GITHUB_ENTERPRISE_TOKEN": "ghs_x"}, FRESH),
        ("ghe.example.com", {"GH_TOKEN": "ghs_x"}, "ghs_x"),
        ("ghe.example.com", {"GH_ENTERPRISE_TOKEN": "ghs_x", "GH_HOST": "other.com"}, "ghs_x"),
        ("acme.ghe.com", {"GH_TOKEN": "ghs_x"}, "ghs_x"),
        ("acme.ghe.com", {"GH_TOKEN": "ghs_x", "GH_HOST": "acme.ghe.com"}, FRESH),
        ("acme.ghe.com", {"GH_TOKEN": "ghs_x", "GH_HOST": "github.com"}, "ghs_x"),
    ],
)
def test_another_host_has_its_own_variables(
    home: Path, host: str, env: dict[str, str], expected: str
) -> None:
    mine = install(settings(home, host=host))
    keep(mine, host)
    real = put_gh(home / "real")
    [variable] = [name for name in env if name != "GH_HOST"]
    seen = Desk(["/bin/sh"], mine, real, [mine.shim.parent, real.parent]).sees(**env)
    assert seen[variable] == expected


def test_an_owner_can_be_named(home: Path) -> None:
    mine = install(settings(home, gh_owner="acme"))
    keep(mine, "github.com~other", "ghs_other")
    keep(mine, "github.com~acme")
    real = put_gh(home / "real")
    desk = Desk(["/bin/sh"], mine, real, [mine.shim.parent, real.parent])
    assert desk.sees(GH_TOKEN="ghs_stale") == {"GH_TOKEN": FRESH}

"""Our gh hands a fresh token on and becomes the real gh, under each shell, wherever that is."""

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import gitlease
from gitlease.model.tokens import Secret, Token
from gitlease.workspace import clocks, folders
from gitlease.workspace.cache import Cache
from gitlease.workspace.gh import program
from gitlease.workspace.install.folders import Folders
from gitlease.workspace.install.shim import Shim
from gitlease.workspace.settings import Settings
from gitlease.workspace.shell import templates
from tests.support.environment import missing
from tests.support.loops import wait_for
from tests.support.parts import settings, tree

SHELLS = {"dash": ["dash"], "bash": ["bash"], "busybox": ["busybox", "sh"]}
FRESH = "ghs_fresh"
MAIN = Path(gitlease.__file__).parent / "__main__.py"
# Prints what it was called with, and what it was given.
GH = """\
#!/bin/sh
printf '<%s>' "$0" "$@"
echo
env | grep -E '^(GH|GITHUB)_|_gitlease|^IFS' | sort
cat
"""


def install(made: Settings) -> Settings:
    Folders(made).do()
    text = templates.credential_helper(made, python=sys.executable, main=MAIN)
    folders.write_whole(made.helper, text.encode(), mode=0o700)
    assert Shim(made).do()[0] == "done"
    return made


def keep(mine: Settings, name: str, secret: str = FRESH) -> None:
    now = time.time()
    token = Token(Secret(secret), now + 3600, now, source="test")
    Cache(mine).put(name, token, clocks.read(), for_all=False)


def put_gh(folder: Path, text: str = GH) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "gh"
    path.write_text(text)
    path.chmod(0o755)
    return path


def put_program(path: Path, code: str) -> None:
    path.write_text(f"#!/bin/sh\n{code}\n")
    path.chmod(0o700)


@dataclass
class Desk:
    """A person's shell, with our gh first on PATH and the real one somewhere behind it."""

    shell: list[str]
    settings: Settings
    real: Path
    path: list[Path] = field(default_factory=list)
    program: Path | None = None

    def run(self, *words: str, **env: str) -> tuple[str, str, int]:
        """Return what gh printed, what was said on stderr, and the exit code."""
        path = ":".join([*map(str, self.path), "/usr/bin", "/bin"])
        ran = subprocess.run(
            [*self.shell, self.program or self.settings.shim, *words],
            env={"PATH": path, "HOME": str(self.real.parent.parent)} | env,
            cwd=self.real.parent.parent,
            input="stdin",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return ran.stdout, ran.stderr, ran.returncode

    def sees(self, **env: str) -> dict[str, str]:
        """Return the variables that the real gh gets."""
        out, err, code = self.run("x", **env)
        assert (err, code) == ("", 0)
        lines = out.splitlines()
        assert (lines[0], lines[-1]) == (f"<{self.real}><x>", "stdin")
        return dict(line.split("=", 1) for line in lines[1:-1])


@pytest.fixture(params=sorted(SHELLS))
def shell(request: pytest.FixtureRequest) -> list[str]:
    [name, *_] = words = SHELLS[request.param]
    return (
        words
        if any(os.access(f"{folder}/{name}", os.X_OK) for folder in ("/bin", "/usr/bin"))
        else missing(f"{name} is not installed")
    )


@pytest.fixture
def desk(shell: list[str], home: Path) -> Desk:
    mine = install(settings(home))
    keep(mine, "github.com")
    real = put_gh(home / "real")
    return Desk(shell, mine, real, [mine.shim.parent, real.parent])


@pytest.fixture
def asked(desk: Desk, home: Path) -> Path:
    """A file with the words with which Python was started, as a stub notes them."""
    noted = home / "asked"
    stub = home / "python"
    stub.write_text(f'#!/bin/sh\necho "$GITLEASE_HOME" "$@" >>{noted}\ncat >>{noted}\nexit 1\n')
    stub.chmod(0o700)
    text = templates.gh_shim(desk.settings, python=str(stub), main=MAIN)
    folders.write_whole(desk.settings.shim, text.encode(), mode=0o700)
    (desk.settings.home / "run" / "refresher.wanted").touch()
    return noted


def test_a_gh_that_comes_before_the_first_login_is_logged_in(desk: Desk, asked: Path) -> None:
    """It starts whatever comes of that, with all of its input."""
    assert desk.sees() == {}
    assert asked.read_text() == f"{desk.settings.home} -I -S {MAIN} refresh --login\n"


def test_nobody_is_logged_in_who_is_or_needs_not_or_has_a_token(desk: Desk, asked: Path) -> None:
    for words in ([], ["--version"], ["auth", "login"], ["config", "list"]):
        assert desk.run(*words)[1:] == ("", 0)
    assert desk.sees(GH_TOKEN="ghp_mine") == {"GH_TOKEN": "ghp_mine"}
    assert desk.sees(GH_HOST="ghe.example.com") == {"GH_HOST": "ghe.example.com"}
    places: list[dict[str, str]] = [{}, {"XDG_CONFIG_HOME": "xdg"}, {"GH_CONFIG_DIR": "own"}]
    for where in places:
        names = {name: str(desk.real.parent.parent / path) for name, path in where.items()}
        xdg = names.get("XDG_CONFIG_HOME", f"{desk.real.parent.parent}/.config")
        place = Path(names.get("GH_CONFIG_DIR", f"{xdg}/gh"))
        place.mkdir(parents=True)
        (place / "hosts.yml").write_text('ghe.example.com: {}\n"GitHub.com":\n  user: mona')
        assert desk.run("x", **names)[1:] == ("", 0)
    assert not asked.exists()
    # Where nobody wants a refresher, nobody is logged in either.
    (place / "hosts.yml").write_text("ghe.example.com: {}\n")
    (desk.settings.home / "run" / "refresher.wanted").unlink()
    assert desk.run("x", **names)[1:] == ("", 0)
    assert not asked.exists()


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


def test_the_step_repeats_without_effect_and_undoes_itself(home: Path) -> None:
    mine = install(settings(home))
    assert Shim(mine).do() == ("already", str(mine.shim))
    assert mine.shim.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in mine.shim.parent.iterdir()] == ["gh"]
    assert Shim(mine).undo()[0] == "done"
    assert Shim(mine).undo()[0] == "already"
    assert not mine.shim.parent.exists()


def test_without_the_helper_there_is_no_shim(home: Path) -> None:
    mine = settings(home)
    Folders(mine).do()
    assert Shim(mine).do()[0] == "skipped"
    assert "shims/gh" not in tree(mine.home)


def test_a_refresher_that_is_late_is_looked_after_beside_gh(desk: Desk) -> None:
    """Nobody else would, where git is not used; and not before it is late."""
    run, seen = desk.settings.home / "run", desk.settings.home / "seen"
    (run / "refresher.wanted").touch()
    put_program(desk.settings.helper, f'echo "$1" >>{seen}; cat >>{seen}; exec sleep 5')
    status = run / "status.json"
    status.touch()
    os.utime(status, (0, time.time() + 60))
    desk.sees()
    assert not seen.exists()
    os.utime(status, (0, time.time() - 60))
    desk.sees()
    wait_for(lambda: seen.exists() and seen.read_text().endswith("com\n\n"))
    assert seen.read_text() == "erase\nprotocol=https\nhost=github.com\n\n"

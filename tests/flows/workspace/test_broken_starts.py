"""Whatever is wrong where a container starts: its command starts, and is told what and why."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from gitlease.emulator import GitHub
from tests.flows.workspace.test_helper import HOST_ONLY
from tests.support import harm
from tests.support.harm import Harm, Start
from tests.support.loops import end_all
from tests.support.parts import tree
from tests.support.workspaces import Workspace

STEPS = ("folders", "settings", "helper", "gh shim", "git")


@dataclass(frozen=True)
class Case:
    """
    A harm, and what is told of it: the words by which each step fails, and which are skipped.

    `serves`: git reaches GitHub all the same.  `wait` is how long the first token is waited for.
    """

    harm: Harm
    failed: dict[str, str] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    serves: bool = False
    wait: int = 0


def refused(why: str) -> dict[str, str]:
    """Return what fails where our own folder cannot be used."""
    return dict.fromkeys(("folders", "settings", "helper", "git", "refresher"), why)


CASES = {
    "no git and no gh": Case(harm.variables(PATH="/nonexistent")),
    "no gh": Case(harm.no_gh, serves=True),
    "no HOME": Case(harm.variables(HOME=None), {"git": "HOME is not set"}, serves=True),
    "a HOME that is /": Case(harm.the_root_as_home, {"git": "Read-only file system"}, serves=True),
    "a HOME that is not there": Case(
        harm.variables(HOME="/proc/nothing"), {"git": "No such file"}, serves=True
    ),
    "a read-only HOME": Case(harm.a_read_only_home, refused(""), ("gh shim",)),
    "a read-only HOME, but not our folder": Case(
        harm.a_read_only_home_and_state_elsewhere, {"git": "Read-only file system"}, serves=True
    ),
    "a foreign folder": Case(harm.a_foreign_folder, refused("belongs to user 12345"), ("gh shim",)),
    "a folder open to all": Case(
        harm.an_open_folder, refused(r"mode 0777\); chmod 700"), ("gh shim",)
    ),
    "a folder that is a link": Case(
        harm.a_linked_folder, refused("only a link to one"), ("gh shim",)
    ),
    "a folder that is a file": Case(
        harm.a_file_for_a_folder, refused("is no folder"), ("gh shim",)
    ),
    "a full disk": Case(
        harm.a_full_disk,
        dict.fromkeys(("settings", "helper", "refresher"), "No space left on device"),
        ("gh shim", "git"),
    ),
    "a gitconfig mounted read-only": Case(
        harm.a_mounted_gitconfig, {"git": "Read-only file system"}, serves=True
    ),
    "a stale lock of git's config": Case(
        harm.a_stale_lock, {"git": r"is held by another program; .* rm /"}, serves=True
    ),
    "a broken gitconfig": Case(
        harm.a_broken_gitconfig, {"git": r"cannot read .*bad config line 3 in"}
    ),
    "an odd setting": Case(
        harm.variables(GITLEASE_HOST="a b"),
        {"settings": "GITLEASE_HOST"},
        ("folders", "helper", "gh shim", "git"),
    ),
    "a harmless odd setting": Case(
        harm.variables(GITLEASE_MIN_TTL="soon"),
        {"settings": "GITLEASE_MIN_TTL"},
    ),
    "a key that is not there": Case(
        harm.variables(GITLEASE_PRIVATE_KEY_FILE="/not/there"),
        {"refresher": "/not/there cannot be read"},
        wait=30,
    ),
    "a broker that is not there": Case(
        harm.no_broker, {"refresher": "127.0.0.1:1 cannot be reached"}, wait=30
    ),
    "no /proc": Case(harm.no_proc, serves=True),
}


@pytest.fixture(scope="module")
def github() -> Iterator[GitHub]:
    """One for all: nothing here is wrong with it."""
    with GitHub() as running:
        yield running


@pytest.fixture
def start(bare_workspace: Workspace) -> Iterator[Start]:
    for name, text in harm.BELONGINGS.items():
        file = bare_workspace.home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    bare_workspace.env["GITLEASE_GH_OWNER"] = "acme"
    bare_workspace.env["SSL_CERT_FILE"] = str(bare_workspace.github.ca_file)
    given = Start(bare_workspace)
    with given.after:
        yield given
        end_all(bare_workspace.state)


def told(err: bytes) -> dict[str, tuple[str, str]]:
    """Return what is told of each step, all of it in lines of ours."""
    found: dict[str, tuple[str, str]] = {}
    for line in err.decode().splitlines():
        said = re.fullmatch(r"gitlease: ([a-z ]+): ([a-z]+): (.*)", line)
        assert said, line
        step, state, text = said.groups()
        other = text.removeprefix("for the same reason as ")
        # A bad setting is told before the step of that name.
        found.setdefault(step, found[other] if other != text else (state, text))
    return found


@HOST_ONLY
@pytest.mark.parametrize("name", CASES)
def test_whatever_is_broken_the_command_starts(start: Start, name: str) -> None:
    """
    What failed is told with its cure, every other step is done, and nothing of the user's is
    harmed; once the cause is gone the next start has nothing to tell.
    """
    case, workspace = CASES[name], start.workspace
    before = belongings(workspace)
    case.harm(start)
    harmed = belongings(workspace)
    show = "echo started; " + ("git ls-remote -q https://github.com/acme/app" * case.serves)
    words = ("run", "--report", "--wait", str(case.wait), "--", "/bin/sh", "-c", show)
    ran = workspace.machine.run(
        start.command(*words), env={**workspace.env, **start.env}, cwd=workspace.home, check=False
    )
    out = ran.stdout.decode().splitlines()
    assert (ran.returncode, out[0], len(out) > 1) == (0, "started", case.serves), ran.stderr
    report = told(ran.stderr)
    for step in {*STEPS, *report}:
        state, text = report.get(step, ("skipped", ""))
        if step in case.failed:
            assert (step, state) == (step, "failed"), text
            assert re.search(case.failed[step], text), text
            assert "; " in text, f"no cure in: {text}"
        elif step in case.skipped:
            assert (step, state) == (step, "skipped"), text
        else:
            assert state in {"done", "already"}, (step, state, text)
    assert set(case.failed) <= set(report)
    end_all(workspace.state)
    for file, data in belongings(workspace).items():
        assert harmed[file] in data, file
    start.after.close()
    workspace.gitlease("install", "--offline", "--strict")
    workspace.gitlease("uninstall")
    assert belongings(workspace) == before


def belongings(workspace: Workspace) -> dict[str, bytes]:
    """Return the files of the user's, which are none of ours."""
    ours = (".local/state/gitlease/", "configs/")
    found = tree(workspace.home).items()
    return {name: data for name, data in found if not name.startswith(ours)}

"""Every cause of trouble that lies in the workspace is found, and its cure mends it."""

import json
import os
import time

import pytest

from tests.support.doctoring import Act, Ward
from tests.support.parts import tree
from tests.support.workspaces import Workspace

HOST_ONLY = pytest.mark.parametrize("machine", ["host"], indirect=True)
DEAD = "ghs_canaryOfADeadToken"


@pytest.fixture
def ward(workspace: Workspace) -> Ward:
    return Ward(workspace)


def config(*words: str) -> Act:
    return lambda ward: ward.configure(*words)


def user_config(*words: str) -> Act:
    def act(ward: Ward) -> None:
        ward.workspace.git("config", "--global", *words)

    return act


def environment(**env: str) -> Act:
    return lambda ward: ward.workspace.env.update(env)


def in_env_config(key: str, value: str) -> Act:
    return environment(GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0=key, GIT_CONFIG_VALUE_0=value)


def remote(url: str, *, push: bool = False) -> Act:
    def act(ward: Ward) -> None:
        _ = ward.repository
        ward.git("remote", "set-url", *(["--push"] if push else []), "origin", url)

    return act


def leaves_a_lock(ward: Ward) -> None:
    lock = ward.workspace.home / ".gitconfig.lock"
    lock.touch()
    os.utime(lock, (time.time() - 600,) * 2)


def leaves_a_lock_in_the_repository(ward: Ward) -> None:
    lock = ward.repository / ".git" / "config.lock"
    lock.touch()
    os.utime(lock, (time.time() - 600,) * 2)


def hides_the_system_config(ward: Ward) -> None:
    """As where the include stands in /etc/gitconfig alone."""
    user = ward.workspace.home / ".gitconfig"
    system = user.rename(ward.workspace.home / "system")
    ward.workspace.env |= {"GIT_CONFIG_SYSTEM": str(system), "GIT_CONFIG_NOSYSTEM": "1"}


def gives_the_repository_away(ward: Ward) -> None:
    for path in (ward.repository, ward.repository / ".git"):
        os.chown(path, 12345, 12345)


def runs_gh_auth_setup_git(ward: Ward) -> None:
    """What `gh auth setup-git` writes, after our include."""
    key = "credential.https://github.com.helper"
    ward.workspace.git("config", "--global", key, "")
    ward.workspace.git("config", "--global", "--add", key, "!/usr/bin/gh auth git-credential")


# What git makes of its config, so on every git.
IN_GIT: list[tuple[str, Act]] = [
    ("helper-not-asked", lambda ward: (ward.workspace.home / ".gitconfig").unlink()),
    ("helper-not-asked", runs_gh_auth_setup_git),
    ("helper-not-asked", config("credential.helper", "")),
    ("helper-not-asked", in_env_config("credential.https://github.com.helper", "")),
    ("helper-foreign", config("credential.helper", "store")),
    ("helper-foreign", config("credential.https://*.com.helper", f"!echo password={DEAD}; :")),
    ("helper-foreign", user_config("credential.helper", "cache --timeout 9")),
    ("credential-username", config("credential.https://github.com.username", "alice")),
    ("credential-path", config("credential.https://github.com/acme.useHttpPath", "false")),
    (
        "extra-header",
        config("http.https://github.com/.extraheader", f"Authorization: Basic {DEAD}"),
    ),
    ("instead-of", config("url.ssh://git@github.com/.insteadOf", "https://github.com/")),
    ("instead-of", config("url.https://mirror.example/.pushInsteadOf", "https://github.com/acme")),
    ("remote-ssh", remote("git@github.com:acme/app.git")),
    ("remote-ssh", remote("ssh://git@ssh.github.com:443/acme/app.git", push=True)),
    ("remote-http", remote("http://github.com/acme/app")),
    ("remote-password", remote(f"https://x-access-token:{DEAD}@github.com/acme/app.git")),
    ("remote-user", remote("https://alice@github.com/acme/app")),
    ("git-config-hidden", environment(GIT_CONFIG_GLOBAL="")),
    ("git-config-broken", environment(GIT_CONFIG_COUNT="many")),
]


def loosens(name: str) -> Act:
    return lambda ward: (ward.workspace.state / name).chmod(0o755)


def loses_its_python(ward: Ward) -> None:
    """As where the venv that gitlease was installed from is gone."""
    helper = ward.workspace.helper
    helper.write_text(helper.read_text().replace("python=", "python=/gone", 1))


def tears_a_record(ward: Ward) -> None:
    record = ward.workspace.state / "cache" / "github.com~acme"
    record.write_text("torn")


def opens_the_settings(ward: Ward) -> None:
    (ward.workspace.state / "settings.toml").chmod(0o606)


def is_older(ward: Ward) -> None:
    """As after an upgrade of the package, without an installation since."""
    own = ward.workspace.state / "gitconfig"
    own.write_text("# as an older version wrote it\n" + own.read_text().partition("\n")[2])


# What lies in our own folders and in the environment.
HERE: list[tuple[str, Act]] = [
    ("repository-foreign", gives_the_repository_away),
    ("folder", loosens("cache")),
    ("folder", lambda ward: (ward.workspace.state / "log").rmdir()),
    ("helper-missing", lambda ward: ward.workspace.helper.unlink()),
    ("helper-missing", lambda ward: ward.workspace.helper.chmod(0o600)),
    ("helper-outdated", environment(GITLEASE_PERMISSIONS="contents=read")),
    ("interpreter", loses_its_python),
    ("config-outdated", is_older),
    ("settings-file", opens_the_settings),
    ("record", tears_a_record),
    ("git-config-lock", leaves_a_lock),
    ("git-config-lock", leaves_a_lock_in_the_repository),
    ("git-config-hidden", hides_the_system_config),
    ("gh-token-stale", environment(GH_TOKEN=DEAD)),
]


def named(cases: list[tuple[str, Act]]) -> list[str]:
    return [f"{number}-{kind}" for number, (kind, _) in enumerate(cases)]


@HOST_ONLY
@pytest.mark.parametrize(("kind", "act"), IN_GIT, ids=named(IN_GIT))
def test_what_git_is_told_is_found_and_the_cure_mends_it(ward: Ward, kind: str, act: Act) -> None:
    check(ward, kind, act)


@HOST_ONLY
@pytest.mark.parametrize(("kind", "act"), HERE, ids=named(HERE))
def test_what_is_wrong_here_is_found_and_the_cure_mends_it(ward: Ward, kind: str, act: Act) -> None:
    check(ward, kind, act)


def check(ward: Ward, kind: str, act: Act) -> None:
    _ = ward.repository
    act(ward)
    found = ward.findings()
    # Whoever hides git's config hides our helper with it.
    assert set(found) - ({"helper-not-asked"} if kind == "git-config-hidden" else set()) == {kind}
    assert DEAD not in json.dumps(found)
    ward.follow(found[kind]["cure"])
    assert ward.findings() == {}


def test_many_causes_at_once_are_mended_one_cure_after_the_other(ward: Ward) -> None:
    """On every git, whose config the doctor reads through git alone."""
    for _, act in IN_GIT:
        act(ward)
    seen: set[str] = set()
    for _ in range(12):
        found = ward.findings()
        seen |= set(found)
        for one in found.values():
            ward.follow(one["cure"])
        if not found:
            break
    assert not found
    # Where several are of one noun, the last has hidden those before it.
    assert len(seen) >= 7


def test_a_healthy_workspace_has_no_finding_and_is_left_as_it_was(ward: Ward) -> None:
    """Before its first token and after."""
    assert ward.findings() == {}
    ward.git("ls-remote")
    before = tree(ward.workspace.home)
    assert ward.findings() == {}
    assert tree(ward.workspace.home) == before


def test_a_git_before_2_46_is_told_of_and_is_no_fault(ward: Ward) -> None:
    said = ward.doctor()
    assert ("git-old" in said) == (ward.workspace.machine.git_version < (2, 46, 0))
    plain = ward.workspace.gitlease("doctor").stdout.decode()
    assert plain == "nothing found: this workspace at github.com is well\n"
    wordy = ward.workspace.gitlease("doctor", "--verbose").stdout.decode()
    assert ("note: git 2." in wordy) == ("git-old" in said)


@HOST_ONLY
def test_settings_without_a_meaning_are_exit_code_2(ward: Ward) -> None:
    ward.workspace.env["GITLEASE_HOST"] = "not a host"
    ran = ward.workspace.gitlease("doctor", check=False)
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert ran.stderr.startswith(b"gitlease: GITLEASE_HOST is 'not a host'; it takes a host name")


@HOST_ONLY
def test_without_a_git_the_doctor_says_so(ward: Ward) -> None:
    _ = ward.repository
    ward.workspace.env["PATH"] = str(ward.workspace.machine.folder())
    found = ward.findings()
    assert found["git-missing"]["cure"] == "install git, or correct PATH"
    assert "git-unreachable" not in found
    del ward.workspace.env["PATH"]
    assert ward.findings() == {}


@HOST_ONLY
def test_a_config_that_git_cannot_read_is_named(ward: Ward) -> None:
    """Every git command fails until a person has corrected it."""
    _ = ward.repository
    path = ward.workspace.home / ".gitconfig"
    right = path.read_text()
    path.write_text(right + "[broken\n")
    found = ward.findings()
    assert str(path) in found["git-config-broken"]["cause"]
    path.write_text(right)
    assert ward.findings() == {}


@HOST_ONLY
def test_where_the_folder_is_gone_the_workspace_is_looked_at(ward: Ward) -> None:
    machine, folder = ward.workspace.machine, ward.workspace.machine.folder()
    script = f"cd {folder} && rmdir {folder} && exec {machine.gitlease} doctor"
    ran = machine.run(["sh", "-c", script], env=ward.workspace.env)
    assert ran.stdout == b"nothing found: this workspace at github.com is well\n"
    folder.mkdir()


@HOST_ONLY
def test_a_netrc_that_git_uses_before_our_helper_is_found(ward: Ward) -> None:
    """With a person's password that may not see the repository, git is told "not found"."""
    _ = ward.repository
    file = ward.workspace.home / ".netrc"
    file.write_text("machine example.com\nlogin x\npassword y\n")
    assert ward.findings() == {}
    file.write_text(f"machine github.com\nlogin x\npassword {DEAD}\n")
    found = ward.findings()
    assert set(found) == {"netrc"}
    assert DEAD not in json.dumps(found)
    assert found["netrc"]["cure"] == f"take that entry out of {file}"
    file.write_text("")
    assert ward.findings() == {}


@HOST_ONLY
def test_a_persons_own_token_for_gh_is_only_said(ward: Ward) -> None:
    ward.workspace.env["GH_TOKEN"] = "ghp_canaryOfAPerson"
    found = ward.doctor()
    assert found["gh-token-own"]["severity"] == "note"
    assert "canary" not in json.dumps(found)


@HOST_ONLY
def test_before_the_installation_the_cure_is_to_install(bare_workspace: Workspace) -> None:
    ward = Ward(bare_workspace)
    found = ward.findings()
    assert set(found) == {"folder", "helper-missing", "helper-not-asked"}
    assert {one["cure"] for one in found.values()} == {"run `gitlease install`"}
    ward.follow(found["helper-missing"]["cure"])
    assert ward.findings() == {}

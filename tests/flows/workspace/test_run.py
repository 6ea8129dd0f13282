"""`gitlease run` wires git and then is the command: same process, signals and environment."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from gitlease.workspace import daemon
from gitlease.workspace.settings import load
from tests.support.machines import Machine
from tests.support.workspaces import Workspace

HOST_ONLY = pytest.mark.parametrize("machine", ["host"], indirect=True)


def run(
    workspace: Workspace, *words: str, env: Mapping[str, str | None] | None = None, code: int = 0
) -> tuple[str, str]:
    """Become a command; return its output and what it and we complained of."""
    ran = workspace.machine.run(
        [workspace.machine.gitlease, "run", *words],
        env={**workspace.env, **(env or {})},
        cwd=workspace.home,
        check=False,
    )
    assert ran.returncode == code, ran.stderr
    return ran.stdout.decode(), ran.stderr.decode()


def test_one_line_in_an_image_is_all_that_git_needs(bare_workspace: Workspace) -> None:
    out, err = run(
        bare_workspace,
        "--",
        "sh",
        "-c",
        "git clone -q https://github.com/acme/app && git -C app log --oneline",
    )
    assert (len(out.splitlines()), err) == (1, "")


@HOST_ONLY
def test_the_command_is_this_same_process(bare_workspace: Workspace) -> None:
    process = bare_workspace.machine.popen(
        [bare_workspace.machine.gitlease, "run", "--", "sh", "-c", "echo $$; exec sleep 60"],
        env=bare_workspace.env,
        stdout=-1,
    )
    assert process.stdout is not None
    assert int(process.stdout.readline()) == process.pid
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == -signal.SIGTERM


@HOST_ONLY
@pytest.mark.parametrize("locale", [{}, {"LC_CTYPE": "C.UTF-8"}, {"LANG": "C"}])
def test_the_command_notices_nothing_but_the_path(
    bare_workspace: Workspace, locale: dict[str, str | None]
) -> None:
    """Neither Python's ignored signals nor its locale reach it."""
    show = "env -u _; grep SigIgn /proc/self/status"
    plain = bare_workspace.machine.run(
        ["sh", "-c", show], env={**bare_workspace.env, **locale}, cwd=bare_workspace.home
    )
    out, err = run(bare_workspace, "--", "sh", "-c", show, env=locale)
    without = [line for line in out.splitlines() if not line.startswith("PATH=")]
    expected = [line for line in plain.stdout.decode().splitlines() if not line.startswith("PATH=")]
    assert (sorted(without), err) == (sorted(expected), "")


@HOST_ONLY
def test_a_command_that_cannot_be_run_is_told_as_a_shell_tells_it(
    bare_workspace: Workspace,
) -> None:
    out, err = run(bare_workspace, "--", "no-such-command", code=127)
    assert (out, err) == (
        "",
        "gitlease: no-such-command cannot be run: No such file or directory\n",
    )
    _, err = run(bare_workspace, "--", str(bare_workspace.home), code=126)
    assert err.endswith("cannot be run: Permission denied\n")
    for nothing in ([], ["--"], ["--", ""]):
        _, err = run(bare_workspace, *nothing, code=2)
        assert err == "gitlease: no command is given; say it after `--`\n"
    assert run(bare_workspace, "sh", "-c", "exit 7", code=7) == ("", "")


@HOST_ONLY
def test_a_git_whose_files_cannot_be_changed_is_told_by_variables(
    bare_workspace: Workspace,
) -> None:
    """As with a HOME that is mounted read-only and a state folder that is not."""
    env = {"HOME": "/proc/self", "XDG_STATE_HOME": str(bare_workspace.home / "state")}
    show = "git ls-remote -q https://github.com/acme/app && git config --get-all safe.directory"
    more = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }
    out, err = run(bare_workspace, "--", "sh", "-c", show, env={**env, **more})
    assert out.splitlines()[-1] == "*"
    assert err.startswith("gitlease: git: failed: ")
    # A probe sees nothing of those variables, and calls it no broken workspace.
    probe = [bare_workspace.machine.gitlease, "status"]
    ran = bare_workspace.machine.run(probe, env={**bare_workspace.env, **env}, check=False)
    assert ran.returncode == 1


@HOST_ONLY
def test_with_the_scope_env_no_file_of_gits_is_touched(bare_workspace: Workspace) -> None:
    out, err = run(
        bare_workspace,
        "--scope",
        "env",
        "--",
        "git",
        "ls-remote",
        "-q",
        "https://github.com/acme/app",
    )
    assert out
    assert err == ""
    assert not (bare_workspace.home / ".gitconfig").exists()
    shell = 'eval "$(gitlease env)" && git ls-remote -q https://github.com/acme/app'
    path = f"{Path(bare_workspace.machine.gitlease).parent}:{os.defpath}:/usr/bin"
    again = bare_workspace.machine.run(
        ["sh", "-c", f"{shell}; gitlease env"], env={**bare_workspace.env, "PATH": path}
    )
    # Once evaluated, there is nothing left to say.
    assert again.stdout == out.encode()


@HOST_ONLY
def test_a_bad_value_that_harms_nobody_keeps_neither_gh_nor_the_refresher_away(
    bare_workspace: Workspace,
) -> None:
    out, err = run(bare_workspace, "--", "sh", "-c", "echo $PATH", env={"GITLEASE_MIN_TTL": "soon"})
    assert out.startswith(f"{bare_workspace.state}/shims:")
    assert daemon.is_running(load(bare_workspace.env)) is not None
    assert (
        err == "gitlease: settings: failed: GITLEASE_MIN_TTL is 'soon'; it takes a whole number\n"
    )


@HOST_ONLY
def test_a_value_that_nothing_can_do_without_is_told_once(bare_workspace: Workspace) -> None:
    out, err = run(bare_workspace, "--", "echo", "started", env={"GITLEASE_HOME": "relative"})
    assert out == "started\n"
    assert err.count("\n") == 1
    assert "a relative path; set GITLEASE_HOME to an absolute one" in err


@HOST_ONLY
def test_an_image_that_names_no_source_is_told_at_its_start(bare_workspace: Workspace) -> None:
    """And not only by the first git that fails; a token in the environment is a source."""
    bare_workspace.env |= {"GITLEASE_APP_ID": ""}
    for words in ([], ["--wait", "20"]):
        out, err = run(bare_workspace, *words, "--", "echo", "started")
        assert out == "started\n"
        said = "no source of tokens is configured (GITLEASE_APP_ID is missing); set "
        assert err.startswith(f"gitlease: token: failed: {said}")
        assert err.count("\n") == 1
    assert run(bare_workspace, "--", "true", env={"GH_TOKEN": "ghp_canary"}) == ("", "")


@HOST_ONLY
@pytest.mark.parametrize("gh", ["true", "false"])
def test_each_start_waits_for_its_own_first_token(bare_workspace: Workspace, gh: str) -> None:
    """Also where the home has outlived a container, and where no gh wants a token."""
    bare_workspace.env |= {"GITLEASE_GH_OWNER": "acme", "GITLEASE_GH": gh}
    settings = load(bare_workspace.env)
    for _ in range(2):
        out, err = run(bare_workspace, "--wait", "30", "--", "ls", str(settings.cache))
        assert (out, err) == ("github.com~acme\n", "")
        daemon.stop(settings)
        bare_workspace.gitlease("invalidate")


def test_an_ssh_remote_is_reached_by_https_if_asked(bare_workspace: Workspace) -> None:
    out, err = run(
        bare_workspace, "--rewrite-ssh", "--", "git", "ls-remote", "-q", "git@github.com:acme/app"
    )
    assert (out != "", err) == (True, "")
    # A later start without the option forgets nothing.
    words = ("ls-remote", "-q", "ssh://git@github.com/acme/app.git")
    run(bare_workspace, "--", "true")
    assert bare_workspace.git(*words).stdout.decode() == out


@HOST_ONLY
def test_submodules_by_ssh_are_reached_by_https_too(machine: Machine) -> None:
    seed = {
        "installations": [{"owner": "acme"}, {"owner": "other"}],
        "repositories": [
            {"name": "other/lib"},
            {
                "name": "acme/outer",
                "submodules": [{"path": "lib", "url": "https://github.com/other/lib"}],
            },
        ],
    }
    script = """
    git clone -q git@github.com:acme/outer out && cd out
    git config -f .gitmodules submodule.lib.url git@github.com:other/lib
    git submodule --quiet update --init && ls lib && git config submodule.lib.url
    """
    with GitHub(seed) as github:
        workspace = Workspace.on(machine, github)
        out, err = run(workspace, "--rewrite-ssh", "--", "sh", "-ec", script)
        assert err == ""
        assert out.splitlines()[-1] == "git@github.com:other/lib"
        assert len(out.splitlines()) > 1
        workspace.gitlease("uninstall")


@HOST_ONLY
def test_the_systems_git_leads_each_user_to_a_helper_of_his_own(
    machine: Machine, bare_workspace: Workspace
) -> None:
    env = bare_workspace.env
    env |= {
        "GITLEASE_SYSTEM_DIR": str(bare_workspace.home / "shared"),
        "GIT_CONFIG_SYSTEM": str(bare_workspace.home / "system-gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "0",
    }
    bare_workspace.gitlease("install", "--offline", "--strict", "--scope", "system")
    assert not (bare_workspace.home / ".gitconfig").exists()
    url = "https://github.com/acme/app"
    assert bare_workspace.git("ls-remote", "-q", url).stdout
    # A user with another HOME, who has nothing installed, is served by Python.
    other = {**env, "HOME": str(machine.folder())}
    assert machine.run(["git", "ls-remote", "-q", url], env=other).stdout
    assert bare_workspace.gitlease("status").returncode == 0
    assert bare_workspace.gitlease("doctor").stdout.startswith(b"nothing found")
    bare_workspace.gitlease("uninstall")
    assert not (bare_workspace.home / "system-gitconfig").exists()
    assert not (bare_workspace.home / "shared").exists()

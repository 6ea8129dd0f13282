"""Which address of a remote keeps git from asking our helper, and for what we are asked."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gitlease.model.targets import Target
from gitlease.workspace.doctor.patient import Patient
from gitlease.workspace.doctor.remotes import check_remotes, target

Look = Callable[..., Patient]


@pytest.fixture
def git(home: Path) -> Callable[..., None]:
    def run(*words: str) -> None:
        subprocess.run(["git", "-C", home / "r", *words], check=True)

    (home / "r").mkdir()
    run("init", "--quiet")
    return run


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://github.com/acme/app", None),
        ("https://GitHub.com:443/acme/app.git", None),
        ("https://x-access-token@github.com/acme/app", None),
        ("https://bot%5Bbot%5D@github.com/acme/app", None),
        ("https://example.com/acme/app", None),
        ("https://u:p@example.com/acme/app", None),
        ("git@example.com:acme/app", None),
        ("/srv/github.com:acme", None),
        ("../app", None),
        ("https://github.com:99999999/acme/app", None),
        ("git@github.com:acme/app.git", "remote-ssh"),
        ("GitHub.com:acme/app", "remote-ssh"),
        ("ssh://git@github.com/acme/app.git", "remote-ssh"),
        ("ssh://git@github.com:22/acme/app.git", "remote-ssh"),
        ("git+ssh://git@github.com/acme/app", "remote-ssh"),
        ("ssh://git@ssh.github.com:443/acme/app.git", "remote-ssh"),
        ("http://github.com/acme/app", "remote-http"),
        ("git://github.com/acme/app", "remote-http"),
        ("https://u:ghp_canary@github.com/acme/app", "remote-password"),
        ("https://ghp_canary@github.com/acme/app", "remote-user"),
        ("https://alice@github.com/acme/app", "remote-user"),
    ],
)
def test_an_address_is_judged(
    patient: Look, git: Callable[..., None], home: Path, url: str, kind: str | None
) -> None:
    git("remote", "add", "up", url)
    found = list(check_remotes(patient(home / "r", app_slug="bot")))
    assert [one.kind for one in found] == ([] if kind is None else [kind])
    assert "canary" not in "".join(map(str, found))
    for one in found:
        path = "acme/app.git" if url.endswith(".git") else "acme/app"
        where = f"git -C {home / 'r'} remote set-url"
        assert one.cure == f"{where} up https://github.com/{path}"


def test_an_address_for_pushing_has_a_cure_of_its_own(
    patient: Look, git: Callable[..., None], home: Path
) -> None:
    git("remote", "add", "origin", "https://github.com/acme/app")
    git("remote", "set-url", "--push", "origin", "git@github.com:acme/app")
    [one] = check_remotes(patient(home / "r"))
    cure = f"git -C {home / 'r'} remote set-url --push origin https://github.com/acme/app"
    assert one.cure == cure


def test_a_rewriting_rule_is_not_the_remotes_fault_and_may_be_its_cure(
    patient: Look, git: Callable[..., None], home: Path
) -> None:
    git("remote", "add", "origin", "https://github.com/acme/app")
    git("config", "url.ssh://git@github.com/.insteadOf", "https://github.com/")
    assert list(check_remotes(patient(home / "r"))) == []
    git("config", "--remove-section", "url.ssh://git@github.com/")
    git("remote", "set-url", "origin", "git@github.com:acme/app")
    git("config", "url.https://github.com/.insteadOf", "git@github.com:")
    assert list(check_remotes(patient(home / "r"))) == []


def test_the_target_is_origins_or_the_first_on_our_host(
    patient: Look, git: Callable[..., None], home: Path
) -> None:
    assert target(patient(home / "r")) is None
    assert target(patient(home)) is None
    git("remote", "add", "a", "https://example.com/else/where")
    git("remote", "add", "b", "https://github.com/Fork/App.git")
    assert target(patient(home / "r")) == Target("github.com", "fork", "app")
    git("remote", "add", "origin", "https://github.com/acme/app")
    assert target(patient(home / "r")) == Target("github.com", "acme", "app")

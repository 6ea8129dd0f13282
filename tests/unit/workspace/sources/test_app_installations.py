"""Which installation an owner has is found, remembered, and found again when it has changed."""

import pytest

from gitlease.github import protocol
from gitlease.model import errors
from gitlease.model.targets import Target
from gitlease.workspace.settings import Settings
from tests.support.app_keys import source
from tests.support.parts import APP, HOST, Clock
from tests.support.tiny_github import TinyGitHub


def test_an_installation_is_looked_up_once_also_for_the_next_process(
    mine: Settings, github: TinyGitHub, clock: Clock
) -> None:
    for _ in range(3):
        source(mine, github, clock).fetch(APP, 600)
    assert github.asked == [
        "GET /orgs/acme/installation",
        *["POST /app/installations/7/access_tokens"] * 3,
    ]


def test_a_person_is_found_as_well_as_an_organization(
    mine: Settings, github: TinyGitHub, clock: Clock
) -> None:
    github.install("alice", 8, kind="users")
    fetched = source(mine, github, clock).fetch(Target(HOST, "alice", "dotfiles"), 600)
    assert fetched is not None
    assert fetched.name == "github.com~alice"


def test_a_renamed_owner_is_followed_within_github(
    mine: Settings, github: TinyGitHub, clock: Clock
) -> None:
    github.renamed["old"] = "https://api.github.com/orgs/acme/installation"
    assert source(mine, github, clock).fetch(Target(HOST, "old", "app"), 600) is not None


@pytest.mark.parametrize(
    "where",
    [
        "https://evil.example.com/orgs/acme/installation",
        "http://api.github.com/orgs/acme/installation",
        "https://api.github.com@evil.example.com/orgs/acme/installation",
        "https://api.github.com:8443/orgs/acme/installation",
        "https://api.github.com.evil.example.com/",
        "",
    ],
)
def test_the_proof_follows_no_redirect_out_of_github(
    mine: Settings, github: TinyGitHub, clock: Clock, where: str
) -> None:
    github.renamed["old"] = where
    with pytest.raises(errors.SourceError):
        source(mine, github, clock).fetch(Target(HOST, "old", "app"), 600)
    assert github.hosts == {"https://api.github.com"}


def test_an_owner_without_an_installation_is_named_with_the_cure(
    mine: Settings, github: TinyGitHub, clock: Clock
) -> None:
    with pytest.raises(errors.NotInstalledError) as raised:
        source(mine, github, clock).fetch(Target(HOST, "ghost", "x"), 600)
    assert str(raised.value) == (
        "App 123 is not installed for ghost; install it there, or check the spelling of ghost"
    )


def test_an_app_that_was_installed_anew_is_found_again(
    mine: Settings, github: TinyGitHub, clock: Clock
) -> None:
    source(mine, github, clock).fetch(APP, 600)
    github.remove("acme")
    github.install("acme", 99)
    assert source(mine, github, clock).fetch(APP, 600) is not None
    github.asked.clear()
    source(mine, github, clock).fetch(APP, 600)
    assert github.asked == ["POST /app/installations/99/access_tokens"]


def test_a_number_that_was_remembered_is_asked_for_again_after_a_day(
    mine: Settings, github: TinyGitHub, clock: Clock
) -> None:
    source(mine, github, clock).fetch(APP, 600)
    for passed, asked in ((86_000, 1), (1000, 2)):
        clock.advance(passed)
        github.pass_time(passed)
        github.asked.clear()
        source(mine, github, clock).fetch(APP, 600)
        assert len(github.asked) == asked


def test_a_number_that_was_remembered_is_one_apps_at_one_github(
    mine: Settings, github: TinyGitHub, clock: Clock
) -> None:
    source(mine, github, clock).fetch(APP, 600)
    other = source(mine, github, clock, api_url="https://ghe.example.com/api/v3")
    with pytest.raises(errors.NotInstalledError):
        other.fetch(APP, 600)
    assert not any("access_tokens" in line for line in github.asked[2:])


def test_a_number_that_mints_nothing_is_not_remembered(
    mine: Settings, github: TinyGitHub, clock: Clock
) -> None:
    github.broken.add(7)
    with pytest.raises(errors.NotInstalledError):
        source(mine, github, clock).fetch(APP, 600)
    github.broken.clear()
    github.asked.clear()
    source(mine, github, clock).fetch(APP, 600)
    assert github.asked[0] == "GET /orgs/acme/installation"


def test_where_github_is_too_slow_the_next_fetch_has_less_to_ask(
    mine: Settings, github: TinyGitHub, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(*_args: object, **_options: object) -> None:
        raise errors.UnreachableError("no answer in time")

    with monkeypatch.context() as patch:
        patch.setattr(protocol, "read_token", too_late)
        with pytest.raises(errors.UnreachableError):
            source(mine, github, clock).fetch(APP, 600)
    github.asked.clear()
    assert source(mine, github, clock).fetch(APP, 600) is not None
    assert github.asked == ["POST /app/installations/7/access_tokens"]


def test_an_app_that_was_removed_is_said_to_be(
    mine: Settings, github: TinyGitHub, clock: Clock
) -> None:
    source(mine, github, clock).fetch(APP, 600)
    github.remove("acme")
    with pytest.raises(errors.NotInstalledError):
        source(mine, github, clock).fetch(APP, 600)


def test_a_suspended_installation_is_said_to_be(
    mine: Settings, github: TinyGitHub, clock: Clock
) -> None:
    github.suspended.add(7)
    with pytest.raises(errors.SuspendedError, match="acme/app"):
        source(mine, github, clock).fetch(APP, 600)


def test_a_configured_installation_is_used_for_its_own_owner_only(
    mine: Settings, github: TinyGitHub, clock: Clock
) -> None:
    github.install("bolt", 8)
    for owner in ("acme", "bolt"):
        fetched = source(mine, github, clock, installation_id=7).fetch(Target(HOST, owner), 600)
        assert fetched is not None
        assert github.tokens[fetched.token.secret.reveal()][0] == owner


def test_a_configured_installation_that_does_not_exist_is_named(
    mine: Settings, github: TinyGitHub, clock: Clock
) -> None:
    with pytest.raises(errors.NotInstalledError, match=r"installation 5.*GITLEASE_INSTALLATION_ID"):
        source(mine, github, clock, installation_id=5).fetch(APP, 600)


def test_without_an_owner_the_only_installation_is_meant(
    mine: Settings, github: TinyGitHub, clock: Clock
) -> None:
    fetched = source(mine, github, clock).fetch(Target(HOST), 600)
    assert fetched is not None
    assert (fetched.name, fetched.for_all) == ("github.com", False)


def test_without_an_owner_several_installations_or_none_are_not_guessed_at(
    mine: Settings, github: TinyGitHub, clock: Clock
) -> None:
    github.install("bolt", 8)
    with pytest.raises(errors.NotInstalledError, match=r"several.*useHttpPath"):
        source(mine, github, clock).fetch(Target(HOST), 600)
    assert source(mine, github, clock, installation_id=8).fetch(Target(HOST), 600) is not None
    github.remove("acme")
    github.remove("bolt")
    with pytest.raises(errors.NotInstalledError, match="not installed anywhere"):
        source(mine, github, clock).fetch(Target(HOST), 600)


@pytest.mark.parametrize("text", ["", "x", "7", "-7 1", "7 1\n", "7 9999999999", "9" * 33])
def test_a_spoilt_memory_of_an_installation_is_none(
    mine: Settings, github: TinyGitHub, clock: Clock, text: str
) -> None:
    source(mine, github, clock).fetch(APP, 600)
    [memo] = (mine.home / "run").iterdir()
    memo.write_text(text)
    assert source(mine, github, clock).fetch(APP, 600) is not None


def test_a_home_that_cannot_hold_the_memory_is_no_failure(
    mine: Settings, github: TinyGitHub, clock: Clock
) -> None:
    mine.home.chmod(0o755)
    assert source(mine, github, clock).fetch(APP, 600) is not None
    assert list(mine.home.iterdir()) == []

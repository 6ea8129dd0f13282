"""The App's client against a GitHub on loopback: over TLS, with its clock, keys and redirects."""

import asyncio
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gitlease.emulator import GitHub
from gitlease.github.api import Api, open_http
from gitlease.github.client import AppClient
from gitlease.model.errors import (
    KeyFileError,
    NotInstalledError,
    SettingsError,
    UnauthorizedError,
    UnreachableError,
)
from gitlease.model.scopes import Scope
from tests.support.apps import app_at, run

ACME = Scope.of("acme")


@pytest.fixture(scope="session")
def foreign_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a good key that is no App's."""
    key = rsa.generate_private_key(65537, 2048)
    path = tmp_path_factory.mktemp("keys") / "foreign.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )
    return path


def test_it_finds_the_installation_and_mints_what_was_asked(github: GitHub) -> None:
    async def story() -> None:
        async with app_at(github) as client:
            found = await client.find_installation("acme")
            scope = Scope.of("acme", ["app"], {"contents": "read"})
            token = await client.mint(found.id, scope)
            assert token.usable(github.now(), 3500)
            assert found.owner == "acme"
            assert dict(found.permissions)["contents"] == "write"
            assert client.budget is not None
            assert client.budget.limit == 5000
            assert client.budget.remaining < 5000

    run(story())
    sent = github.requests()[-1]
    assert sent["json"] == {"repositories": ["app"], "permissions": {"contents": "read"}}
    assert sent["headers"]["x-github-api-version"] == "2022-11-28"


def test_it_goes_through_the_proxy_that_the_environment_names(
    github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", github.proxy_url)

    async def story() -> None:
        async with open_http(ca_file=github.ca_file) as http:
            api = Api("https://api.github.com", http)
            client = AppClient(github.client_id, [github.private_key_file], api)
            assert (await client.get_app()).id == github.app_id
            assert len(await client.list_installations()) == 2

    run(story())
    assert github.stats()["proxy"]["tunnels"] == 1


def test_a_proof_is_reused_while_it_lasts(github: GitHub) -> None:
    async def story() -> None:
        async with app_at(github) as client:
            first = client._signer.proof()
            await client.get_app()
            assert client._signer.proof() is first
            github.advance(400)
            await client.get_app()
            assert client._signer.proof() is first
            github.advance(60)
            await client.get_app()
            assert client._signer.proof() is not first

    run(story())
    assert github.stats()["by_status"] == {"200": 3}


@pytest.mark.parametrize("wrong", [-7200.0, -300.0, 300.0, 7200.0])
def test_a_wrong_clock_here_costs_one_refusal_and_no_more(github: GitHub, wrong: float) -> None:
    async def story() -> None:
        async with app_at(github, now=lambda: github.now() + wrong) as client:
            found = await client.find_installation("acme")
            token = await client.mint(found.id, ACME)
            assert token.usable(github.now() + wrong, 3500)

    run(story())
    assert github.stats()["by_status"].get("401", 0) <= 1


def test_a_clock_that_is_set_back_costs_one_refusal_and_no_more(github: GitHub) -> None:
    offset = 0.0

    async def story() -> None:
        nonlocal offset
        async with app_at(github, now=lambda: github.now() + offset) as client:
            await client.get_app()
            offset = -7200.0
            await client.get_app()
            github.advance(700)
            await client.get_app()
            await client.get_app()

    run(story())
    assert github.stats()["by_status"] == {"200": 4, "401": 1}


def test_a_key_file_that_changes_is_read_again(
    github: GitHub, foreign_key: Path, tmp_path: Path
) -> None:
    path = tmp_path / "app.pem"
    shutil.copy(foreign_key, path)

    async def story() -> None:
        async with app_at(github, key_files=[path]) as client:
            with pytest.raises(UnauthorizedError):
                await client.get_app()
            new = tmp_path / "new.pem"
            shutil.copy(github.private_key_file, new)
            new.replace(path)
            await client.get_app()

    run(story())


def test_a_torn_or_missing_key_file_leaves_the_key_that_was_good(
    github: GitHub, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "app.pem"
    shutil.copy(github.private_key_file, path)

    async def story() -> None:
        async with app_at(github, key_files=[path]) as client:
            await client.get_app()
            path.write_text("-----BEGIN RSA PRIVATE KEY-----\nMIIcanary")
            await client.get_app()
            path.unlink()
            await client.get_app()

    run(story())
    assert "used on" in caplog.text
    assert "MIIcanary" not in caplog.text


def test_two_keys_overlap_and_the_one_that_works_is_asked_first(
    github: GitHub, foreign_key: Path, tmp_path: Path
) -> None:
    files = [tmp_path / "absent.pem", foreign_key, github.private_key_file]

    async def story() -> None:
        async with app_at(github, key_files=files) as client:
            await client.get_app()
            await client.get_app()

    run(story())
    assert github.stats()["by_status"] == {"401": 1, "200": 2}


def test_a_key_that_is_not_the_apps_is_named_as_such(github: GitHub, foreign_key: Path) -> None:
    async def story() -> None:
        async with app_at(github, key_files=[foreign_key]) as client:
            with pytest.raises(UnauthorizedError):
                await client.get_app()
        async with app_at(github, key_files=[Path("/absent.pem")]) as client:
            with pytest.raises(KeyFileError, match=r"/absent\.pem cannot be read"):
                await client.get_app()

    run(story())


def test_a_redirect_is_followed_within_this_api_only(github: GitHub) -> None:
    """The App's proof never goes to another host, whatever a reply says."""
    own = f"{github.api_url}/orgs/other/installation"
    github.fault("GET api.github.com/orgs/old/*", status=301, headers={"Location": own}, count=1)
    github.fault(
        "GET api.github.com/*/old/*",
        status=301,
        headers={"Location": "https://localhost:1/orgs/other/installation"},
    )

    async def story() -> None:
        async with app_at(github) as client:
            assert (await client.find_installation("old")).owner == "other"
            with pytest.raises(Exception, match="301"):
                await client.find_installation("old")

    run(story())


def test_a_renamed_repository_is_found_by_its_number(github: GitHub) -> None:
    github.rename_repository("acme/app", "acme/application")

    async def story() -> None:
        async with app_at(github) as client:
            here = (await client.find_installation("acme")).id
            scope = Scope.of("acme", ["app", "lib"])
            moved = await client.find_moved(scope, here)
            assert list(moved) == ["app"]
            assert await client.find_moved(scope, here + 1) == {}
            await client.mint(here, scope, moved=moved)

    run(story())
    assert github.requests()[-1]["json"].keys() == {"repositories", "repository_ids"}


def test_a_revoked_token_is_dead_and_may_be_revoked_again(github: GitHub) -> None:
    async def story() -> None:
        async with app_at(github) as client:
            found = await client.find_installation("acme")
            token = await client.mint(found.id, ACME)
            await client.revoke(token.secret)
            assert github.revoke(token.secret.reveal()) == 0
            await client.revoke(token.secret)

    run(story())


def test_an_owner_without_the_app_is_not_installed(github: GitHub) -> None:
    async def story() -> None:
        async with app_at(github) as client:
            with pytest.raises(NotInstalledError, match="nobody"):
                await client.find_installation("nobody")

    run(story())


def test_an_untrusted_server_is_named_as_such(github: GitHub) -> None:
    async def story() -> None:
        async with open_http() as http:
            client = AppClient("1", [github.private_key_file], Api(github.api_url, http))
            with pytest.raises(UnreachableError, match="certificate is not trusted"):
                await client.get_app()

    run(story())


@pytest.mark.parametrize("text", ["", "no certificate\n"])
def test_a_ca_file_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ca.pem"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"ca\.pem"):
        open_http(ca_file=path)


def test_many_questions_at_once_are_all_answered(github: GitHub) -> None:
    async def story() -> None:
        async with app_at(github) as client:
            await asyncio.gather(*(client.get_app() for _ in range(100)))

    run(story())
    assert github.stats()["by_status"] == {"200": 100}

"""Whatever GitHub does, the minter answers with the error that names it, within its time limit."""

import asyncio
import contextlib
import logging
import time
import traceback
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gitlease.broker.minters import GitHubMinter
from gitlease.emulator import GitHub
from gitlease.github.api import Api, open_http
from gitlease.github.client import AppClient
from gitlease.model.errors import (
    ClockError,
    NotInstalledError,
    RateLimitedError,
    RefusedError,
    SourceError,
    SuspendedError,
    UnauthorizedError,
    UnreachableError,
)
from gitlease.model.scopes import Scope
from gitlease.model.tokens import Secret
from tests.support.apps import app_at, minter_at, run

ACME = Scope.of("acme")
FAST: dict[str, Any] = {"limit": 1.0, "try_limit": 0.4}
MARGIN = 2.0  # seconds; the machine is noisy
CLOCK = "'Expiration time' claim ('exp') is too far in the future"
CANARY = "ghs_canary0123456789"


def clock_fault() -> dict[str, Any]:
    return {"status": 401, "body": {"message": CLOCK}}


TROUBLE: dict[str, tuple[dict[str, Any], type[SourceError]]] = {
    "500": ({"status": 500}, UnreachableError),
    "502": ({"status": 502, "body": "<html>bad gateway</html>"}, UnreachableError),
    "503 for a while": ({"status": 503, "retry_after": 30}, UnreachableError),
    "slow": ({"delay": 30}, UnreachableError),
    "hung": ({"hang": True}, UnreachableError),
    "no connection": ({"drop": "connect"}, UnreachableError),
    "cut": ({"drop": "mid-body"}, UnreachableError),
    "strange": ({"status": 201, "body": f"<html>{CANARY}</html>"}, UnreachableError),
    "secondary": ({"secondary": True, "retry_after": 7}, RateLimitedError),
    "429": ({"status": 429, "retry_after": 7}, RateLimitedError),
    "clock": (clock_fault(), ClockError),
    "401": ({"status": 401}, UnauthorizedError),
    "404": ({"status": 404}, NotInstalledError),
    "422": ({"status": 422, "body": {"message": f"no {CANARY}"}}, RefusedError),
}


@pytest.mark.parametrize("name", TROUBLE)
def test_each_fault_has_its_error_in_time_and_shows_no_secret(
    github: GitHub, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    what, kind = TROUBLE[name]
    github.fault("mint", **what)
    caplog.set_level(logging.DEBUG)
    proofs = list[Secret]()

    async def story() -> SourceError:
        async with minter_at(github, **FAST) as minter:
            await minter.owners.place("acme")
            started = time.monotonic()
            with pytest.raises(SourceError) as raised:
                await minter.mint(ACME, min_ttl=600)
            assert time.monotonic() - started < FAST["limit"] + MARGIN
            proof = minter.clients[0]._signer.proof()
            assert proof is not None
            proofs.append(proof.jwt)
            return raised.value

    error = run(story())
    assert type(error) is kind
    assert "acme" in error.message or "127.0.0.1" in error.message
    shown = caplog.text + str(error) + repr(error)
    shown += "".join(
        traceback.TracebackException.from_exception(error, capture_locals=True).format()
    )
    assert CANARY not in shown
    assert proofs[0].reveal().rsplit(".", 1)[1] not in shown


def test_suspended_and_removed_are_errors_of_their_own(github: GitHub) -> None:
    at = 0.0

    async def story() -> None:
        nonlocal at
        async with minter_at(github, monotonic=lambda: at) as minter:
            await minter.mint(ACME, min_ttl=600)
            github.suspend("acme")
            with pytest.raises(SuspendedError):
                await minter.mint(ACME, min_ttl=600)
            github.unsuspend("acme")
            at += 11
            await minter.mint(ACME, min_ttl=600)
            github.remove_installation("acme")
            with pytest.raises(NotInstalledError, match="acme"):
                await minter.mint(ACME, min_ttl=600)

    run(story())


def test_a_refusal_is_remembered_for_a_moment_only(github: GitHub) -> None:
    """A workspace that asks for the impossible in a loop must not use up what others need."""
    at = 0.0

    async def story() -> None:
        nonlocal at
        async with minter_at(github, monotonic=lambda: at) as minter:
            await minter.owners.place("acme")
            scope = Scope.of("acme", ["never-was"])
            seen = []
            for pause in (0, 0, 0, 11):
                at += pause
                before = github.stats()["api_calls"]
                with pytest.raises(RefusedError, match="never-was"):
                    await minter.mint(scope, min_ttl=600)
                seen.append(github.stats()["api_calls"] - before)
            assert seen[1:3] == [0, 0]
            assert seen[0] == seen[3] > 0
            await minter.mint(ACME, min_ttl=600)

    run(story())


def test_a_burst_of_scopes_is_slowed_before_github_has_to(github: GitHub) -> None:
    async def story() -> None:
        async with app_at(github, mints_per_minute=3) as client:
            minter = GitHubMinter([client])
            scopes = [Scope.of("acme", None, {name: "read"}) for name in ("contents", "metadata")]
            scopes += [ACME, Scope.of("acme", ["app"]), Scope.of("acme", ["lib"])]
            got = await asyncio.gather(
                *(minter.mint(one, min_ttl=600) for one in scopes), return_exceptions=True
            )
            late = [one for one in got if isinstance(one, RateLimitedError)]
            assert len(late) == 2
            assert all(50 < (one.retry_after or 0) <= 90 for one in late)

    run(story())
    assert github.stats()["mints"] == 3


def test_a_moments_failure_is_not_noticed(github: GitHub) -> None:
    async def story() -> None:
        async with minter_at(github) as minter:
            for what in ({"status": 502}, {"drop": "connect"}, {"drop": "mid-body"}):
                github.fault("mint", count=1, **what)
                await minter.mint(ACME, min_ttl=600)

    run(story())


def test_a_limit_is_obeyed_without_another_request(github: GitHub) -> None:
    """GitHub bans who goes on asking; the wait is that of the reply."""
    github.fault("mint", secondary=True, retry_after=7, count=1)

    async def story() -> None:
        async with minter_at(github) as minter:
            for _ in range(20):
                with pytest.raises(RateLimitedError) as raised:
                    await minter.mint(ACME, min_ttl=600)
                assert 5 < (raised.value.retry_after or 0) <= 7

    run(story())
    assert [one["method"] for one in github.requests()] == ["GET", "POST"]


@pytest.mark.parametrize("skew", [-300.0, 300.0])
def test_a_server_whose_date_lies_lengthens_no_life(github: GitHub, skew: float) -> None:
    github.settings(date_skew=skew)

    async def story() -> None:
        async with minter_at(github) as minter:
            token = (await minter.mint(ACME, min_ttl=600)).token
            assert token.expires_at is not None
            assert token.expires_at <= github.now() + 3600

    run(story())


def test_a_used_up_budget_is_waited_for_until_it_begins_anew(github: GitHub) -> None:
    github.settings(rate_limit=3)

    async def story() -> None:
        async with app_at(github) as client:
            for _ in range(3):
                await client.get_app()
            assert client.budget is not None
            assert client.budget.remaining == 0
            with pytest.raises(RateLimitedError) as raised:
                await client.get_app()
            assert 3500 < (raised.value.retry_after or 0) <= 3600

    run(story())


def test_an_outage_is_met_with_silence_and_its_end_is_found_out(github: GitHub) -> None:
    """After five failures in a row nobody asks; then one probe does, and all go on."""
    github.fault("api", status=500)
    at, pauses = 0.0, list[float]()

    async def story() -> None:
        nonlocal at

        async def no_sleep(seconds: float) -> None:
            pauses.append(seconds)
            await asyncio.sleep(0)

        async with open_http(ca_file=github.ca_file) as http:
            api = Api(github.api_url, http, monotonic=lambda: at, sleep=no_sleep)
            client = AppClient(str(github.app_id), [github.private_key_file], api)
            for _ in range(50):
                with pytest.raises(UnreachableError):
                    await client.get_app()
            assert github.stats()["api_calls"] == 5
            # Five tries are two questions; those after them were answered at once.
            assert len(pauses) == 3
            at += 6
            gathered = await asyncio.gather(
                *(client.get_app() for _ in range(20)), return_exceptions=True
            )
            assert {type(one) for one in gathered} == {UnreachableError}
            assert github.stats()["api_calls"] == 6
            github.clear_faults()
            at += 6
            with pytest.raises(UnreachableError, match="left alone"):
                await client.get_app()
            at += 6
            await client.get_app()
            assert not api.breaker.is_open

    run(story())


@contextlib.asynccontextmanager
async def trickling() -> AsyncIterator[str]:
    """Serve, in plain text, a reply whose body never stops coming."""

    answering: set[asyncio.Task[None] | None] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not writer.is_closing():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.gather(*(task for task in answering if task))


def test_a_body_that_trickles_is_late_as_a_whole(github: GitHub) -> None:
    async def story() -> None:
        async with trickling() as url, open_http() as http:
            api = Api(url, http, limit=1.0, try_limit=0.4)
            client = AppClient("1", [github.private_key_file], api)
            started = time.monotonic()
            with pytest.raises(UnreachableError, match="no whole answer"):
                await client.get_app()
            assert time.monotonic() - started < 1 + MARGIN

    run(story())


def test_the_minters_own_limit_holds_over_all_its_questions(github: GitHub) -> None:
    github.fault("api", delay=0.3)

    async def story() -> None:
        async with app_at(github) as client:
            started = time.monotonic()
            with pytest.raises(UnreachableError, match="acme within"):
                await GitHubMinter([client], limit=0.5).mint(ACME, min_ttl=600)
            assert time.monotonic() - started < 0.5 + MARGIN

    run(story())

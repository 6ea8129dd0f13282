"""Scripted trouble reaches a client as real trouble would."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from gitlease.emulator import GitHub
from tests.flows.emulator.clients import (
    Workplace,
    app_jwt,
    ask,
    connect,
    half_a_push,
    processes_in,
    until,
)
from tests.unit.emulator.worlds import basic_header


def mint(github: GitHub) -> int:
    number = github.installations[0]["id"]
    path = f"/app/installations/{number}/access_tokens"
    return ask(github, "POST", path, auth=app_jwt(github), body={}).status


def test_a_dropped_connection_is_no_reply_at_all(github: GitHub) -> None:
    github.fault("mint", drop="connect", count=1)
    # At TLS a reset and a plain end look alike to a client: no status line came.
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError, ssl.SSLEOFError)):
        mint(github)
    assert mint(github) == 201
    assert github.stats()["by_status"] == {"201": 1}


@pytest.mark.parametrize("status", [None, 502])
def test_a_reply_that_is_cut_in_its_body_is_incomplete(github: GitHub, status: int | None) -> None:
    github.fault("api", drop="mid-body", status=status, count=1)
    connection = connect(github)
    connection.request("GET", "/meta", headers={"User-Agent": "tests"})
    response = connection.getresponse()
    assert response.status == (status or 200)
    with pytest.raises(http.client.IncompleteRead) as caught:
        response.read()
    connection.close()
    assert 0 < len(caught.value.partial) < int(response.headers["Content-Length"])


def test_a_cut_clone_fails_and_the_next_one_works(github: GitHub, workplace: Workplace) -> None:
    url = workplace.url("acme/app", github.mint("acme")["token"])
    github.fault("POST github.com/*/git-upload-pack", drop="mid-body", count=1)
    assert workplace.run("git", "clone", url, "app").returncode != 0
    workplace.git("clone", "--quiet", url, "app")


def test_a_delay_delays_and_others_are_served_meanwhile(github: GitHub) -> None:
    github.fault("mint", delay=0.6, count=1)
    with ThreadPoolExecutor(1) as pool:
        started = time.monotonic()
        slow = pool.submit(mint, github)
        until(lambda: github.stats()["concurrent"] == 1)
        assert ask(github, "GET", "/meta").status == 200
        assert not slow.done()
        assert slow.result() == 201
        assert time.monotonic() - started >= 0.6


def test_a_hanging_request_ends_with_its_client(github: GitHub) -> None:
    github.fault("api", hang=True, count=1)
    connection = connect(github)
    connection.timeout = 0.3
    connection.request("GET", "/meta", headers={"User-Agent": "tests"})
    with pytest.raises(TimeoutError):
        connection.getresponse()
    assert github.stats()["concurrent"] == 1
    connection.close()
    until(lambda: github.stats()["concurrent"] == 0)


def test_the_emulator_stops_in_the_middle_of_a_hang_and_of_a_delay() -> None:
    with GitHub() as github:
        github.fault("GET api.github.com/meta", hang=True)
        github.fault("GET api.github.com/rate_limit", delay=100)
        ended = []

        def wait(path: str) -> None:
            try:
                ask(github, "GET", path)
            except (OSError, http.client.HTTPException):
                ended.append(path)

        threads = [threading.Thread(target=wait, args=(p,)) for p in ("/meta", "/rate_limit")]
        for thread in threads:
            thread.start()
        until(lambda: github.stats()["concurrent"] == 2)
        before = time.monotonic()
    assert time.monotonic() - before < 5
    for thread in threads:
        thread.join(10)
    assert sorted(ended) == ["/meta", "/rate_limit"]


def test_a_count_is_exact_under_parallel_requests(github: GitHub) -> None:
    github.fault("GET api.github.com/meta", status=503, count=7)
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: ask(github, "GET", "/meta").status, range(20)))
    assert (statuses.count(503), statuses.count(200)) == (7, 13)


def test_a_429_tells_when_to_retry_or_does_not(github: GitHub) -> None:
    github.fault("mint", status=429, retry_after=3, count=1)
    github.fault("mint", status=429, count=1)
    number = github.installations[0]["id"]
    path = f"/app/installations/{number}/access_tokens"
    first = ask(github, "POST", path, auth=app_jwt(github))
    second = ask(github, "POST", path, auth=app_jwt(github))
    assert (first.status, first.headers.get("Retry-After")) == (429, "3")
    assert (second.status, second.headers.get("Retry-After")) == (429, None)
    assert mint(github) == 201


def test_a_fault_on_the_second_request_of_a_push_meets_git_as_such(
    github: GitHub, workplace: Workplace
) -> None:
    workplace.git("clone", "--quiet", workplace.url("acme/app", github.mint("acme")["token"]), "a")
    clone = workplace.folder / "a"
    workplace.commit(clone)
    github.fault("github.com/*/git-receive-pack", status=503, count=1)
    assert "503" in workplace.refused("push", cwd=clone)
    github.fault("lfs", status=500)
    workplace.git("push", "--quiet", cwd=clone)
    github.clear_faults()


def chunks(count: int) -> Iterator[bytes]:
    """Yield *count* times 64 KiB."""
    for _ in range(count):
        yield b"x" * 65536


@pytest.mark.parametrize("trouble", ["a fault", "a bad token"])
def test_who_writes_everything_before_reading_comes_to_read_the_refusal(
    github: GitHub, trouble: str
) -> None:
    if trouble == "a fault":
        github.fault("git", status=401)
    headers = {"Authorization": basic_header("x-access-token", "ghs_dead")}
    path = "/acme/app.git/git-receive-pack"
    reply = ask(github, "POST", path, host="github.com", headers=headers, body=chunks(320))
    assert reply.status == 401
    assert reply.body.startswith(b"Invalid username or token.")


def test_a_client_that_goes_away_in_an_upload_leaves_nothing_running(github: GitHub) -> None:
    connection = half_a_push(github)
    assert github.stats()["concurrent"] == 1
    connection.close()
    until(lambda: github.stats()["concurrent"] == 0)
    assert processes_in(github.ca_file.parent) == []


def test_a_client_that_goes_away_in_a_transfer_leaves_nothing_running(
    github: GitHub, workplace: Workplace
) -> None:
    token = github.mint("acme")["token"]
    workplace.git("clone", "--quiet", workplace.url("acme/app", token), "a")
    workplace.commit(workplace.folder / "a", b"".join(bytes([n % 251]) * 997 for n in range(9000)))
    workplace.git("-c", "core.compression=0", "push", "--quiet", cwd=workplace.folder / "a")
    connection = connect(github, "github.com")
    # protocol v0: want everything, done.
    want = workplace.git("rev-parse", "HEAD", cwd=workplace.folder / "a")
    body = f"0032want {want}\n00000009done\n".encode()
    headers = {"Content-Type": "application/x-git-upload-pack-request", "User-Agent": "tests"}
    headers["Authorization"] = basic_header("x-access-token", token)
    connection.request("POST", "/acme/app.git/git-upload-pack", body, headers)
    response = connection.getresponse()
    assert response.status == 200
    assert response.read(1000)
    connection.sock.shutdown(socket.SHUT_RDWR)
    connection.close()
    until(lambda: github.stats()["concurrent"] == 0)

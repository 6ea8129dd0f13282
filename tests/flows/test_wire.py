"""A connection that is encrypted, and of which something arrives wrong: one line, for a person."""

from urllib.parse import urlsplit

import pytest

from gitlease.emulator import GitHub
from gitlease.github.api import Api, open_http
from gitlease.model.errors import UnreachableError
from gitlease.model.exchange import Request
from gitlease.workspace.transport import Transport
from tests.support.apps import run
from tests.support.faulty.wire import Trouble, Wire

CORRUPT = Trouble(happens="corrupt")


def test_a_broker_understands_that_what_came_was_corrupted() -> None:
    with GitHub() as github, Wire(("127.0.0.1", urlsplit(github.api_url).port or 0)) as wire:
        url = f"https://127.0.0.1:{wire.port}/api/v3"

        async def ask_twice() -> None:
            async with open_http(ca_file=github.ca_file) as http:
                api = Api(url, http, limit=3.0)
                assert (await api.exchange(Request("GET", f"{url}/app"))).status == 401
                # Now on a connection that stands, whose every record has a wrong bit.
                with wire.trouble(CORRUPT):
                    await api.exchange(Request("GET", f"{url}/app"))

        with pytest.raises(UnreachableError, match="cannot be reached"):
            run(ask_twice())


def test_a_workspace_says_that_tls_failed_and_names_no_file_of_the_interpreters() -> None:
    with GitHub() as github, Wire(("127.0.0.1", urlsplit(github.api_url).port or 0)) as wire:
        transport = Transport({}, ca_file=str(github.ca_file), limit=5.0)
        url = f"https://127.0.0.1:{wire.port}/api/v3/app"
        request = Request("GET", url, {"User-Agent": "gitlease"})
        assert transport.exchange(request).status == 401
        # Beyond the first flight, which has no proof yet.
        after_greeting = Trouble(happens="corrupt", after=200)
        with wire.trouble(after_greeting), pytest.raises(UnreachableError) as raised:
            transport.exchange(request)
    assert "cannot be reached: TLS failed, " in str(raised.value)
    assert "_ssl.c" not in str(raised.value)

"""The broker's token is kept for what the broker says it is good for, and for nothing else."""

import json
import traceback
from pathlib import Path
from typing import Any

import pytest

from gitlease.model import errors
from gitlease.model.exchange import Response
from gitlease.model.frozen import replace
from gitlease.model.targets import Target
from gitlease.model.tokens import fingerprint
from gitlease.workspace.cache import Cache
from gitlease.workspace.settings import Settings
from gitlease.workspace.sources import Fetched
from gitlease.workspace.sources.broker import REPORT_LIMIT, Broker
from tests.support.parts import APP, HOST, Clock, settings
from tests.support.tiny_broker import LEASE, URL, TinyBroker

OWNER = Target(HOST, "acme")


@pytest.fixture
def mine(home: Path) -> Settings:
    home.joinpath("configs").mkdir()
    home.joinpath("configs", ".auth_token").write_text("bearer-1\n")
    made = settings(
        home, broker_url=URL, workspace_id="ws-1", configs_dir=home / "configs", allow_http=False
    )
    made.home.mkdir(mode=0o700)
    return made


def source(mine: Settings, broker: TinyBroker, **changes: Any) -> Broker:
    changed = replace(mine, **changes)
    return Broker(changed, broker, Cache(changed), Clock().wall)


def fetch(
    mine: Settings, broker: TinyBroker, target: Target = APP, min_ttl: float = 600, **changes: Any
) -> Fetched:
    fetched = source(mine, broker, **changes).fetch(target, min_ttl)
    assert fetched is not None
    return fetched


def test_without_a_broker_there_is_nothing_to_say(mine: Settings) -> None:
    broker = TinyBroker()
    silent = source(mine, broker, broker_url="")
    assert silent.fetch(APP, 600) is None
    silent.report("x" * 44)
    assert broker.asked == []


def test_a_token_for_all_of_an_owner_serves_all_its_repositories(mine: Settings) -> None:
    broker = TinyBroker()
    fetched = fetch(mine, broker, min_ttl=600.2)
    assert broker.asked == [("GET", LEASE, {"owner": "acme", "min_ttl": "601"}, "bearer-1")]
    assert (fetched.name, fetched.for_all) == ("github.com~acme", True)
    assert fetched.token.expires_at == Clock().wall() + 3000
    assert fetched.token.lifetime == 3600


def test_a_token_for_some_repositories_is_kept_for_the_one_asked_for(mine: Settings) -> None:
    broker = TinyBroker(grants={"acme": ["app", "lib"]})
    fetched = fetch(mine, broker)
    assert (fetched.name, fetched.for_all) == ("github.com~acme~app", False)
    assert fetched.token.secret.reveal() == "ghs_acme_0"
    whole = fetch(mine, broker, OWNER)
    assert (whole.name, whole.for_all) == ("github.com~acme", False)


def test_a_repository_that_the_owners_token_lacks_is_asked_for_by_name(mine: Settings) -> None:
    broker = TinyBroker(grants={"acme": None}, more={"repositories": ["lib"]})
    with pytest.raises(errors.SourceError, match="does not reach"):
        fetch(mine, broker)
    assert [words.get("repo") for _, _, words, _ in broker.asked] == [None, "app"]


def test_a_refusal_is_the_last_word_and_names_the_cure(mine: Settings) -> None:
    with pytest.raises(errors.RefusedError) as caught:
        fetch(mine, TinyBroker(grants={"other": None}))
    said = "the broker: its grants do not cover it; grant it"
    assert str(caught.value) == said


def test_a_record_for_each_repository_asks_for_just_that_one(mine: Settings) -> None:
    broker = TinyBroker()
    fetched = fetch(mine, broker, granularity="repository")
    assert fetched.name == "github.com~acme~app"
    assert broker.asked[0][2] == {"owner": "acme", "repo": "app", "min_ttl": "600"}
    with pytest.raises(errors.SourceError, match="may do more"):
        fetch(mine, TinyBroker(more={"repositories": None}), granularity="repository")


def test_a_token_that_may_do_more_than_the_settings_allow_is_not_taken(mine: Settings) -> None:
    narrow: dict[str, Any] = {"permissions": {"contents": "read"}}
    with pytest.raises(errors.SourceError, match="may do more"):
        fetch(mine, TinyBroker(), **narrow)
    with pytest.raises(errors.SourceError, match="may do more"):
        fetch(mine, TinyBroker(more={"permissions": {"contents": "write"}}), **narrow)
    assert fetch(mine, TinyBroker(more=narrow), **narrow).name == "github.com~acme"


def test_another_owners_token_is_not_taken(mine: Settings) -> None:
    with pytest.raises(errors.SourceError, match="does not reach"):
        fetch(mine, TinyBroker(more={"owner": "evil"}))
    assert fetch(mine, TinyBroker(more={"owner": "Acme"})).name == "github.com~acme"


def test_without_an_owner_the_token_answers_for_no_other(mine: Settings) -> None:
    fetched = fetch(mine, TinyBroker(), Target(HOST))
    assert (fetched.name, fetched.for_all) == ("github.com", False)


def test_the_older_platforms_one_token_serves_everything(mine: Settings) -> None:
    broker = TinyBroker(speaks_old=True)
    fetched = fetch(mine, broker)
    assert (fetched.name, fetched.for_all) == ("github.com", True)
    assert fetched.token.expires_at == 1_800_003_000.0
    with pytest.raises(errors.SourceError, match="may do more"):
        fetch(mine, broker, granularity="repository")


def test_a_short_life_is_known_as_one(mine: Settings) -> None:
    fetched = fetch(mine, TinyBroker(expires_in=50, lifetime=60))
    assert fetched.token.lifetime == 60
    assert fetched.token.usable(Clock().wall(), 600)


def test_without_a_workspace_id_it_is_the_platforms_own_token(mine: Settings) -> None:
    broker = TinyBroker()
    fetch(mine, broker, workspace_id="")
    path = "/admin/github-installation-token"
    assert broker.asked == [("GET", path, {"min_ttl": "600"}, "bearer-1")]


def test_a_bearer_that_was_replaced_meanwhile_is_read_again(mine: Settings) -> None:
    broker = TinyBroker(bearers={"bearer-2"})
    file = mine.configs_dir / ".auth_token"

    class Rotating(TinyBroker):
        def exchange(self, request: Any, deadline: float) -> Response:
            file.write_text("bearer-2")
            return broker.exchange(request, deadline)

    assert fetch(mine, Rotating()).name == "github.com~acme"
    assert [bearer for *_, bearer in broker.asked] == ["bearer-1", "bearer-2"]


def test_a_dead_bearer_is_tried_once_and_the_cure_names_its_file(mine: Settings) -> None:
    broker = TinyBroker(bearers=set())
    with pytest.raises(errors.UnauthorizedError) as caught:
        fetch(mine, broker)
    assert len(broker.asked) == 1
    assert str(mine.configs_dir / ".auth_token") in str(caught.value)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.__dict__)
    assert "bearer-1" not in shown


def test_a_rejected_token_is_reported_in_a_short_time_and_failure_is_silent(
    mine: Settings,
) -> None:
    broker = TinyBroker()
    name = fingerprint("ghs_acme_0")
    source(mine, broker).report(name)
    assert (broker.rejected, broker.deadlines) == ([name], [REPORT_LIMIT])
    source(mine, TinyBroker(speaks_old=True)).report(name)
    (mine.configs_dir / ".auth_token").unlink()
    source(mine, broker).report(name)
    assert broker.rejected == [name]


def test_a_token_that_github_refused_before_is_reported_and_asked_for_anew(mine: Settings) -> None:
    broker = TinyBroker()
    Cache(mine).reject(fingerprint("ghs_acme_0"), Clock().wall() + 60)
    fetched = fetch(mine, broker)
    assert fetched.token.secret.reveal() == "ghs_acme_1"
    assert broker.is_told_of("ghs_acme_0")


REPLIES = [
    (301, b"", errors.UnreachableError, "sends us elsewhere"),
    (200, b"<html>", errors.UnreachableError, "is no broker's"),
    (200, b"[]", errors.UnreachableError, "is no broker's"),
    (200, b'{"token": "ghs_canary", "expires_in": "x"}', errors.UnreachableError, "is no broker's"),
    (403, b"<html>blocked</html>", errors.UnreachableError, "is no broker's"),
    (401, b"", errors.UnauthorizedError, "gitlease register"),
    (404, b'{"error": "no App is configured"}', errors.NotInstalledError, "no App is configured"),
    (404, b'{"detail": "Not Found"}', errors.NotInstalledError, "Not Found"),
    (
        404,
        b'{"error": "there is nothing at this path", "type": "urn:gitlease:problem:not-found"}',
        errors.NotInstalledError,
        "nothing at this path; correct the path in GITLEASE_BROKER_URL",
    ),
    (422, b'{"error": "min_ttl is odd"}', errors.SourceError, "min_ttl is odd"),
    (429, b"", errors.RateLimitedError, "wait"),
    (502, b'{"error": "GitHub is away"}', errors.UnreachableError, "GitHub is away"),
    (503, b"", errors.UnreachableError, "it answered 503"),
    (403, b'{"error": "\\u001b[2J ghs_canary"}', errors.RefusedError, "redacted"),
]


@pytest.mark.parametrize(("status", "body", "kind", "said"), REPLIES)
def test_each_reply_has_its_error(
    mine: Settings, status: int, body: bytes, kind: type[errors.SourceError], said: str
) -> None:
    broker = TinyBroker(replies=[Response(status, {"retry-after": "7"}, body)])
    with pytest.raises(errors.SourceError) as caught:
        fetch(mine, broker)
    assert type(caught.value) is kind
    assert said in str(caught.value)
    assert "canary" not in str(caught.value)
    assert str(caught.value).isprintable()
    if status in {429, 502, 503}:
        assert caught.value.retry_after == 7


def test_a_workspace_without_an_id_is_told_that_it_has_none(mine: Settings) -> None:
    """Its bearer is dead only at the platform's own door, where the id would not lead it."""
    broker = TinyBroker(replies=[Response(401, {}, b"")] * 2)
    with pytest.raises(errors.UnauthorizedError, match="set GITLEASE_WORKSPACE_ID"):
        fetch(replace(mine, workspace_id=""), broker)


def test_a_clock_that_is_wrong_does_not_lengthen_the_older_platforms_token(mine: Settings) -> None:
    """Their `Date` tells: they are an hour ahead of us, so the token lives an hour less by ours."""
    body = json.dumps({"token": "ghs_1", "expires_at": "2027-01-15T09:50:00Z"}).encode()
    headers = {"date": "Fri, 15 Jan 2027 09:00:00 GMT"}
    broker = TinyBroker(replies=[Response(200, headers, body)])
    assert fetch(mine, broker).token.expires_at == Clock().wall() + 3000

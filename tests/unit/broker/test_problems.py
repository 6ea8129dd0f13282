"""Every error has a reply of its own, and no reply says more than it should."""

import pytest
from litestar.exceptions import HTTPException, ValidationException

from gitlease.broker import errors as own
from gitlease.broker.policy import Asked, Refused
from gitlease.broker.problems import judge, reply
from gitlease.broker.store.errors import StoreUnavailableError
from gitlease.model import errors as model

TOKEN = "ghs_" + "x" * 36


@pytest.mark.parametrize(
    ("error", "status", "slug", "headers"),
    [
        (own.BearerError(), 401, "unauthenticated", {"WWW-Authenticate"}),
        (own.EnrolmentError(), 401, "not-enrolled", {"WWW-Authenticate"}),
        (own.QuotaError("x", retry_after=10), 429, "quota", {"Retry-After"}),
        (own.NoAppError("x"), 404, "no-app", set()),
        (model.RequestError("x"), 422, "bad-request", set()),
        (model.NotInstalledError("x"), 404, "not-installed", set()),
        (model.SuspendedError("x"), 403, "installation-suspended", set()),
        (model.RefusedError("x"), 403, "refused-by-github", set()),
        (model.RateLimitedError("x", retry_after=60), 503, "github-limit", {"Retry-After"}),
        (model.UnauthorizedError("x"), 502, "app-refused", {"Retry-After"}),
        (model.ClockError("x"), 502, "clock", {"Retry-After"}),
        (model.KeyFileError("x"), 502, "app-key", {"Retry-After"}),
        (model.UnreachableError("x"), 503, "github-unreachable", {"Retry-After"}),
        (StoreUnavailableError("x"), 503, "store-unavailable", {"Retry-After"}),
        (ValidationException("x"), 422, "bad-request", set()),
        (HTTPException(status_code=413), 413, "too-large", set()),
        (ZeroDivisionError("x"), 500, "defect", set()),
    ],
)
def test_each_error_has_its_reply(
    error: Exception, status: int, slug: str, headers: set[str]
) -> None:
    verdict = judge(error)
    assert (verdict.status, verdict.slug, set(verdict.headers)) == (status, slug, headers)


def test_githubs_refusal_of_our_proof_is_never_a_401_to_the_caller() -> None:
    """A workspace would throw its good bearer away."""
    for kind in (model.UnauthorizedError, model.ClockError):
        assert judge(kind("x")).status == 502


@pytest.mark.parametrize(
    "error",
    [
        ValueError(TOKEN),
        model.SourceError(f"GitHub said {TOKEN}"),
        model.RequestError(f"{TOKEN!r} is no name"),
        ValidationException(f"got {TOKEN}"),
        HTTPException(detail=TOKEN, status_code=418),
        HTTPException(detail=TOKEN, status_code=404, extra={"x": TOKEN}),
    ],
)
def test_no_reply_holds_a_token(error: Exception) -> None:
    assert TOKEN not in str(reply(judge(error), "id").content)


def test_a_wait_is_whole_seconds_and_never_none() -> None:
    for seconds, shown in ((0.0, "1"), (0.2, "1"), (59.1, "60")):
        error = model.UnreachableError("x", retry_after=seconds)
        assert judge(error).headers["Retry-After"] == shown


def test_a_refusal_names_the_missing_grant() -> None:
    error = own.OutsideGrantsError("ws-1", Refused("because", Asked("acme", "app")))
    assert judge(error).missing == {"owner": "acme", "repositories": ["app"]}

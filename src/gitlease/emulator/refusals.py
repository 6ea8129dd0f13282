"""
Keep the ways in which GitHub says no on its API, with its own words.

The rules raise a Refusal; one handler in `rest` turns it into a reply.  Texts are those that
clients match on, so they are kept literally.
"""

from collections.abc import Mapping
from typing import Any

DOCS = "https://docs.github.com/rest"
MINT_DOCS = f"{DOCS}/apps/apps#create-an-installation-access-token-for-an-app"
LIMIT_DOCS = f"{DOCS}/using-the-rest-api/rate-limits-for-the-rest-api"
SECONDARY_DOCS = f"{LIMIT_DOCS}#about-secondary-rate-limits"

NOT_FOUND = "Not Found"
BAD_CREDENTIALS = "Bad credentials"
NO_AUTHENTICATION = "Requires authentication"
NOT_FOR_APPS = "Resource not accessible by integration"
SUSPENDED = "This installation has been suspended"
UNDECODABLE_JWT = "A JSON web token could not be decoded"
SECONDARY_LIMIT = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
    "For more on scraping GitHub and how it may affect your rights, please review our Terms of "
    "Service."
)


class Refusal(Exception):  # noqa: N818 - GitHub's "no" is a part of normal life, not a fault here
    """A reply of GitHub's API with *status* >= 300, and the text that belongs to it."""

    def __init__(
        self,
        status: int,
        message: str,
        docs: str = DOCS,
        *,
        headers: Mapping[str, str] | None = None,
        url: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.docs = docs
        self.headers = dict(headers or {})
        self.url = url

    def body(self) -> dict[str, Any]:
        """Return the JSON object that GitHub would send (`basic-error` in its OpenAPI)."""
        body: dict[str, Any] = {"message": self.message, "documentation_url": self.docs}
        if self.url is not None:
            # "moved-permanently" in GitHub's OpenAPI carries the new place instead of a status.
            return {**body, "url": self.url}
        return {**body, "status": str(self.status)}


def not_found(docs: str = DOCS) -> Refusal:
    """Return the 404 that hides whether the thing exists."""
    return Refusal(404, NOT_FOUND, docs)


def secondary_limit(retry_after: int = 60, status: int = 403) -> Refusal:
    """Return the refusal of GitHub's secondary limits, to be retried after *retry_after* s."""
    headers = {"Retry-After": str(retry_after)}
    return Refusal(status, SECONDARY_LIMIT, SECONDARY_DOCS, headers=headers)

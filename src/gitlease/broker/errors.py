"""How the service itself says no, on the tree of `gitlease.model.errors`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlease.model.errors import GitleaseError, NotInstalledError, RateLimitedError, RefusedError

if TYPE_CHECKING:
    from gitlease.broker.policy import Refused


class BearerError(GitleaseError):
    """
    No bearer came, or not one that opens this door.

    It never says which: whether a workspace exists, and whose a bearer is, is nobody's business.
    """

    status = 401
    hint = "send `Authorization: Bearer …` with the token that this workspace was given"

    def __init__(self) -> None:
        super().__init__("the bearer is missing or not valid here")


class EnrolmentError(GitleaseError):
    """A registration came without a secret that is good for it."""

    status = 401
    hint = "get an enrolment secret from the fleet's operator (`gitlease broker enrolment create`)"

    def __init__(self) -> None:
        super().__init__("the enrolment secret is missing or not valid here")


class OutsideGrantsError(RefusedError):
    """The workspace's grants do not cover what it asks for; `missing` says what would."""

    hint = "ask the fleet's operator for the missing grant (`gitlease broker workspace grant`)"

    def __init__(self, workspace_id: str, verdict: Refused) -> None:
        super().__init__(
            f"workspace {workspace_id} may have no token for {verdict.missing}: {verdict.reason}"
        )
        owner, repository = verdict.missing.owner, verdict.missing.repository
        self.missing = {
            "owner": owner,
            "repositories": None if repository is None else [repository],
        }


class QuotaError(RateLimitedError):
    """The grant's quota for this hour is used up."""

    hint = "wait for the next hour, keep tokens for as long as they live, or ask for a larger quota"


class CrowdError(RateLimitedError):
    """Too many show wrong enrolment secrets at this moment."""

    hint = "try again; if it stays so, look in the broker's log for who shows wrong secrets"

    def __init__(self, *, retry_after: float) -> None:
        super().__init__("too many enrolment secrets are waiting", retry_after=retry_after)


class NoAppError(NotInstalledError):
    """This broker holds no App's key."""

    hint = "the fleet's operator sets GITLEASE_APP_ID and GITLEASE_PRIVATE_KEY_FILE"


class NotThereError(GitleaseError):
    """What a path names does not exist."""

    status = 404
    hint = "see /openapi.json for what there is"


class SlowClientError(GitleaseError):
    """A request's body did not arrive in time."""

    status = 408
    hint = "send the whole body at once"


class LateError(GitleaseError):
    """The time limit was over before there was an answer; what was begun may still happen."""

    status = 503
    hint = "try again; `gitlease broker check` tells what is slow"

    def __init__(self, limit: float) -> None:
        super().__init__(f"there was no answer within {limit:g} s")

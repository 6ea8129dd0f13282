"""What the OpenAPI description says of each route's errors: nothing comes that is not in it."""

from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPI

from gitlease.broker.problems import MEDIA_TYPE, Problem

SAID = {
    401: "No bearer, or not one for this door",
    403: "Outside the workspace's grants, or the App's",
    404: "Nothing there: no such workspace, App or installation",
    408: "The body did not arrive in time",
    409: "It exists already",
    413: "The body is larger than 64 KiB",
    415: "The body does not say that it is JSON",
    422: "A parameter or the body has no valid form",
    429: "A quota is used up; see Retry-After",
    500: "A defect",
    502: "GitHub's answer is of no use",
    503: "GitHub or the database is away; see Retry-After",
}
BODY = (408, 413, 415, 422)


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """Return the documentation of the errors with *statuses*."""
    return {
        status: ResponseSpec(
            data_container=Problem,
            description=SAID[status],
            media_type=MEDIA_TYPE,
            generate_examples=False,
        )
        for status in (*statuses, 503)
    }


def without_400(schema: OpenAPI) -> None:
    """Take back what the framework says of its own 400s, which leave as 422."""
    for item in (schema.paths or {}).values():
        for operation in (item.get, item.post, item.patch, item.delete):
            if operation is not None and operation.responses is not None:
                operation.responses.pop("400", None)

"""
A request whose body is JSON and says so.

A page in somebody's browser can send any other kind of body to a broker that it cannot reach itself
(a form, a text) without asking the broker first; and what the decoder chokes on is no defect.
"""

from typing import Any, Final

from litestar import Request
from litestar.exceptions import ClientException

from gitlease.model.errors import RequestError

_JSON: Final = "application/json"


class JsonRequest(Request[Any, Any, Any]):
    """Reads a body as JSON alone."""

    async def json(self) -> Any:
        """See `Request`; raise a 415 for another media type, `RequestError` for no JSON."""
        if self.content_type[0].strip().lower() != _JSON:
            raise ClientException(status_code=415)
        try:
            return await super().json()
        except (RecursionError, UnicodeError):
            # The decoder says so of what is nested too deeply, and of what is no UTF-8.
            raise RequestError("the body is no JSON", hint="send JSON in UTF-8") from None

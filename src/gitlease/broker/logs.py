"""
The log: one JSON object on one line of stderr for each event, redacted at the last moment.

Whatever logs, ours or a library, goes through the same handler; a trace never does, because its
message may hold what a database or a server was told.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any, Final

import structlog

from gitlease.model.redaction import printable

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_LONGEST: Final = 1000  # characters of one value


def configure() -> None:
    """Send everything that is logged in this process to stderr, from INFO on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso"),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redacted,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    # One line for every request to GitHub would drown what matters.
    for name in ("httpx", "httpx2", "httpcore", "httpcore2", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


def redacted(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Blot secrets out of every value of *event*, and leave a trace only its kind."""
    clean: dict[str, Any] = {}
    for name, value in event.items():
        if name in {"exc_info", "stack_info"}:
            if isinstance(value, tuple) and value[0] is not None:
                clean["error"] = value[0].__name__
            continue
        is_plain = isinstance(value, int | float | None)
        clean[name] = value if is_plain else printable(str(value), _LONGEST)
    return clean

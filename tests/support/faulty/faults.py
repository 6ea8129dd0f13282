"""Every fault that is made, by the name that the documents give it."""

from collections.abc import Mapping
from typing import Final

from tests.support.faulty.wire import Trouble

# Within the reply: so many bytes into it.
_WITHIN = 300

WIRES: Final[Mapping[str, Trouble]] = {
    "refused: nobody listens": Trouble(refuses=True),
    "dropped: no answer to a connection": Trouble(ignores=True),
    "silent: connected, and nothing more": Trouble(silent=True),
    "silent within the reply": Trouble(happens="silence", after=_WITHIN),
    "late: each piece a second": Trouble(delay=1.0),
    "trickling: 20 bytes a second": Trouble(rate=20.0),
    "reset at the first byte": Trouble(happens="reset"),
    "reset within the reply": Trouble(happens="reset", after=_WITHIN),
    "closed within the reply": Trouble(happens="end", after=_WITHIN),
    "corrupted": Trouble(happens="corrupt", after=_WITHIN),
}
NAMES: Final[Mapping[str, str]] = {
    "DNS: no answer": "silent",
    "DNS: the server fails": "fails",
    "DNS: no such name": "unknown",
}

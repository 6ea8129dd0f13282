"""Every fault that a wire of the tests can have, by the name that the documents give it."""

from collections.abc import Mapping
from typing import Final

from tests.support.wire import Trouble

FAULTS: Final[Mapping[str, Trouble]] = {
    "refused: nobody listens": Trouble(refuses=True),
    "dropped: no answer to a connection": Trouble(ignores=True),
    "silent: connected, then nothing": Trouble(silent=True),
    "slow: each piece a second late": Trouble(delay=1.0),
    "trickle: 20 bytes a second": Trouble(rate=20.0),
    "reset at the first byte": Trouble(happens="reset"),
    "reset within the reply": Trouble(happens="reset", after=1500),
    "closed within the reply": Trouble(happens="end", after=1500),
    "corrupted": Trouble(happens="corrupt", after=100),
}

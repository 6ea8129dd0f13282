"""One workspace that asks in a loop, by several connections, until it is told to stop."""

import contextlib
import http.client
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from tests.support.brokers import Broker


class Line:
    """A connection to *broker* that is kept."""

    def __init__(self, broker: Broker) -> None:
        at = urlsplit(broker.url)
        self._connection = http.client.HTTPConnection(str(at.hostname), at.port, timeout=30)

    def get(self, path: str, headers: Mapping[str, str]) -> int:
        """Ask, and return the status."""
        for _ in range(2):  # a kept connection may have been closed meanwhile
            try:
                self._connection.request("GET", path, headers=dict(headers))
                reply = self._connection.getresponse()
                reply.read()
            except (OSError, http.client.HTTPException):
                self._connection.close()
            else:
                return reply.status
        return 0

    def close(self) -> None:
        """End it."""
        self._connection.close()


@contextlib.contextmanager
def flood(
    broker: Broker, lines: int, path: Callable[[int], str], headers: Mapping[str, str]
) -> Iterator[Counter[int]]:
    """Ask for *path* of 0, 1, 2, … by so many *lines* at once; yield a count of the statuses."""
    over, numbers = threading.Event(), itertools.count()
    statuses: Counter[int] = Counter()

    def ask() -> None:
        line = Line(broker)
        while not over.is_set():
            statuses[line.get(path(next(numbers)), headers)] += 1
        line.close()

    threads = [threading.Thread(target=ask) for _ in range(lines)]
    for one in threads:
        one.start()
    try:
        yield statuses
    finally:
        over.set()
        for one in threads:
            one.join()


def timed(line: Line, path: str, headers: Mapping[str, str]) -> tuple[int, float]:
    """Ask once; return the status and the seconds that it took."""
    began = time.monotonic()
    return line.get(path, headers), time.monotonic() - began

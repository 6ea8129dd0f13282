"""How much memory a running broker has."""

import re
from pathlib import Path

from tests.support.brokers import Broker


def processes(broker: Broker) -> list[int]:
    """Return the numbers of its processes, the first one first."""
    pid = broker.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def resident(broker: Broker) -> int:
    """Return the resident memory of all of its processes, in KiB."""
    found = 0
    for pid in processes(broker):
        status = Path(f"/proc/{pid}/status").read_text()
        found += int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0])
    return found

"""
What an operator watches, in Prometheus' text form.

Labels come from short lists of ours, never from a request: a stranger could fill the memory
otherwise.  With several workers each sums up what all have written (PROMETHEUS_MULTIPROC_DIR).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, get_args

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from gitlease.broker.minters.minted import Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitlease.github.client import AppClient

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The counters of one process; *clients* are asked for GitHub's rate budget at each reading."""

    def __init__(self, clients: Sequence[AppClient] = ()) -> None:
        self._registry = CollectorRegistry()
        self._clients = clients
        self._leases = Counter(
            "gitlease_leases", "Leases handed out", ["source"], registry=self._registry
        )
        self._problems = Counter(
            "gitlease_problems", "Errors answered", ["type"], registry=self._registry
        )
        self._seconds = Histogram(
            "gitlease_request_seconds",
            "Time of a request",
            ["status"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        # Looked up once: to find a labelled counter takes longer than to count.
        self._sources = {one: self._leases.labels(one) for one in get_args(Origin)}
        self._statuses = {first: self._seconds.labels(f"{first}xx") for first in range(1, 6)}
        self._budget = Gauge(
            "gitlease_github_budget_remaining",
            "What is left of GitHub's rate limit for the App's own calls",
            ["app"],
            registry=self._registry,
            multiprocess_mode="mostrecent",
        )

    def leased(self, source: str) -> None:
        """Count a lease from `memory`, `store` or `mint`."""
        self._sources[source].inc()

    def problem(self, slug: str) -> None:
        """Count an error by the last word of its type."""
        self._problems.labels(slug).inc()

    def answered(self, status: int, seconds: float) -> None:
        """Count a reply and how long it took."""
        self._statuses[status // 100].observe(seconds)

    def text(self) -> bytes:
        """Return all of it, in the form that `CONTENT_TYPE` names."""
        for client in self._clients:
            if client.budget is not None:
                self._budget.labels(client.app_id).set(client.budget.remaining)
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry)
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        return generate_latest(shared)

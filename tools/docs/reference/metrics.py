"""Every metric, from the registry that is served."""

from __future__ import annotations

from prometheus_client import Counter
from prometheus_client.metrics import MetricWrapperBase

from gitlease.broker.metrics import Metrics
from tools.docs.reference.tables import code, table


def metrics() -> str:
    """Return a row for each metric, under the name by which it is read."""
    found = [one for one in vars(Metrics()).values() if isinstance(one, MetricWrapperBase)]
    return table(
        ["metric", "type", "labels", "what"],
        [
            (
                code(one._name + ("_total" if isinstance(one, Counter) else "")),
                str(one._type),
                ", ".join(code(name) for name in one._labelnames),
                one._documentation,
            )
            for one in found
        ],
    )

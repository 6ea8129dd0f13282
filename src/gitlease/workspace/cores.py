"""Leave no core dump of a process that knows a token or a key."""

from __future__ import annotations


def forbid() -> int:
    """Let this process and what it starts leave no core dump; return the limit (bytes) before."""
    import resource  # noqa: PLC0415 - not needed where nothing secret is read

    before, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))
    return before


def allow(limit: int) -> None:
    """Give back the *limit* that `forbid` has taken, to a process that becomes another program."""
    import resource  # noqa: PLC0415 - as above

    resource.setrlimit(resource.RLIMIT_CORE, (limit, resource.getrlimit(resource.RLIMIT_CORE)[1]))

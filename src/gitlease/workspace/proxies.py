"""
Which proxy a URL goes through, by the variables that curl, git and gh read too.

Source: curl(1), "Environment": lower case wins, and HTTP_PROXY in upper case is not read, because
a CGI request header can set it (CVE-2016-5385).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def proxy_for(env: Mapping[str, str], scheme: str, host: str) -> str | None:
    """Return the URL of the proxy that *env* names for *host*, or None to connect directly."""
    if _is_excepted(env.get("no_proxy") or env.get("NO_PROXY") or "", host):
        return None
    names = ["https_proxy", "HTTPS_PROXY"] if scheme == "https" else ["http_proxy"]
    for name in [*names, "all_proxy", "ALL_PROXY"]:
        if env.get(name):
            return env[name]
    return None


def _is_excepted(exceptions: str, host: str) -> bool:
    if exceptions.strip() == "*":
        return True
    for item in exceptions.replace(",", " ").split():
        suffix = item.lower().lstrip("*").lstrip(".").partition(":")[0]
        if suffix and (host == suffix or host.endswith("." + suffix)):
            return True
    return False

"""
Which proxy an https URL goes through, by the variables that curl, git and gh read too.

Source: curl(1), "Environment": lower case wins.  Plain http is for a network of one's own, and goes
through no proxy: `http_proxy` and `HTTP_PROXY` are not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from gitlease.model.errors import SettingsError
from gitlease.model.redaction import printable

if TYPE_CHECKING:
    from collections.abc import Mapping


def proxy_for(env: Mapping[str, str], host: str, port: int) -> str | None:
    """
    Return the URL of the proxy that *env* names for https to *host*, or None to connect directly.

    *host* is a name or an address without brackets.
    """
    exceptions = env.get("no_proxy") or env.get("NO_PROXY") or ""
    host = host.lower().rstrip(".")
    if any(_excepts(item, host, port) for item in exceptions.lower().replace(",", " ").split()):
        return None
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        if env.get(name):
            return env[name]
    return None


def _excepts(item: str, host: str, port: int) -> bool:
    """Tell whether *item* of NO_PROXY is `*`, *host*, a domain or a network that it is in."""
    if item == "*":
        return True
    name, only_port = _split_port(item)
    if only_port and only_port != str(port):
        return False
    name = name.removeprefix("*").strip(".")
    if _is_address(host):
        return _holds_address(name, host)
    return bool(name) and (host == name or host.endswith("." + name))


def _split_port(item: str) -> tuple[str, str]:
    if item.startswith("["):
        name, _, rest = item[1:].partition("]")
        return name, rest.removeprefix(":")
    if item.count(":") > 1:  # an IPv6 address or network without brackets
        return item, ""
    name, _, port = item.partition(":")
    return name, port


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _holds_address(network: str, address: str) -> bool:
    import ipaddress  # noqa: PLC0415 - hardly anybody reaches GitHub by a number

    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def read_proxy(proxy: str) -> tuple[SplitResult, dict[str, str]]:
    """Return the proxy's URL and the headers that it wants; raise `SettingsError` for a bad one."""
    import base64  # noqa: PLC0415 - only where there is a proxy

    hint = "set HTTPS_PROXY to http://host:port"
    try:
        via = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        _ = via.port
    except ValueError:
        raise SettingsError("the proxy's URL cannot be read", hint=hint) from None
    if via.scheme != "http" or not via.hostname:
        kind = f"{printable(via.scheme)}://{printable(via.hostname or '')}"
        raise SettingsError(f"the proxy {kind} is of a kind that is not supported", hint=hint)
    if via.username is None:
        return via, {}
    pair = f"{unquote(via.username)}:{unquote(via.password or '')}"
    return via, {"Proxy-Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}

"""
Cut a list into pages, as "Using pagination in the REST API" in GitHub's docs says.

`per_page` is 30 unless asked and at most 100; a number that is none counts as absent.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlencode

T = TypeVar("T")

DEFAULT, MAXIMUM = 30, 100


def page(
    items: Sequence[T], query: Mapping[str, str], url: str
) -> tuple[Sequence[T], dict[str, str]]:
    """
    Return the page of *items* that *query* asks for, and the `Link` header if there are others.

    *url* is the list's address without a query; other parameters of *query* are kept in links.
    """
    per_page = min(_number(query, "per_page", DEFAULT), MAXIMUM)
    number = _number(query, "page", 1)
    last = max(1, -(-len(items) // per_page))
    targets: dict[str, int] = {}
    if number > 1:
        targets |= {"prev": min(number - 1, last), "first": 1}
    if number < last:
        targets |= {"next": number + 1, "last": last}
    links = [
        f'<{url}?{urlencode({**query, "page": target})}>; rel="{rel}"'
        for rel, target in targets.items()
    ]
    shown = items[(number - 1) * per_page : number * per_page]
    return shown, {"Link": ", ".join(links)} if links else {}


def _number(query: Mapping[str, str], key: str, default: int) -> int:
    text = query.get(key, "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    return number or default

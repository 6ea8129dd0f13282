"""Lists come in pages whose links lead to every item once."""

import re

import pytest

from gitlease.emulator.paging import page

URL = "https://api.github.com/list"
ITEMS = list(range(75))


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({}, ITEMS[:30]),
        ({"page": "3"}, ITEMS[60:]),
        ({"page": "4"}, []),
        ({"per_page": "100"}, ITEMS),
        ({"per_page": "1000"}, ITEMS),
        ({"per_page": "50", "page": "2"}, ITEMS[50:]),
        ({"per_page": "0", "page": "0"}, ITEMS[:30]),
        ({"per_page": "-1", "page": "x"}, ITEMS[:30]),
        ({"per_page": "٣"}, ITEMS[:30]),
    ],
)
def test_a_page_is_30_unless_asked_and_at_most_100(query: dict[str, str], shown: list[int]) -> None:
    assert list(page(ITEMS, query, URL)[0]) == shown


def test_following_next_gives_every_item_once() -> None:
    query, seen = {"per_page": "20", "sort": "a b"}, list[int]()
    while True:
        shown, headers = page(ITEMS, query, URL)
        seen += shown
        following = re.search(r'<[^>]*[?&]page=(\d+)[^>]*>; rel="next"', headers.get("Link", ""))
        if following is None:
            break
        query["page"] = following[1]
    assert seen == ITEMS


def test_links_keep_the_query_and_name_their_places() -> None:
    link = page(ITEMS, {"per_page": "30", "page": "2"}, URL)[1]["Link"]
    assert re.findall(r'rel="(\w+)"', link) == ["prev", "first", "next", "last"]
    assert f"<{URL}?per_page=30&page=3>" in link


def test_one_page_needs_no_link() -> None:
    assert page(ITEMS[:30], {}, URL)[1] == {}

"""What the reference has from the code is what the code says today; `make reference` writes it."""

from pathlib import Path

import pytest

from tools.docs.reference.pages import FOLDER, PARTS, made, parts_of

PAGES = sorted(FOLDER.glob("*.md"))


@pytest.mark.enable_socket  # the description is made by a broker that is opened, and serves nobody
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_is_what_the_code_makes(page: Path) -> None:
    assert made(page.read_text("utf-8")) == page.read_text("utf-8")


def test_every_part_is_on_a_page_once() -> None:
    found = [name for page in PAGES for name in parts_of(page.read_text("utf-8"))]
    assert sorted(found) == sorted(PARTS)

"""A platform's page shows the example file itself, and no example has a secret in an image."""

import re

import pytest

from tests.support.environment import CHECKOUT

PAGES = ("docker", "kubernetes", "devcontainer", "actions", "systemd")
EXAMPLES = {file.name: file.read_text() for file in (CHECKOUT / "examples").iterdir()}
BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)


def blocks(page: str) -> list[tuple[str, str, str]]:
    return BLOCK.findall((CHECKOUT / f"docs/howto/{page}.md").read_text())


@pytest.mark.parametrize("page", PAGES)
def test_a_block_is_an_example_or_is_played(page: str) -> None:
    """What a reader copies is the file that the tests run; commands are played by its flow."""
    for indent, kind, text in blocks(page):
        # A block within a list is none that is looked for by those who play.
        assert not indent, text
        assert kind == "console" or text in EXAMPLES.values(), text
    assert (CHECKOUT / f"tests/flows/howto/test_{page}.py").is_file()


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_is_shown_where_it_is_linked(name: str) -> None:
    shown = [page for page in PAGES if EXAMPLES[name] in [text for *_, text in blocks(page)]]
    assert len(shown) == 1
    text = (CHECKOUT / f"docs/howto/{shown[0]}.md").read_text()
    assert f"[{name}](../../examples/{name})" in text


def test_no_secret_is_in_what_an_image_is_built_from() -> None:
    assert not re.search(r"^(COPY|ADD|ARG|ENV)\b", EXAMPLES["Dockerfile"], re.MULTILINE)
    assert "args:" not in EXAMPLES["compose.yaml"]

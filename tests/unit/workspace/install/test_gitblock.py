"""Our include in somebody's config: after everything else, and gone without a trace."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gitlease.workspace.install.gitblock import with_include, without_include

OWN = Path('/home/o "q" \\b/gitconfig')
LINES = st.sampled_from(
    [
        "# gitlease begin",
        "# gitlease begin (new file)",
        "# gitlease end",
        "[include]",
        "\tpath = /x",
        "[user]",
        "\tname = a\\",
        "",
        "\r",
        "\ufeff",
        "\udcff",
    ]
)


def has_block(text: str) -> bool:
    return without_include(text) != text


TEXTS = (st.text() | st.lists(LINES).map("\n".join)).filter(lambda text: not has_block(text))


@given(TEXTS, st.booleans())
def test_what_was_there_comes_back_byte_for_byte(text: str, existed: bool) -> None:
    assert without_include(with_include(text, OWN, existed=existed)) == text


@given(TEXTS)
def test_the_include_stands_after_everything_else(text: str) -> None:
    assert with_include(text, OWN, existed=True).startswith(text)


@given(TEXTS, TEXTS)
def test_what_others_append_later_stays(text: str, later: str) -> None:
    text += "\n"
    assert without_include(with_include(text, OWN, existed=True) + later) == text + later


@given(TEXTS)
def test_a_second_include_is_the_first_one(text: str) -> None:
    once = with_include(text, OWN, existed=True)
    assert with_include(without_include(once), OWN, existed=True) == once


def test_lines_that_others_put_into_our_section_stay() -> None:
    text = with_include("[user]\n\tname = a\n", OWN, existed=True)
    grown = text.replace("# gitlease end", "\tpath = /theirs\n# gitlease end")
    assert without_include(grown) == "[user]\n\tname = a\n[include]\n\tpath = /theirs\n"


def test_a_block_that_lost_its_end_takes_nothing_with_it() -> None:
    broken = with_include("", OWN, existed=True).replace("# gitlease end\n", "[user]\n\tname = a\n")
    assert without_include(with_include(broken, OWN, existed=True)) == broken

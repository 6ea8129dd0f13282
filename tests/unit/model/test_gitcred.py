"""git's lines are read as git writes them, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlease.model import gitcred
from gitlease.model.gitcred import MAX_LINE, MAX_LINES, Attributes, MalformedError, parse

ONCE = [b"protocol", b"host", b"path", b"username"]
KEYS = st.sampled_from([*ONCE, b"password", b"oauth_refresh_token", b"anything"])
VALUES = st.binary(max_size=40).map(lambda v: bytes(b for b in v if b >= 0x20 and b != 0x7F))


@given(st.dictionaries(KEYS, VALUES), st.binary())
def test_what_was_written_is_read_up_to_the_blank_line(
    plain: dict[bytes, bytes], after: bytes
) -> None:
    data = b"".join(key + b"=" + value + b"\n" for key, value in plain.items())
    for ending in (b"", b"\n", b"\n" + after):
        found = parse(data + ending)
        assert {key: found.one(key) for key in plain} == plain


@given(st.binary() | st.text(st.sampled_from("ahost=\n\r\0:[]%")).map(str.encode))
def test_any_bytes_are_read_or_refused_and_never_break_us(data: bytes) -> None:
    try:
        found = parse(data)
    except MalformedError:
        return
    assert isinstance(found, Attributes)


@given(st.binary(), st.sampled_from([*range(0x20), 0x7F]))
def test_a_control_byte_is_refused_wherever_it_stands(value: bytes, control: int) -> None:
    value = value.replace(b"\n", b"")
    if control == 0x0A:
        return
    with pytest.raises(MalformedError):
        parse(b"host=" + value + bytes([control]) + b"\n\n")


@pytest.mark.parametrize("key", ONCE)
def test_a_repeated_key_is_refused_even_with_the_same_value(key: bytes) -> None:
    with pytest.raises(MalformedError):
        parse(key + b"=a\nother=b\n" + key + b"=a\n")


@pytest.mark.parametrize(
    "data",
    [
        b"host=github.com\rprotocol=https\n",
        b"host=github.com\r\n",
        b"url=https://github.com\n",
        b"host\n",
        b"host=github.com\nno equals sign\n",
    ],
)
def test_lines_that_git_does_not_send_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse(data)


def test_gits_own_limits_hold_to_the_byte_and_to_the_line() -> None:
    line = b"wwwauth[]=" + b"a" * (MAX_LINE - 10)
    assert parse(line + b"\n").many(b"wwwauth[]") == [b"a" * (MAX_LINE - 10)]
    with pytest.raises(MalformedError):
        parse(line + b"a\n")
    assert parse(b"a=b\n" * MAX_LINES).one(b"a") == b"b"
    with pytest.raises(MalformedError):
        parse(b"a=b\n" * (MAX_LINES + 1))


def test_bytes_beyond_ascii_are_values_like_others() -> None:
    assert parse(b"username=J\xc3\xb6rg\xff\x85\n").one(b"username") == b"J\xc3\xb6rg\xff\x85"


def test_an_equals_sign_belongs_to_the_value() -> None:
    assert parse(b"path=a=b=c\n").one(b"path") == b"a=b=c"


def test_an_empty_value_clears_a_list() -> None:
    found = parse(b"capability[]=authtype\ncapability[]=\ncapability[]=state\nstate[]=x:1\n")
    assert found.many(b"capability[]") == [b"state"]
    assert found.knows_state
    assert found.state is None


def test_only_our_own_state_is_ours() -> None:
    found = parse(b"state[]=other:1\nstate[]=gitlease:abc=\nstate[]=other:2\n")
    assert found.state == b"abc="
    assert not found.knows_state


def test_a_request_is_never_shown_with_its_values() -> None:
    assert "ghs_x" not in repr(parse(b"host=ghs_x\npassword=ghs_x\nstate[]=ghs_x\n"))


@given(st.dictionaries(KEYS, VALUES.filter(bool), min_size=1), st.data())
def test_a_request_is_whole_at_its_blank_line_and_not_before(
    plain: dict[bytes, bytes], data: st.DataObject
) -> None:
    lines = b"".join(key + b"=" + value + b"\n" for key, value in plain.items())
    cut = data.draw(st.integers(0, len(lines)))
    assert not gitcred.ended(lines[:cut])
    assert gitcred.ended(lines + b"\n")


def test_a_part_that_begins_with_a_line_end_is_no_whole_request() -> None:
    assert not gitcred.ended(b"\nhost=github.com\n")


def test_an_answer_is_what_git_reads() -> None:
    assert gitcred.answer("u", "p", 12) == b"username=u\npassword=p\npassword_expiry_utc=12\n\n"
    assert gitcred.answer("u", "p", None) == b"username=u\npassword=p\n\n"
    assert gitcred.answer("u", "p", 12, state="abc=") == (
        b"capability[]=state\nusername=u\npassword=p\npassword_expiry_utc=12\n"
        b"state[]=gitlease:abc=\ncontinue=1\n\n"
    )


def test_our_own_answer_is_a_request_that_we_understand() -> None:
    found = parse(gitcred.answer("u", "p", 12, state="abc="))
    assert (found.one(b"username"), found.one(b"password")) == (b"u", b"p")
    assert (found.state, found.knows_state) == (b"abc=", True)

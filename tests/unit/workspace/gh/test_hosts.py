"""One host's block of hosts.yml is written as gh reads it, and every other byte stays."""

import random
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gitlease.workspace.gh import hosts
from gitlease.workspace.gh.block_yaml import UnreadableError, with_version

HOST = "github.com"
BOT = "acme-bot[bot]"
TOKEN = "ghs_12345_eyJh.bGci-O_iJ"
LOGIN = {
    "user": BOT,
    "oauth_token": TOKEN,
    "git_protocol": "https",
    "users": {BOT: {"oauth_token": TOKEN}},
}

# How others write the same things: gh of today, gh of long ago, persons.
TODAY = f"""\
{HOST}:
    git_protocol: https
    users:
        {BOT}:
            oauth_token: ghs_old
    user: {BOT}
    oauth_token: ghs_old
"""
PERSONS = """\
# kept by hand
"ghe.example.com": # ours
  user:   "mona"
  # never commit
  oauth_token: 'gho_it''s'


ghe.example.com:8443:
        users:
            x: {}
"""


def login(text: str, user: str = BOT, token: str = TOKEN, host: str = HOST) -> str:
    return hosts.with_login(text, host, user, token)


def read(text: str) -> Any:
    return yaml.safe_load(text)


@pytest.mark.parametrize("text", ["", "{}\n", "{}", "# nobody\n", "---\n", "---", "\n\n", "# c"])
def test_a_file_without_a_host_gets_our_login(text: str) -> None:
    assert read(login(text)) == {HOST: LOGIN}
    assert hosts.login_of(login(text), HOST) == hosts.Login(BOT, TOKEN)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("cut", [0, 1])
def test_what_a_person_wrote_around_it_stays_byte_for_byte(end: str, cut: int) -> None:
    others = PERSONS.replace("\n", end)
    others = others[: len(others) - cut * len(end)]
    for text in (others, TODAY.replace("\n", end) + others):
        written = login(text)
        assert written.endswith(others)
        assert read(written) == read(others) | {HOST: LOGIN}
    between = others + (end if cut else "") + TODAY.replace("\n", end) + "# the end"
    assert login(between).startswith(others)
    assert login(between).endswith(f"{end}# the end")
    assert read(login(between)) == read(others) | {HOST: LOGIN}


def test_a_second_writing_changes_nothing() -> None:
    for text in ("", TODAY, PERSONS, PERSONS + TODAY):
        assert login(login(text)) == login(text)


def test_settings_of_the_host_and_further_persons_stay() -> None:
    text = f"""\
{HOST}:
  editor: vim
  git_protocol: ssh # I have keys
  user: old[bot]
  users:
    mona:
      oauth_token: gho_mona
    old[bot]:
      oauth_token: ghs_dead
  oauth_token: ghs_dead
"""
    found = read(login(text))[HOST]
    assert (found["editor"], found["git_protocol"]) == ("vim", "ssh")
    assert found["users"] == {BOT: {"oauth_token": TOKEN}, "mona": {"oauth_token": "gho_mona"}}
    assert (found["user"], found["oauth_token"]) == (BOT, TOKEN)


@pytest.mark.parametrize("token", ["12345", "null", "it's", "a: b", "ghs_x#y", "&a", "1e3", "-"])
def test_a_token_of_any_kind_is_read_as_it_is(token: str) -> None:
    assert read(login("", token=token))[HOST]["oauth_token"] == token


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("", False),
        (TODAY, False),
        (f"{HOST}:\n  editor: vim\n", False),
        (f"{HOST}:\n  user: mona\n", True),
        (f"{HOST}:\n  user: mona\n  oauth_token: ghs_hers\n", True),
        (f"{HOST}:\n  user: {BOT}\n  oauth_token: ghp_hers\n", True),
        (f"{HOST}:\n  oauth_token: gho_old\n", True),
        ("ghe.example.com:\n  user: mona\n", False),
        (f"'{HOST}':\n  'user': 'mona'\n", True),
    ],
)
def test_a_persons_login_is_told_from_an_apps(text: str, person: bool) -> None:
    assert hosts.login_of(text, HOST).is_an_apps is not person


def test_a_login_does_not_show_its_token() -> None:
    assert "ghs_" not in repr(hosts.login_of(TODAY, HOST))


UNREADABLE = [
    f"{HOST}: {{user: mona}}\n",
    f"{HOST}: &a\n  user: mona\n",
    f"x: *a\n{HOST}:\n  user: mona\n",
    f'x: "two\n{HOST}: lines"\n',
    f"x: 'two\n{HOST}: lines'\n",
    f"x:\n  - [a,\n{HOST}: b]\n",
    f"  {HOST}:\n    user: mona\n",
    f"{HOST}:\n\tuser: mona\n",
    f"{HOST}:\n  user: a\n{HOST}:\n  user: b\n",
    f"{HOST}:\n  user: a\n  user: b\n",
    "--- x\n",
    "a: b\n...\nb: c\n",
    "a: b\n---\nb: c\n",
    "%YAML 1.1\n---\na: b\n",
    "- a\n",
    f"? {HOST}\n: b\n",
    f"# a\r{HOST}:\n",
    f"# a\N{NEXT LINE}{HOST}:\n",
    f"# a\N{LINE SEPARATOR}{HOST}:\n",
    f"\N{ZERO WIDTH NO-BREAK SPACE}{HOST}:\n",
    "\N{NO-BREAK SPACE}",
    f"\N{EN QUAD}\n{HOST}:\n",
    f"{HOST}:\n  user: mona\N{IDEOGRAPHIC SPACE}\n",
    f"{HOST}:\n    a: b\n  c: d\n",
    "text\n",
]


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_only_a_yaml_reader_understands_is_not_touched(text: str) -> None:
    with pytest.raises(UnreadableError):
        login(text)


def test_what_was_there_comes_back() -> None:
    for former in (
        None,
        f"{HOST}:\n",
        f"{HOST}: {{}}\n",
        f"{HOST}:\n    # mine\n    editor: vim # x",
        TODAY,
        f"'{HOST}':\n user: 'old[bot]'\n oauth_token: ghs_x\n users:\n  mona:\n   oauth_token: g\n",
    ):
        for others in ("", PERSONS):
            text = others + (former or "")
            undone = hosts.without_login(login(login(text), token="ghs_later"), HOST, former)
            assert undone == text


def test_what_was_set_since_then_outlives_us() -> None:
    text = login(PERSONS).replace("    git_protocol: https\n", "    git_protocol: ssh\n    a: b\n")
    undone = read(hosts.without_login(text, HOST, None))
    assert undone == read(PERSONS) | {HOST: {"git_protocol": "ssh", "a": "b"}}
    formerly = f"{HOST}:\n    editor: vim\n"
    text = login(formerly).replace("editor: vim", "editor: nano")
    assert hosts.without_login(text, HOST, formerly) == f"{HOST}:\n    editor: nano\n"
    assert hosts.without_login(PERSONS, HOST, formerly) == PERSONS
    formerly = f"{HOST}:\n    git_protocol: https\n    editor: vim"
    text = login(formerly)
    assert hosts.without_login(text + PERSONS, HOST, formerly) == f"{formerly}\n{PERSONS}"
    text = text.replace("editor: vim", "editor: nano")
    assert hosts.without_login(text, HOST, formerly) == f"{formerly}\n".replace("vim", "nano")


def test_an_end_of_file_that_comes_to_stand_in_the_middle_is_an_end_of_a_line() -> None:
    mona = "  users:\n    mona:\n      oauth_token: gho\n"
    text = f"{HOST}:\n  oauth_token: ghs_x\n{mona}  editor: vim"
    assert hosts.without_login(text, HOST, None) == f"{HOST}:\n  editor: vim\n{mona}"


@pytest.mark.parametrize(
    "text", ["", "{}\n", "# c\n", "editor: vim", "aliases:\n  co: pr checkout\n"]
)
def test_config_gets_a_version_once(text: str) -> None:
    written = with_version(text)
    assert read(written) == {"version": "1", **(read(text) or {})}
    assert with_version(written) == written
    assert with_version("a: b\nversion: 1\n") == "a: b\nversion: 1\n"


NAMES = st.sampled_from(["ghe.example.com", "a.ghe.com", "localhost:8443", "www.github.com", "x y"])
SCALARS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["gho_a", "mona", "yes", "# no", "a: b", "- a", f"\n{HOST}:\n", "'", '"', ""]),
    st.integers(),
    st.none(),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.dictionaries(st.sampled_from(["user", "users", "é"]), inner, max_size=3)
        | st.lists(inner, max_size=2)
    ),
    max_leaves=6,
)
FILES = st.dictionaries(NAMES, VALUES, max_size=3)


@st.composite
def written_by_others(draw: st.DrawFn) -> str:
    """Return a hosts.yml as some program or person may have written it."""
    parts = [
        yaml.safe_dump(
            {name: value},
            indent=draw(st.integers(2, 5)),
            default_flow_style=draw(st.sampled_from([False, False, False, None])),
            default_style=draw(st.sampled_from([None, None, '"', "'"])),
            allow_unicode=draw(st.booleans()),
            width=draw(st.sampled_from([20, 10_000])),
        )
        for name, value in draw(FILES).items()
    ]
    if draw(st.booleans()):
        parts.append(draw(st.sampled_from([TODAY, f"{HOST}:\n", f'"{HOST}":\n editor: vi # x\n'])))
    random.Random(draw(st.integers(0, 99))).shuffle(parts)
    remark = st.sampled_from(["", "\n", "# a comment\n", f"# {HOST}:\n", "   # deep\n"])
    text = "".join(draw(remark) + part for part in parts) + draw(remark)
    if draw(st.booleans()):
        text = text.replace("\r", "").replace("\n", "\r\n")
    return text.rstrip("\r\n") if draw(st.booleans()) else text


@given(written_by_others())
@example("")
@example("   # deep\n")
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_file_is_changed_in_our_block_alone_or_not_at_all(text: str) -> None:
    try:
        written = login(text)
    except UnreadableError:
        return
    before = read(text) or {}
    after = read(written)
    ours = after.pop(HOST)
    former = before.pop(HOST, None) or {}
    assert after == before
    assert ours == former | LOGIN
    block = hosts.block_of(text, HOST)
    undone = hosts.without_login(written, HOST, block)
    if hosts.has_hosts(text):
        assert undone == text
    else:
        # All of it is kept beside the login, since no host means no secret.
        assert read(undone) is None
        assert set(undone.split()) == set(text.split()) - {"{}"}


def test_most_files_are_not_too_hard() -> None:
    """The property above would hold for a reader that gives up at once."""
    for text in (
        TODAY,
        PERSONS,
        "a:\n    b: |\n        text\n    c:\n        - d\n        - 'e'\n",
    ):
        assert hosts.has_hosts(text)

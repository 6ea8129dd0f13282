"""The sh program and the Python path answer any request alike, under each shell."""

import json
import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import (
    HealthCheck,
    example,
    given,
)
from hypothesis import (
    settings as hypothesis_settings,
)
from hypothesis import (
    strategies as st,
)

from gitlease.model.tokens import Secret, Token
from gitlease.workspace import clocks
from gitlease.workspace.cache import Cache
from gitlease.workspace.helper import Helper
from gitlease.workspace.settings import Settings
from gitlease.workspace.shell import templates
from tests.support.environment import missing

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/credential_get.json").read_text())
SHELLS = {"dash": ["dash"], "bash": ["bash", "--posix"], "busybox": ["busybox", "sh"]}


@dataclass(frozen=True)
class Pair:
    """The sh program under one shell, and the Python helper over the same cache."""

    shell: list[str]
    program: Path
    settings: Settings

    def through_sh(self, data: bytes) -> tuple[bytes, bytes | None]:
        """Return what sh printed, and what it handed to Python, or None."""
        handed = self.program.with_name("handed")
        handed.unlink(missing_ok=True)
        ran = subprocess.run(
            [*self.shell, self.program, "get"],
            input=data,
            capture_output=True,
            timeout=30,
            check=False,
        )
        assert (ran.returncode, ran.stderr) == (0, b"")
        return ran.stdout, handed.read_bytes() if handed.exists() else None

    def answer(self, data: bytes) -> bytes:
        """Return what git reads in the end, whoever wrote it."""
        printed, handed = self.through_sh(data)
        return printed if handed is None else self.python(handed)

    def python(self, data: bytes) -> bytes:
        """Return what the Python path answers to *data* alone."""
        return Helper(self.settings, {}, sleep=lambda _: None).get(data)[0]

    def put(self, name: str, *, for_all: bool = False, life: float = 3600.0) -> Token:
        """Put a token that tells its name into the cache."""
        now = time.time()
        secret = Secret("ghs_" + re.sub("[^a-z]", "_", name) + "x" * 36)
        token = Token(secret, now + life, now, lifetime=life, source="test")
        Cache(self.settings).put(name, token, clocks.read(), for_all=for_all)
        return token


@pytest.fixture(params=sorted(SHELLS), scope="module")
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    shell = SHELLS[request.param]
    if shutil.which(shell[0]) is None:
        missing(f"{shell[0]} is not installed")
    home = tmp_path_factory.mktemp("home") / "state of 'ours'"
    home.mkdir(mode=0o700)
    settings = Settings(home, app_slug="demo")
    stub = home / "python"
    # In Python's place: it keeps what it was handed.
    stub.write_text(f'#!/bin/sh\nenv >"{home}/environment"\ncat >"{home}/handed"\n')
    stub.chmod(0o700)
    program = home / "helper"
    program.write_text(templates.credential_helper(settings, python=str(stub), main=stub))
    made = Pair(shell, program, settings)
    made.put("github.com", for_all=False)
    made.put("github.com~acme", for_all=True)
    made.put("github.com~acme~secret")
    made.put("github.com~other~narrow")
    return made


def ask(path: str | None = None, **more: str) -> bytes:
    lines = {"protocol": "https", "host": "github.com", **({"path": path} if path else {}), **more}
    return "".join(f"{key}={value}\n" for key, value in lines.items()).encode() + b"\n"


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_vector_is_answered_as_it_says_by_both(pair: Pair, vector: dict[str, str]) -> None:
    data = vector["stdin"].encode()
    expected = vector["expect"] == "answer"
    assert (b"\npassword=ghs_" in b"\n" + pair.answer(data)) == expected
    assert (b"\npassword=ghs_" in b"\n" + pair.python(data)) == expected
    if not expected:
        assert (pair.answer(data), pair.python(data)) == (b"", b"")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("", "github.com"),
        ("acme", "github.com~acme"),
        ("acme/", "github.com~acme"),
        ("acme/app", "github.com~acme"),
        ("acme/app.git", "github.com~acme"),
        ("ACME/App.git/", "github.com~acme"),
        ("acme/app.git/info/lfs", "github.com~acme"),
        ("acme/app/info/lfs/objects/batch", "github.com~acme"),
        ("acme/secret.git", "github.com~acme~secret"),
        ("acme/SECRET.git/info/lfs", "github.com~acme~secret"),
        ("acme/secret.wiki.git", "github.com~acme~secret"),
        ("acme/secret.wiki", "github.com~acme~secret"),
        ("other/narrow", "github.com~other~narrow"),
    ],
)
def test_a_path_reaches_the_most_specific_record_without_python(
    pair: Pair, path: str, name: str
) -> None:
    """LFS, wiki, upper case and trailing slashes all reach the right record."""
    token = Cache(pair.settings).read(name)
    assert token is not None
    printed, handed = pair.through_sh(ask(path))
    assert handed is None
    assert f"password={token.token.secret.reveal()}\n".encode() in printed
    assert printed == pair.python(ask(path))


@pytest.mark.parametrize("path", ["other/app", "other", "acme/..", "acme/.git", "-x/app", "é/x"])
def test_a_narrow_record_is_not_stretched_to_another_scope(pair: Pair, path: str) -> None:
    """What no record covers is never answered from one: it goes to Python, or to nobody."""
    printed, _ = pair.through_sh(ask(path))
    assert printed == b""
    assert b"password" not in pair.python(ask(path))


def test_a_git_that_knows_state_is_asked_to_come_back(pair: Pair) -> None:
    """The second chance: capability, state and continue, and only if git announced it."""
    token = Cache(pair.settings).read("github.com~acme")
    assert token is not None
    data = b"capability[]=authtype\ncapability[]=state\n" + ask("acme/app")
    printed, handed = pair.through_sh(data)
    lines = printed.decode().split("\n")
    assert lines[0] == "capability[]=state"
    assert lines[-4:] == [f"state[]=gitlease:{token.token.fingerprint}", "continue=1", "", ""]
    assert (handed, printed) == (None, pair.python(data))


def test_a_git_that_comes_back_is_handed_to_python(pair: Pair) -> None:
    """Our own state in a request says that the token was refused: never the same again."""
    data = b"capability[]=state\nstate[]=gitlease:abc\n" + ask("acme/app")
    printed, handed = pair.through_sh(data)
    assert printed == b""
    assert handed is not None
    assert b"state[]=gitlease:abc\n" in handed


def test_no_secret_is_handed_on(pair: Pair) -> None:
    data = b"password=ghs_canary\noauth_refresh_token=ghr_canary\n" + ask("unknown/app")
    _, handed = pair.through_sh(data)
    assert handed == ask("unknown/app")


@pytest.mark.parametrize("action", ["store", "", "frobnicate"])
def test_what_is_not_ours_to_do_prints_nothing(pair: Pair, action: str) -> None:
    ran = subprocess.run(
        [*pair.shell, pair.program, action], input=ask(), capture_output=True, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")


def test_the_capability_is_announced(pair: Pair) -> None:
    ran = subprocess.run(
        [*pair.shell, pair.program, "capability"], capture_output=True, check=False
    )
    assert ran.stdout == b"version 0\ncapability state\n"


def test_without_its_interpreter_it_says_so_in_one_line(pair: Pair, tmp_path: Path) -> None:
    program = tmp_path / "helper"
    text = templates.credential_helper(
        replace(pair.settings, home=tmp_path), python="/gone", main=Path("main")
    )
    program.write_text(text)
    ran = subprocess.run(
        [*pair.shell, program, "get"], input=ask("acme/app"), capture_output=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (0, b"quit=1\n\n")
    assert ran.stderr.decode() == (
        "gitlease: no token for github.com: /gone or main is gone; install gitlease again and run "
        "`gitlease install`\n"
    )


@pytest.mark.parametrize("lines", [999, 1000, 1001])
def test_a_request_of_over_a_thousand_lines_is_none(pair: Pair, lines: int) -> None:
    data = b"wwwauth[]=x\n" * (lines - 2) + ask()
    assert bool(pair.answer(data)) == bool(pair.python(data)) == (lines <= 1000)


@pytest.mark.parametrize("size", [65_535, 65_536])
def test_a_line_over_gits_limit_is_refused(pair: Pair, size: int) -> None:
    data = b"wwwauth[]=" + b"a" * (size - 10) + b"\n" + ask()
    assert bool(pair.answer(data)) == bool(pair.python(data)) == (size <= 65_535)


_KEYS = [
    "protocol",
    "host",
    "path",
    "username",
    "wwwauth[]",
    "capability[]",
    "state[]",
    "url",
    "password",
    "",
    "Host",
    "hos",
    "path[]",
]
_VALUES = [
    "https",
    "http",
    "github.com",
    "GitHub.COM",
    "github.com:443",
    "github.com:0443",
    "github.com.",
    "acme/app.git",
    "acme/secret",
    "Acme/Secret.WIKI.git/info/lfs/",
    "acme",
    "other/narrow",
    "other/app",
    "/acme//app",
    "acme//secret",
    "acme/secret/info/lfs/x",
    "acme/secret.git.git",
    "acme/.wiki",
    "acme/secret/..",
    "info/lfs",
    "acme/info/lfs",
    "acme/info/lfs/secret",
    "x-access-token",
    "demo[bot]",
    "octocat",
    "",
    "state",
    "gitlease:abc",
    "a=b",
    "*",
    "[a-z]",
    "~",
    "$(id)",
    "`id`",
    "\\",
    "'",
    '"',
    "END",
]
_ALPHABET = st.characters(codec="utf-8", exclude_characters="\0\n")
_value = st.one_of(
    st.sampled_from(_VALUES),
    st.text("acmeACMEappsecretother/._-~[]", max_size=24),
    st.text(_ALPHABET, max_size=12),
)
_line = st.one_of(
    st.tuples(st.sampled_from(_KEYS), _value).map("=".join),
    st.text(_ALPHABET, max_size=12),
)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Near-valid requests: the usual lines, some replaced, doubled, dropped or strange."""
    lines = [f"protocol={draw(st.sampled_from(['https', 'https', 'https', 'http']))}"]
    lines.append(f"host={draw(st.one_of(st.just('github.com'), _value))}")
    if draw(st.booleans()):
        lines.append(f"path={draw(_value)}")
    lines += draw(st.lists(_line, max_size=3))
    end = draw(st.sampled_from(["\n\n", "\n", "", "\n\nhost=evil\n"]))
    return ("\n".join(draw(st.permutations(lines))) + end).encode()


@hypothesis_settings(
    max_examples=int(os.environ.get("GITLEASE_EXAMPLES", "250")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=requests())
@example(data=b"protocol=https\nhost=github.com\npath=acme/app\\\n\n")
@example(data=b"protocol=https\nhost=github.com\npath= acme/app \n\n")
@example(data=b"protocol=https\nhost=github.com\n\xff\xfe=\xff\n\n")
@example(data=b"protocol=https\nhost=github.com\npath=acme/\xc3\x85\n\n")
def test_for_any_request_sh_and_python_answer_the_same(pair: Pair, data: bytes) -> None:
    """
    NUL is left out: no shell can see one, and git, whose strings end at one, cannot send it.
    """
    assert pair.answer(data) == pair.python(data)


def test_a_record_cut_at_any_byte_is_never_a_wrong_answer(pair: Pair) -> None:
    """Every torn record is a miss, or still the whole answer."""
    pair.put("github.com~torn", for_all=True)
    record = pair.settings.cache / "github.com~torn"
    whole = pair.answer(ask("torn/app"))
    data, times = record.read_bytes(), record.stat()
    for size in range(len(data)):
        record.write_bytes(data[:size])
        os.utime(record, (times.st_atime, times.st_mtime))
        printed, _ = pair.through_sh(ask("torn/app"))
        assert printed in {b"", whole}, size
        assert pair.python(ask("torn/app")) in {b"", b"quit=1\n\n", whole}, size
    record.unlink()


@pytest.mark.parametrize("strange", ["it's", "$(id)", "`id`", "a\\b", "a*b", 'a"b', "a;b", "~"])
def test_a_token_that_a_shell_could_misread_is_pythons(pair: Pair, strange: str) -> None:
    """Tokens are opaque: whatever GitHub issues is answered to the letter, and never run."""
    now = time.time()
    token = Token(Secret(f"ghs_{strange}"), now + 3600, now, source="test")
    Cache(pair.settings).put("github.com~odd", token, clocks.read(), for_all=True)
    assert pair.through_sh(ask("odd/app")) == (b"", ask("odd/app"))
    assert f"\npassword=ghs_{strange}\n" in pair.python(ask("odd/app")).decode()


@pytest.mark.parametrize("stray", ["'", "`", "$(", "record='", "\0", "\xff", "\n", " "])
def test_rubbish_in_a_record_is_never_a_wrong_answer(pair: Pair, stray: str) -> None:
    """Nor an error for git: what the shell cannot read is a miss."""
    pair.put("github.com~rubbish", for_all=True)
    record = pair.settings.cache / "github.com~rubbish"
    whole = pair.answer(ask("rubbish/app"))
    text, times = record.read_text(), record.stat()
    for place in (0, 7, 8, 20, text.index("password=") + 12):
        record.write_bytes((text[:place] + stray + text[place:]).encode("latin-1"))
        os.utime(record, (times.st_atime, times.st_mtime))
        printed, handed = pair.through_sh(ask("rubbish/app"))
        assert (printed, handed) in [(whole, None), (b"", ask("rubbish/app"))], place


@pytest.mark.parametrize("offset", [0, 5, 12, 30, 60])
def test_a_record_with_lost_bytes_is_a_miss(pair: Pair, offset: int) -> None:
    """A block of NUL, as a crash leaves it, is dropped by a shell's `read` and still noticed."""
    pair.put("github.com~hole", for_all=True)
    record = pair.settings.cache / "github.com~hole"
    data, times = bytearray(record.read_bytes()), record.stat()
    start = data.index(b"password=") + offset if offset else 0
    data[start : start + 6] = bytes(6)
    record.write_bytes(data)
    os.utime(record, (times.st_atime, times.st_mtime))
    printed, handed = pair.through_sh(ask("hole/app"))
    assert (printed, handed) == (b"", ask("hole/app"))
    record.unlink()


def _rewrite(pair: Pair, name: str, *, header: dict[int, str], mtime: float | None = None) -> None:
    """Put other words into the first line of a record, or give it another file time."""
    record = pair.settings.cache / name
    times = record.stat()
    first, _, rest = record.read_text().partition("\n")
    words = first.removeprefix("record='").split(" ")
    for place, word in header.items():
        words[place] = word
    words[0] = f"record='{words[0]}"
    record.write_text(" ".join(words) + "\n" + rest)
    os.utime(record, (times.st_atime, times.st_mtime if mtime is None else mtime))


@pytest.mark.parametrize(
    ("header", "late"),
    [
        pytest.param({}, True, id="the machine slept: only the wall clock went on"),
        pytest.param({2: "1", 3: "1"}, False, id="the wall clock was set back"),
        pytest.param({1: "99999999"}, False, id="the uptime started anew"),
        pytest.param({4: "another"}, False, id="another boot"),
        pytest.param({4: "-"}, False, id="no clock that a shell could read"),
        pytest.param({2: "9x9"}, False, id="a deadline that is no number"),
        pytest.param({0: "gitlease-2"}, False, id="another version"),
    ],
)
def test_a_record_that_one_clock_doubts_is_pythons(
    pair: Pair, header: dict[int, str], *, late: bool
) -> None:
    """Both clocks must agree before a token is printed, so that none has expired."""
    pair.put("github.com~doubted", for_all=True)
    _rewrite(pair, "github.com~doubted", header=header, mtime=time.time() - 1 if late else None)
    assert pair.through_sh(ask("doubted/app")) == (b"", ask("doubted/app"))


def test_lfs_asks_for_a_longer_life(pair: Pair) -> None:
    """git-lfs keeps one token for a whole transfer: its deadline comes earlier."""
    pair.put("github.com~large", for_all=True)
    _rewrite(pair, "github.com~large", header={3: "1"})
    assert b"password" in pair.through_sh(ask("large/app"))[0]
    printed, handed = pair.through_sh(ask("large/app.git/info/lfs"))
    assert (printed, handed) == (b"", ask("large/app.git/info/lfs"))


def test_a_record_of_somebody_else_is_not_printed(pair: Pair) -> None:
    if os.geteuid():
        pytest.skip("only root can give a file away")
    pair.put("github.com~foreign", for_all=True)
    os.chown(pair.settings.cache / "github.com~foreign", 12345, -1)
    assert pair.through_sh(ask("foreign/app"))[0] == b""
    assert b"password" not in pair.python(ask("foreign/app"))


@pytest.mark.plants("file .*/record")
def test_a_link_is_not_a_record(pair: Pair, tmp_path: Path) -> None:
    """What it leads to would be run by the shell that takes it in."""
    pair.put("github.com~linked", for_all=True)
    record = pair.settings.cache / "github.com~linked"
    record.rename(tmp_path / "record")
    record.symlink_to(tmp_path / "record")
    assert pair.through_sh(ask("linked/app")) == (b"", ask("linked/app"))
    assert b"password" not in pair.python(ask("linked/app"))


@pytest.mark.parametrize("changed", [{"granularity": "repository"}, {"permissions": {"x": "read"}}])
def test_a_narrowing_is_not_answered_with_the_wider_token(
    pair: Pair, changed: dict[str, Any]
) -> None:
    """A record of other settings is a miss for the program that was installed with new ones."""
    narrowed = replace(pair.settings, **changed)
    stub = pair.program.with_name("python")
    program = pair.program.with_name("narrowed")
    program.write_text(templates.credential_helper(narrowed, python=str(stub), main=stub))
    asked = replace(pair, program=program).through_sh(ask("acme/app"))
    assert asked == (b"", ask("acme/app"))
    assert Cache(narrowed).read("github.com~acme") is None


# What a caller may have exported: the program's own names, options and functions of bash.
_EXPORTED = [
    dict.fromkeys(["record", "password", "host", "state", "refused", "path", "exact"], "x"),
    {"SHELLOPTS": "xtrace"},
    {"SHELLOPTS": "errexit:nounset"},
    {"SHELLOPTS": "allexport"},
    {"IFS": "abc", "ENV": "/nowhere", "CDPATH": "/", "POSIXLY_CORRECT": "1", "LC_ALL": "C.UTF-8"},
    {f"BASH_FUNC_{name}%%": '() { builtin echo "$*" >&2; }' for name in ["printf", "[", "read"]},
]


@pytest.mark.parametrize("exported", _EXPORTED, ids=lambda one: next(iter(one)))
def test_the_callers_environment_changes_nothing_and_sees_nothing(
    pair: Pair, exported: dict[str, str]
) -> None:
    """A hit is the same answer, and a miss hands Python no token."""
    environment = pair.program.with_name("environment")
    env = {"PATH": os.environ["PATH"], **exported}
    pair.put("github.com~spied", for_all=True)
    _rewrite(pair, "github.com~spied", header={3: "1"})
    command = [*pair.shell, str(pair.program), "get"]
    for path in ("spied/app", "spied/app.git/info/lfs"):
        ran = subprocess.run(command, input=ask(path), capture_output=True, env=env, check=False)
        assert (b"\npassword=ghs_" in ran.stdout) == (path == "spied/app")
        assert b"ghs_" not in ran.stderr
    assert "ghs_" not in environment.read_text()

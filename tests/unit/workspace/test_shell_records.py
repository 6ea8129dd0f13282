"""No record, however torn, foreign or doubted, makes the sh program print a wrong answer."""

import dataclasses
import os
import time
from pathlib import Path
from typing import Any

import pytest

from gitlease.model.frozen import replace
from gitlease.model.tokens import Secret, Token
from gitlease.workspace import clocks
from gitlease.workspace.cache import Cache
from gitlease.workspace.shell import templates
from tests.support.asking import ask, rewrite
from tools.compare.pair import Pair


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


@pytest.mark.guarantee("expiry")
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
    rewrite(pair, "github.com~doubted", header=header, mtime=time.time() - 1 if late else None)
    assert pair.through_sh(ask("doubted/app")) == (b"", ask("doubted/app"))


def test_lfs_asks_for_a_longer_life(pair: Pair) -> None:
    """git-lfs keeps one token for a whole transfer: its deadline comes earlier."""
    pair.put("github.com~large", for_all=True)
    rewrite(pair, "github.com~large", header={3: "1"})
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


@pytest.mark.guarantee("scope")
@pytest.mark.parametrize("changed", [{"granularity": "repository"}, {"permissions": {"x": "read"}}])
def test_a_narrowing_is_not_answered_with_the_wider_token(
    pair: Pair, changed: dict[str, Any]
) -> None:
    """A record of other settings is a miss for the program that was installed with new ones."""
    narrowed = replace(pair.settings, **changed)
    stub = pair.program.with_name("python")
    program = pair.program.with_name("narrowed")
    program.write_text(templates.credential_helper(narrowed, python=str(stub), main=stub))
    asked = dataclasses.replace(pair, program=program).through_sh(ask("acme/app"))
    assert asked == (b"", ask("acme/app"))
    assert Cache(narrowed).read("github.com~acme") is None

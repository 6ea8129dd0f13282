"""The log tells a person what happened, never a secret, and never stops anything."""

import re
from pathlib import Path

from gitlease.workspace import events
from tests.support.parts import settings


def test_an_event_is_one_line_with_time_word_and_text(home: Path) -> None:
    mine = settings(home)
    (mine.home / "log").mkdir(parents=True)
    events.note(mine, "fetched", "acme/app\nfake line\r\x1b[2J ghs_canary0123")
    text = (mine.home / "log" / "gitlease.log").read_text()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ fetched acme/app\\n.*\n", text)
    assert text[:-1].isprintable()
    assert "canary" not in text
    assert (mine.home / "log" / "gitlease.log").stat().st_mode & 0o777 == 0o600


def test_a_log_that_cannot_be_written_is_no_failure(home: Path) -> None:
    events.note(settings(home), "fetched", "no folder at all")
    mine = settings(home)
    (mine.home / "log").mkdir(parents=True)
    victim = home / "victim"
    victim.write_text("mine")
    (mine.home / "log" / "gitlease.log").symlink_to(victim)
    events.note(mine, "fetched", "a link is not followed")
    assert victim.read_text() == "mine"


def test_the_log_stays_small_and_keeps_what_came_before_once(home: Path) -> None:
    mine = settings(home)
    (mine.home / "log").mkdir(parents=True)
    log = mine.home / "log" / "gitlease.log"
    log.write_bytes(b"x" * (events.LIMIT + 1))
    events.note(mine, "one", "text")
    events.note(mine, "two", "text")
    assert log.read_text().count("\n") == 1
    assert " one text\n" in log.with_name("gitlease.log.1").read_text()

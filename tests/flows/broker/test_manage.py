"""The actions of an operator's shell, on a database that no broker serves at the moment."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from gitlease.broker.store import Entry, Store
from gitlease.cli import main
from gitlease.model.tokens import fingerprint

TOKEN = "ghs_canary0123456789"
FIRST = 1_800_000_000.0  # 2027-01-15T08:00:00Z


class Shell:
    """Runs `gitlease broker …` in this process: its start would be all that takes time."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._url = f"sqlite:///{folder / 'broker.sqlite'}"
        self._capsys = capsys

    def __call__(self, *words: str) -> tuple[int, str, str]:
        try:
            code = main(["broker", *words])
        except SystemExit as done:
            code = int(done.code or 0)
        return code, *self._capsys.readouterr()

    def read(self, *words: str) -> list[dict[str, Any]]:
        code, out, _ = self(*words, "--json")
        assert code == 0
        found: list[dict[str, Any]] = json.loads(out)
        return found

    def note(self, *entries: Entry) -> None:
        async def story() -> None:
            store = await Store.open(self._url)
            for one in entries:
                await store.journal.note(one)
            await store.close()

        asyncio.run(story())


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    monkeypatch.setenv("GITLEASE_BROKER_DATA_DIR", str(tmp_path))
    return Shell(tmp_path, capsys)


def test_the_journal_is_paged_and_filtered(shell: Shell) -> None:
    shell.note(
        *(
            Entry(at=FIRST + n, kind="lease", request_id=f"r{n}", owner=("acme", "other")[n % 2])
            for n in range(5)
        )
    )
    newest = shell.read("journal", "--limit", "2")
    older = shell.read("journal", "--before", str(newest[-1]["id"]))
    assert [one["request_id"] for one in newest + older] == ["r4", "r3", "r2", "r1", "r0"]
    for words, expected in [
        (("--owner", "Acme"), ["r4", "r2", "r0"]),
        (("--request", "r3"), ["r3"]),
        (("--kind", "refusal"), []),
        (("--since", "2027-01-15T08:00:03Z"), ["r4", "r3"]),
        (("--until", "2027-01-15T09:00:01+01:00"), ["r0"]),
        (("--until", "2027-01-15"), []),
    ]:
        found = shell.read("journal", *words)
        assert [one["request_id"] for one in found] == expected


def test_a_fingerprint_is_found_however_it_is_spelt(shell: Shell) -> None:
    shell.note(Entry(at=FIRST, kind="lease", workspace_id="w", fingerprint=fingerprint(TOKEN)))
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    for spelt in (fingerprint(TOKEN), fingerprint(TOKEN).rstrip("="), digest):
        (record,) = shell.read("journal", "--fingerprint", spelt)
        assert record["workspace_id"] == "w"
    code, out, err = shell("journal", "--fingerprint", TOKEN)
    assert (code, out) == (2, "")
    assert TOKEN not in err
    assert shell("journal", "--fingerprint", fingerprint("another"))[0] == 1


def test_pruning_is_on_record_and_spares_the_last_day(shell: Shell) -> None:
    shell.note(Entry(at=1.0, kind="lease"), Entry(at=2.0, kind="lease"))
    assert shell("journal", "--prune", "0.5")[0] == 2
    assert shell("journal", "--prune", "1")[:2] == (0, "2 records removed\n")
    (pruned,) = shell.read("journal")
    assert (pruned["kind"], pruned["request_id"]) == ("admin", "command line")
    assert pruned["reason"].startswith("2 records from before ")


def test_who_may_register_is_on_record(shell: Shell) -> None:
    code, out, _ = shell("enrolment", "create", "--workspace", "ws-1", "--uses", "2", "--json")
    assert code == 0
    made = json.loads(out)
    assert shell("enrolment", "revoke", made["id"])[0] == 0
    assert shell("enrolment", "revoke", made["id"])[0] == 1
    revoked, created = shell.read("journal")
    assert (created["workspace_id"], created["token_id"]) == ("ws-1", made["id"])
    assert created["reason"] == "enrolment secret created, good 2 times until revoked"
    assert (revoked["reason"], revoked["token_id"]) == ("enrolment secret revoked", made["id"])
    (row,) = shell.read("enrolment", "list")
    assert row["revoked_at"]
    assert made["secret"] not in json.dumps([row, revoked, created])


def test_a_grant_is_never_made_or_left_out_by_accident(shell: Shell) -> None:
    assert shell("workspace", "add", "ws-1", "--repo", "app")[0] == 2
    assert shell("workspace", "add", "ws-1", "--owner", "acme")[0] == 2
    assert shell.read("workspace", "list") == []
    assert shell("workspace", "add", "ws-1", "--owner", "acme", "--all")[0] == 0
    assert shell("workspace", "revoke", "ws-1", "--owner", "acme", "--repo", "app")[0] == 2
    assert shell("workspace", "revoke", "ws-1", "--owner", "other")[0] == 1
    (row,) = shell.read("workspace", "show", "ws-1")
    assert row["grants"][0]["repositories"] == "ALL"


def test_a_repository_may_be_called_by_its_owner_too_but_by_no_other(shell: Shell) -> None:
    grant = ("workspace", "add", "ws-1", "--owner", "acme", "--repo")
    code, _, err = shell(*grant, "other/app")
    assert code == 2
    assert err.startswith("gitlease: other/app is no repository of acme; say --repo NAME")
    assert shell(*grant, "Acme/app")[0] == 0
    (row,) = shell.read("workspace", "show", "ws-1")
    assert row["grants"][0]["repositories"] == ["app"]


def test_what_is_not_there_is_told_with_the_command_that_lists_what_is(shell: Shell) -> None:
    assert shell("workspace", "add", "ws-1", "--owner", "acme", "--all")[0] == 0
    for words, cure in {
        ("workspace", "show", "ws-2"): "gitlease broker workspace list",
        ("workspace", "revoke", "ws-1", "--owner", "other"): "gitlease broker workspace show",
        ("token", "revoke", "ws-1", "0" * 16): "gitlease broker token list ws-1",
        ("enrolment", "revoke", "0" * 16): "gitlease broker enrolment list",
    }.items():
        code, out, err = shell(*words)
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert f"`{cure}`" in err


def test_a_level_that_does_not_exist_is_told_with_those_that_do(shell: Shell) -> None:
    grant = ("workspace", "add", "ws-1", "--owner", "acme", "--all", "--permission")
    for level in ("contents", "contents=all"):
        assert "the levels are read, write and admin" in shell(*grant, level)[2]


@pytest.mark.parametrize(
    "words",
    [
        ("enrolment", "create", "--valid-for", "nan"),
        ("enrolment", "create", "--valid-for", "inf"),
        ("enrolment", "create", "--uses", "0"),
        ("enrolment", "create", "--uses", "99999999999"),
        ("journal", "--limit", "0"),
        ("journal", "--before", "99999999999999999999"),
        ("journal", "--since", "yesterday"),
        ("workspace", "add", "w", "--owner", "a", "--all", "--max-per-hour", "-1"),
    ],
)
def test_a_number_without_a_meaning_is_told_as_wrong_usage(
    shell: Shell, words: tuple[str, ...]
) -> None:
    code, out, err = shell(*words)
    assert (code, out) == (2, "")
    assert words[-1] in err.splitlines()[-1]

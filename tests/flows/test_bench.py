"""`make bench` gives its table and its JSON, and fails if what it measures answers wrongly."""

import json
import platform
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from gitlease.emulator import GitHub
from tests.support.environment import CHECKOUT, python_module, require_tool
from tools.bench import broker, cores
from tools.bench.chapters import CHAPTERS
from tools.bench.figure import Goal, Row, Spread
from tools.bench.load import Plan, Question, ask
from tools.bench.page import write
from tools.bench.program import BenchError, Program
from tools.bench.race import race
from tools.bench.workspace import Workspace, secret_of, with_password


@pytest.mark.timeout(900)
def test_a_quick_run_prints_the_table_and_writes_it_as_json_and_as_a_page(tmp_path: Path) -> None:
    require_tool("curl")
    file = tmp_path / "bench.json"
    printed = python_module("tools.bench", "--quick", "--json", str(file)).splitlines()
    report = json.loads(file.read_text())
    assert report["quick"] is True
    assert {"kernel", "python", "git", "sh", "cores"} <= report["machine"].keys()
    rows = {(row["what"], row["against"]): row for row in report["rows"]}
    assert len(printed) == 1 + len(rows) == 1 + len(report["rows"])
    for line, row in zip(printed[1:], report["rows"], strict=True):
        assert line.startswith(row["what"])
    hit = rows["cached get, 520 characters", "git-credential-cache (C)"]
    assert hit["goal"] == {"sign": "<=", "value": 0.95}
    assert hit["met"] is (hit["measured"] <= 0.95)
    assert 0 < rows["idle refresher, PSS", ""]["measured"] < 16
    [mints] = [row for (what, _), row in rows.items() if what.endswith("cold get: mints")]
    assert (mints["measured"], mints["met"]) == (1, True)
    leases = rows["cached leases a second", "the same server, a constant"]
    assert leases["goal"] == {"sign": ">=", "value": 0.6}
    storm = {what.partition(": ")[2]: row for (what, _), row in rows.items() if " boot in " in what}
    assert [storm[name]["measured"] for name in ("mints per scope", "errors")] == [1, 0]
    shared = [row["met"] for (what, _), row in rows.items() if "PostgreSQL: mints" in what]
    assert shared in ([True, True], [])  # without a server to start there are no rows
    grown = {row["point"]["plot"] for row in report["rows"] if row["point"]}
    assert grown == {"cache", "workspaces", "grants", "journal"}

    python_module("tools.bench.page", str(file), "--into", str(tmp_path / "docs"))
    page = (tmp_path / "docs" / "performance.md").read_text()
    assert "its figures mean nothing" in page
    assert {f"## {one.title}" for one in CHAPTERS} <= set(page.splitlines())
    drawn = {one.name: one for one in (tmp_path / "docs" / "performance").iterdir()}
    assert set(re.findall(r"]\(performance/(.*?)\)", page)) == set(drawn)
    assert set(drawn) == {f"{plot}.svg" for plot in (*grown, "goals", "peers")}
    for picture in drawn.values():
        root = ET.parse(picture).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
    said = "".join(one.read_text() for one in (file, *drawn.values())) + page + "".join(printed)
    assert not re.search(r"ghs_|glw_|eyJ", said)
    assert platform.node() not in said


def test_why_a_goal_is_missed_is_said_only_while_it_is(tmp_path: Path) -> None:
    [chapter] = [one for one in CHAPTERS if "cached leases a second" in one.missed]
    why = chapter.missed["cached leases a second"]

    def page(ours: float) -> str:
        spreads = Spread.of([ours, ours]), Spread.of([0.002, 0.002])
        row = Row.pace("cached leases a second", "a constant", *spreads, 0.6).as_json()
        rows = [{"chapter": chapter.title, **row}]
        report = {"quick": False, "machine": {"cores": "2"}, "rows": rows}
        return write(report, tmp_path).read_text()

    missed, met = page(0.004), page(0.003)
    assert "\n0 of 1 are met" in missed
    assert "\n1 of 1 are met" in met
    assert why[1:] in missed
    assert why[1:] not in met
    assert "mean nothing" not in missed


def test_a_wrong_answer_is_no_figure(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "home")
    workspace.put(520)
    right = workspace.helper(accept=with_password(secret_of(520)))
    assert race({"right": right}, rounds=2)["right"].runs == 2
    wrong = workspace.helper(accept=with_password(secret_of(40)))
    with pytest.raises(BenchError, match="git-credential-gitlease get: a wrong answer of") as found:
        race({"right": right, "wrong": wrong}, rounds=2)
    assert secret_of(520) not in str(found.value)


def test_an_answer_without_a_lease_is_no_figure(tmp_path: Path) -> None:
    url = broker.sqlite(tmp_path)
    [workspace] = broker.found(url, ["acme"], 1)
    with (
        GitHub() as github,
        broker.broker(broker.environment(tmp_path, github), cores.SERVER) as at,
    ):
        right = Question.of(at, workspace.id, workspace.bearer, once=True)
        wrong = Question.of(at, workspace.id, "no bearer", once=True)
        answers = ask(Plan([right, wrong], seconds=0.01))
    assert (len(answers.times), answers.errors) == (1, {"401": 1})
    with pytest.raises(BenchError, match=r"1 leases, and also .*401"):
        answers.all_right()


@pytest.mark.parametrize("argv", [["/bin/false"], ["/no/such/program"]])
def test_a_program_that_does_not_run_is_no_figure(argv: list[str]) -> None:
    with pytest.raises(BenchError, match=argv[0]):
        Program(argv).time()


def test_a_run_that_fails_says_so_and_exits_with_1(tmp_path: Path) -> None:
    """Without git the rival cannot be started: that is a failure, not a shorter table."""
    ran = subprocess.run(
        [sys.executable, "-m", "tools.bench", "--quick", "--json", tmp_path / "bench.json"],
        cwd=CHECKOUT,
        env={"PATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.splitlines()[-1].startswith("bench: ")
    assert not (tmp_path / "bench.json").exists()


def test_a_goal_is_judged_and_never_asserted() -> None:
    slow, fast = Spread.of([0.004, 0.004, 0.004]), Spread.of([0.002, 0.002, 0.002])
    assert Row.ratio("a", "b", slow, fast, 0.95).met is False
    assert Row.ratio("a", "b", fast, slow, 0.5).met is True
    assert Row.ratio("a", "b", fast, slow).met is None
    assert [Goal(sign, 1).met(2) for sign in ("<=", ">=", "==")] == [False, True, False]

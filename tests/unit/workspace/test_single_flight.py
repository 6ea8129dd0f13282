"""Any number of processes that want the same token cause one fetch."""

import subprocess
import sys
import time
from pathlib import Path

ASK = """
import os, sys, time
from pathlib import Path
from gitlease.model.errors import UnreachableError
from gitlease.model.targets import Target
from gitlease.model.tokens import Secret, Token
from gitlease.workspace import clocks
from gitlease.workspace.cache import Cache
from gitlease.workspace.renewal import Renewal
from gitlease.workspace.settings import Settings
from gitlease.workspace.sources import Fetched

home, journal, fails = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "fails"

class Slow:
    name = "slow"
    def fetch(self, target, min_ttl):
        with journal.open("a") as file:
            file.write(f"{os.getpid()}\\n")
        time.sleep(0.5)
        if fails:
            raise UnreachableError("no route")
        now = time.time()
        token = Token(Secret(f"ghs_{os.getpid()}"), now + 3600, now)
        return Fetched(token, "github.com~acme", for_all=True)

settings = Settings(home)
renewal = Renewal(settings, Cache(settings), [Slow()], clocks.read)
sys.stdin.readline()
try:
    print(renewal.get(Target("github.com", "acme", "app")).token.secret.reveal())
except UnreachableError as error:
    print(error.message)
"""


def crowd(home: Path, journal: Path, how: str, size: int = 6) -> list[subprocess.Popen[str]]:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", ASK, home / "gitlease", journal, how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(size)
    ]
    for one in started:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    return started


def test_many_processes_cause_one_fetch(home: Path) -> None:
    journal = home / "journal"
    answers = {process.communicate()[0] for process in crowd(home, journal, "works")}
    [leader] = journal.read_text().split()
    assert answers == {f"ghs_{leader}\n"}


def test_followers_hear_their_leaders_failure(home: Path) -> None:
    journal = home / "journal"
    answers = {process.communicate()[0] for process in crowd(home, journal, "fails")}
    assert answers == {"no route\n"}
    assert len(journal.read_text().split()) == 1


def test_a_killed_leader_is_followed_by_another(home: Path) -> None:
    journal = home / "journal"
    processes = crowd(home, journal, "works")
    while not journal.exists() or not journal.read_text().endswith("\n"):
        assert any(process.poll() is None for process in processes)
        time.sleep(0.005)
    leader = int(journal.read_text().split()[0])
    [killed] = [process for process in processes if process.pid == leader]
    killed.kill()
    answers = [process.communicate()[0] for process in processes if process is not killed]
    killed.communicate()
    second = journal.read_text().split()[1]
    assert answers == [f"ghs_{second}\n"] * 5
    assert len(journal.read_text().split()) == 2

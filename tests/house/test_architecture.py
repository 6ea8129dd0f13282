"""The two flows of the architecture are the code's: what is named is there, in that order."""

import ast
import re
from pathlib import Path

import pytest

from tests.support.environment import CHECKOUT

PAGE = (CHECKOUT / "docs/architecture.md").read_text()
SOURCE = CHECKOUT / "src/gitlease"
COLD = PAGE.partition("## A cold get")[2].partition("\n## ")[0].partition("```\n")[2]
WARM = PAGE.partition("## A cached get")[2].partition("\n## ")[0].partition("```\n")[2]


def body(file: str, *names: str) -> str:
    """Return the code of the functions *names* of *file*, one after the other."""
    text = (SOURCE / file).read_text()
    found = {
        one.name: ast.get_source_segment(text, one) or ""
        for one in ast.walk(ast.parse(text))
        if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    # What is said in words is no step.
    return "\n".join(re.sub(r"(?s)\"\"\".*?\"\"\"|(?-s:#.*)", "", found[name]) for name in names)


def in_order(words: list[str], text: str) -> list[str]:
    """Return those *words* that *text* does not have, each behind the one before."""
    at, missing = 0, []
    for word in words:
        found = text.find(word, at)
        if found < 0:
            missing.append(word)
        else:
            at = found + len(word)
    return missing


@pytest.mark.parametrize("file", re.findall(r"\b(?:workspace|broker)/[\w/-]+\.(?:py|sh)\b", PAGE))
def test_a_file_that_is_named_is_there(file: str) -> None:
    assert Path(SOURCE / file).is_file()


def test_the_broker_s_steps_are_in_the_order_of_its_code() -> None:
    steps = ["_door.workspace", "decide", "_within_quota", "ready", "leased_at_once", "intend"]
    steps += ["mint", "_door.workspace", "leased"]
    assert (
        in_order(
            [f"{step}(" for step in steps], body("broker/issuing.py", "for_workspace", "_issue")
        )
        == []
    )
    assert in_order(steps, COLD) == []


def test_the_minter_s_steps_are_in_the_order_of_its_code() -> None:
    steps = ["_from_store", "_single_flight", "_from_store"]
    code = body("broker/minters/cached.py", "_refill", "_mint")
    further = ["_shares", "_inner.mint", "_tokens.put"]
    assert in_order([*steps, *further], code) == []
    assert in_order([*steps, *further], COLD) == []


def test_the_workspace_s_steps_are_in_the_order_of_its_code() -> None:
    steps = ["make_private", "held", "_answered", "_ask", "_unfit", "_keep"]
    code = body("workspace/renewal.py", "_get", "_fetch")
    assert in_order(["make_private", "held(", "_answered(", "_fetch("], code) == []
    assert in_order(["_ask(", "_keep("], code) == []
    assert in_order(["fetch(", "_unfit("], body("workspace/renewal.py", "_ask")) == []
    assert in_order(steps, COLD) == []


def test_the_shell_s_steps_are_in_the_order_of_its_code() -> None:
    shell = (SOURCE / "workspace/shell/git-credential-gitlease.sh").read_text()
    asking = shell.partition("began _ </proc/uptime")[2]
    words = ["[:cntrl:]", "url=*", "https/@host_pattern@", "@users@", "letters=", "/info/lfs"]
    tries = ['"$cache~$owner~$repository"', '"$cache~$owner"', '"$cache"']
    judged = ["-O", "-nt /proc/self", '. "$file"', "$settings", "boot_id", "/proc/uptime", "printf"]
    assert in_order([*words, *tries, "for file do", *judged], asking) == []
    shown = [
        "ulimit -c 0",
        "control byte",
        "https?",
        "the path",
        "host~owner~repo",
        "host~owner",
        "host",
    ]
    shown += ["ours, no link", "of these settings", "/proc/uptime", "username", "store"]
    assert in_order(shown, WARM) == []

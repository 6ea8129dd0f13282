"""The programs beside the helper are looked at too, and one installation brings each back."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.doctoring import Ward
from tests.support.loops import end_all
from tests.support.workspaces import Workspace

pytestmark = pytest.mark.parametrize("machine", ["host"], indirect=True)


@pytest.fixture
def ward(bare_workspace: Workspace) -> Iterator[Ward]:
    """A workspace that has all that an installation can give, the refresher at work."""
    scripts = bare_workspace.home / "scripts"
    words = ("--compat", str(scripts))
    [number] = [one["id"] for one in bare_workspace.github.installations if one["owner"] == "acme"]
    bare_workspace.env["GITLEASE_INSTALLATION_ID"] = str(number)
    bare_workspace.gitlease("install", "--strict", *words)
    try:
        yield Ward(bare_workspace)
    finally:
        end_all(bare_workspace.state)


def programs(ward: Ward) -> list[Path]:
    state, scripts = ward.workspace.state, ward.workspace.home / "scripts"
    return [state / "shims/gh", state / "bin/gitlease-refresher", *sorted(scripts.iterdir())]


def lose(path: Path) -> None:
    path.unlink()


def replace(path: Path) -> None:
    path.write_text("#!/bin/sh\n# somebody else's\n")


def age(path: Path) -> None:
    """As where an older version was installed."""
    path.write_text(f"{path.read_text()}: older\n")


@pytest.mark.parametrize(
    ("harm", "kind", "what"),
    [
        (lose, "program-missing", "is missing"),
        (replace, "program-outdated", "is no program of ours"),
        (age, "program-outdated", "is not what this version of gitlease writes"),
    ],
)
def test_each_is_found_and_the_cure_mends_all(
    ward: Ward, harm: Callable[[Path], None], kind: str, what: str
) -> None:
    assert ward.findings() == {}
    before = {path: path.read_bytes() for path in programs(ward)}
    for path in before:
        harm(path)
    ran = ward.workspace.gitlease("doctor", "--json", check=False)
    found = json.loads(ran.stdout)["findings"]
    assert [one["kind"] for one in found] == [kind] * 4
    for path, one in zip(before, sorted(found, key=lambda one: place(before, one)), strict=True):
        assert one["cause"].startswith(f"{path} {what}")
        assert one["cure"] == "run `gitlease install`"
    ward.follow(found[0]["cure"])
    assert ward.findings() == {}
    assert {path: path.read_bytes() for path in programs(ward)} == before


def place(paths: dict[Path, bytes], found: dict[str, str]) -> int:
    return [found["cause"].startswith(f"{path} ") for path in paths].index(True)


def test_a_setting_that_a_program_knows_by_heart_has_changed(ward: Ward) -> None:
    """Our gh asks for one owner's token."""
    ward.workspace.env["GITLEASE_GH_OWNER"] = "acme"
    found = ward.findings()
    assert set(found) == {"program-outdated"}
    ward.follow(found["program-outdated"]["cure"])
    assert ward.findings() == {}


def test_a_helper_of_another_version_is_found(ward: Ward) -> None:
    age(ward.workspace.helper)
    found = ward.findings()
    assert set(found) == {"helper-outdated"}
    ward.follow(found["helper-outdated"]["cure"])
    assert ward.findings() == {}
    (ward.workspace.state / "shims").chmod(0o755)
    found = ward.findings()
    assert set(found) == {"folder"}
    ward.follow(found["folder"]["cure"])
    assert ward.findings() == {}

"""The mirror is the one that this machine's own apt uses, whichever way it was written down."""

from pathlib import Path

import pytest

from tools.apt_sources import UnavailableError, mirror

RELEASE = 'NAME="Debian GNU/Linux"\nID=debian\nVERSION_CODENAME=bookworm\n'


def configured(tmp_path: Path, files: dict[str, str], release: str = RELEASE) -> str:
    (tmp_path / "os-release").write_text(release)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return mirror(tmp_path, tmp_path / "os-release")


@pytest.mark.parametrize(
    "files",
    [
        {"sources.list": "deb http://one.example/debian bookworm main contrib\n"},
        {
            "sources.list": "# deb http://off.example bookworm main\n"
            "deb-src http://src.example bookworm main\n"
            "deb http://security.example bookworm-security main\n"
            "deb [arch=amd64 signed-by=/k.gpg] http://one.example/debian bookworm main\n"
        },
        {
            "sources.list.d/debian.sources": "Types: deb deb-src\n# http://old.example\n"
            "URIs: http://one.example/debian\nSuites: bookworm bookworm-updates\n"
            "Components: main\nSigned-By: /k.gpg\n"
        },
        {
            "sources.list.d/a.sources": "Enabled: no\nTypes: deb\nURIs: http://off.example\n"
            "Suites: bookworm\nComponents: main\n\n"
            "Types: deb\nURIs:\n http://one.example/debian\n http://two.example\n"
            "Suites: bookworm\nComponents: main\n"
        },
        {"sources.list.d/a.list": "deb http://one.example/debian bookworm main\n"},
    ],
)
def test_each_format_names_the_mirror(tmp_path: Path, files: dict[str, str]) -> None:
    assert configured(tmp_path, files) == "http://one.example/debian"


def test_a_list_of_mirrors_is_read(tmp_path: Path) -> None:
    (tmp_path / "mirrors").write_text("# fast\nhttps://one.example/debian\tpriority:1\n")
    line = f"deb mirror+file:{tmp_path}/mirrors bookworm main\n"
    assert configured(tmp_path, {"sources.list": line}) == "https://one.example/debian"


def test_a_machine_without_a_mirror_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="no mirror of bookworm main"):
        configured(tmp_path, {"sources.list": "deb http://x.example trixie main\n"})


def test_another_system_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="Debian's own apt mirror"):
        configured(tmp_path, {}, release="ID=ubuntu\nVERSION_CODENAME=noble\n")

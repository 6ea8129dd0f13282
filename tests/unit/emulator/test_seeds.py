"""A seed is read whole, and a mistake is named with its file, its key and the cure."""

from pathlib import Path

import pytest

from gitlease.emulator import seeds

DOCUMENTED = """
[app]
slug = "gitlease-demo"
permissions = { contents = "write", metadata = "read", pull_requests = "write" }
[settings]
token_ttl = 1800
[[installations]]
owner = "acme"
repositories = "all"
[[installations]]
owner = "alice"
kind = "User"
repositories = ["dotfiles"]
[[repositories]]
name = "acme/app"
private = true
from = "path/to/a/git/repo"
[[repositories]]
name = "alice/dotfiles"
submodules = [{ path = "libs/x", url = "https://github.com/acme/app" }]
lfs = { "big.bin" = 1000 }
"""


def test_the_documented_seed_is_read(tmp_path: Path) -> None:
    file = tmp_path / "seed.toml"
    file.write_text(DOCUMENTED)
    seed = seeds.read(file)
    assert seed.folder == tmp_path.resolve()
    assert seed.apps[0].slug == "gitlease-demo"
    assert seed.settings.token_ttl == 1800
    assert [one.kind for one in seed.installations] == ["Organization", "User"]
    assert seed.repositories[0].source == "path/to/a/git/repo"
    assert seed.repositories[1].lfs == {"big.bin": 1000}


def test_a_dict_is_read_as_the_same_table() -> None:
    seed = seeds.read({"repositories": [{"name": "acme/app"}]})
    assert seed.host == "github.com"
    assert seed.repositories[0].private


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("repositorys = []", "repositorys: no such key; did you mean repositories?"),
        ("[setting]\n", "setting: no such key; did you mean settings?"),
        ("settings = 1", "settings: write it as [settings]"),
        ("host = 'https://a.b'", "host: is a host name in lower case, such as"),
        ("[settings]\ntoken_ttl = '1'", "settings.token_ttl: give a number, not '1'"),
        ("[app]\nslog = 'x'", "app.slog: no such key; did you mean slug?"),
        ("[app]\nid = true", "app.id: True is of a wrong kind"),
        (
            "[app]\npermissions = { contents = 'all' }",
            "app.permissions.contents: is one of read, write, admin",
        ),
        ("[[installations]]\n", "installations[0].owner: is missing"),
        (
            "[[installations]]\nowner = 'a'\nkind = 'Team'",
            "installations[0].kind: is one of Organization, User",
        ),
        (
            "[[installations]]\nowner = 'a'\nrepositories = 'some'",
            'installations[0].repositories: is "all" or a list of names',
        ),
        ("[repositories]\n", "repositories: write each as [[repositories]]"),
        (
            "[[repositories]]\nname = 'app'",
            "repositories[0].name: 'app': write it as \"owner/name\"",
        ),
        (
            "[[repositories]]\nname = 'a/b'\nfrom = 'x'\nlfs = {}",
            "repositories[0].lfs: cannot stand beside `from`",
        ),
        (
            "[[repositories]]\nname = 'a/b'\nsubmodules = [{ path = 'x' }]",
            "repositories[0].submodules[0].url: is missing",
        ),
        ("not toml", "Expected '=' after a key"),
    ],
)
def test_a_mistake_is_named_with_file_key_and_cure(
    tmp_path: Path, text: str, complaint: str
) -> None:
    file = tmp_path / "seed.toml"
    file.write_text(text)
    with pytest.raises(seeds.SeedError) as caught:
        seeds.read(file)
    assert str(caught.value).startswith(f"{file}: {complaint}")
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(seeds.SeedError, match=r"nowhere\.toml: No such file"):
        seeds.read(tmp_path / "nowhere.toml")

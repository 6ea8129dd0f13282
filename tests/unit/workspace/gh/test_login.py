"""gh is logged in by its files, no person is logged out, and all of it can be taken back."""

import errno
import time
from pathlib import Path

import pytest
import yaml

from gitlease.model.errors import GitleaseError
from gitlease.model.frozen import replace
from gitlease.workspace.gh import former, settled
from gitlease.workspace.gh.login import holds, log_in
from gitlease.workspace.gh.logout import log_out
from gitlease.workspace.gh.place import folder
from gitlease.workspace.install.folders import Folders
from gitlease.workspace.settings import Settings
from tests.support.parts import settings, token, tree

BOT = "acme-bot[bot]"
PERSONS = "# by hand\nghe.example.com:\n  user: mona\n  oauth_token: gho_hers"
FIRST, SECOND = token("ghs_first"), token("ghs_second")


@pytest.fixture
def mine(home: Path) -> Settings:
    made = settings(home)
    Folders(made).do()
    return made


@pytest.fixture
def env(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "PATH": ""}


@pytest.fixture
def gh(env: dict[str, str]) -> Path:
    """gh's folder, which is not there yet."""
    return folder(env)


def write(gh: Path, **texts: str) -> None:
    gh.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (gh / f"{name}.yml").write_text(text)


@pytest.mark.parametrize(
    ("env", "place"),
    [
        ({"HOME": "/h"}, "/h/.config/gh"),
        ({"HOME": "/h", "XDG_CONFIG_HOME": "/x"}, "/x/gh"),
        ({"HOME": "/h", "XDG_CONFIG_HOME": "/x", "GH_CONFIG_DIR": "/g"}, "/g"),
        ({"HOME": "/h", "XDG_CONFIG_HOME": "", "GH_CONFIG_DIR": ""}, "/h/.config/gh"),
    ],
)
def test_the_files_are_where_gh_looks_for_them(env: dict[str, str], place: str) -> None:
    assert folder(env) == Path(place)


def test_a_login_is_written_once_for_each_token(
    mine: Settings, env: dict[str, str], gh: Path
) -> None:
    said = log_in(mine, env, FIRST, BOT)
    assert said == ("done", f"{BOT} on github.com, in {gh}/hosts.yml")
    assert log_in(mine, env, FIRST, BOT)[0] == "already"
    assert holds(mine, env, FIRST.secret)
    assert log_in(mine, env, SECOND, BOT)[0] == "done"
    assert not holds(mine, env, FIRST.secret)
    assert yaml.safe_load((gh / "hosts.yml").read_text())["github.com"]["user"] == BOT
    assert yaml.safe_load((gh / "config.yml").read_text()) == {"version": "1"}
    assert {path.stat().st_mode & 0o777 for path in gh.iterdir()} == {0o600}


@pytest.mark.parametrize(
    "texts",
    [
        {},
        {"hosts": "{}\n"},
        {"hosts": ""},
        {"hosts": "# nobody yet"},
        {"hosts": PERSONS, "config": "editor: vim"},
        {"hosts": f"{PERSONS}\ngithub.com:\n    editor: vim\n", "config": 'version: "1"\n'},
        {"hosts": "github.com:\n  user: old[bot]\n  oauth_token: ghs_old\n", "config": "{}\n"},
        {"config": "- not\n- gh's\n"},
    ],
)
def test_what_was_there_comes_back_byte_for_byte(
    mine: Settings, env: dict[str, str], gh: Path, home: Path, texts: dict[str, str]
) -> None:
    if texts:
        write(gh, **texts)
    before = tree(home), sorted(home.rglob("*"))
    for one in (FIRST, SECOND):
        log_in(mine, env, one, BOT)
    assert tree(home) != before[0]
    assert log_out(mine, env) == ("done", f"{gh} has no login of ours")
    (mine.home / "run" / "gh.lock").unlink()
    assert (tree(home), sorted(home.rglob("*"))) == before
    assert log_out(mine, env)[0] == "already"


def test_it_comes_back_where_we_logged_in_whatever_the_environment_says(
    mine: Settings, env: dict[str, str], gh: Path, home: Path
) -> None:
    log_in(mine, env, FIRST, BOT)
    elsewhere = env | {"GH_CONFIG_DIR": str(home / "elsewhere")}
    log_in(mine, elsewhere, FIRST, BOT)
    log_out(mine, {"HOME": "/nowhere"})
    assert not gh.exists()
    assert not (home / "elsewhere").exists()


def test_what_others_wrote_since_then_stays(mine: Settings, env: dict[str, str], gh: Path) -> None:
    log_in(mine, env, FIRST, BOT)
    for name, more in (("hosts", PERSONS), ("config", "editor: vim\n")):
        text = (gh / f"{name}.yml").read_text()
        (gh / f"{name}.yml").write_text(text + more)
    log_out(mine, env)
    assert (gh / "hosts.yml").read_text() == PERSONS
    assert yaml.safe_load((gh / "config.yml").read_text()) == {"version": "1", "editor": "vim"}


def test_a_folder_that_cannot_be_written_has_the_cure_that_is_ghs(
    mine: Settings, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where all but our own folder is read-only."""

    def closed(path: Path, _: object) -> bool:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(settled, "change", closed)
    with pytest.raises(GitleaseError, match=r"hosts.yml cannot be written \(Read-only") as caught:
        log_in(mine, env, FIRST, BOT)
    assert caught.value.hint.startswith("set GH_CONFIG_DIR to a folder")


@pytest.mark.parametrize("who", ["user: mona", "user: mona\n  oauth_token: ghs_hers"])
def test_a_person_is_neither_logged_out_nor_in(
    mine: Settings, env: dict[str, str], gh: Path, who: str
) -> None:
    text = f"github.com:\n  {who}\n"
    write(gh, hosts=text)
    state, why = log_in(mine, env, FIRST, BOT)
    assert state == "skipped"
    assert "your own login to github.com (mona); `gh auth logout` makes room" in why
    assert tree(gh) == {"hosts.yml": text.encode()}
    assert list(former.all_kept(mine)) == []


def test_a_person_who_logs_in_later_is_left_alone_also_when_we_leave(
    mine: Settings, env: dict[str, str], gh: Path
) -> None:
    log_in(mine, env, FIRST, BOT)
    text = "github.com:\n    user: mona\n    oauth_token: gho_hers\n"
    write(gh, hosts=text)
    assert log_in(mine, env, SECOND, BOT)[0] == "skipped"
    log_out(mine, env)
    assert (gh / "hosts.yml").read_text() == text


def test_only_our_hosts_login_is_ours(mine: Settings, env: dict[str, str], gh: Path) -> None:
    """What we keep of others' is nothing: their tokens are in one place as before."""
    write(gh, hosts=PERSONS)
    log_in(mine, env, FIRST, BOT)
    log_in(replace(mine, host="ghe.acme.com"), env, SECOND, BOT)
    found = yaml.safe_load((gh / "hosts.yml").read_text())
    assert set(found) == {"github.com", "ghe.acme.com", "ghe.example.com"}
    assert not any(b"gho_hers" in data for data in tree(mine.home).values())
    log_out(mine, env)
    assert (gh / "hosts.yml").read_text() == PERSONS


def test_a_gh_that_writes_the_old_login_back_is_outlived(
    mine: Settings, env: dict[str, str], gh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had read the file before we wrote, and writes it as it was, whole, a moment later."""
    log_in(mine, env, FIRST, BOT)
    old = (gh / "hosts.yml").read_text()
    late = [old]

    def sleep(_: float) -> None:
        if late and holds(mine, env, SECOND.secret):
            (gh / "hosts.yml").write_text(late.pop())

    monkeypatch.setattr(settled, "_OLD", 0.0)
    monkeypatch.setattr(time, "sleep", sleep)
    log_in(mine, env, SECOND, BOT)
    assert late == []
    assert holds(mine, env, SECOND.secret)


def test_without_a_gh_a_file_that_only_gh_can_read_is_left_alone(
    mine: Settings, env: dict[str, str], gh: Path
) -> None:
    text = '{"github.com": {"user": "mona"}}'
    write(gh, hosts=text)
    state, why = log_in(mine, env, FIRST, BOT)
    assert (state, "not as gh writes it" in why) == ("skipped", True)
    assert tree(gh) == {"hosts.yml": text.encode()}


def test_a_file_that_became_unreadable_is_left_with_a_cure(
    mine: Settings, env: dict[str, str], gh: Path
) -> None:
    log_in(mine, env, FIRST, BOT)
    write(gh, hosts="{a: b}\n")
    with pytest.raises(GitleaseError, match="run `gh auth logout --hostname github"):
        log_out(mine, env)
    assert (gh / "hosts.yml").read_text() == "{a: b}\n"

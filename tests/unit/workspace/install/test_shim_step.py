"""The step that writes our gh, and what our gh starts beside the real one."""

import os
import time
from pathlib import Path

from gitlease.workspace.install.folders import Folders
from gitlease.workspace.install.shim import Shim
from tests.support.desks import MAIN, Desk, install, put_program
from tests.support.loops import wait_for
from tests.support.parts import settings, tree


def test_a_gh_that_comes_before_the_first_login_is_logged_in(desk: Desk, asked: Path) -> None:
    """It starts whatever comes of that, with all of its input."""
    assert desk.sees() == {}
    assert asked.read_text() == f"{desk.settings.home} -I -S {MAIN} refresh --login\n"


def test_nobody_is_logged_in_who_is_or_needs_not_or_has_a_token(desk: Desk, asked: Path) -> None:
    for words in ([], ["--version"], ["auth", "login"], ["config", "list"]):
        assert desk.run(*words)[1:] == ("", 0)
    assert desk.sees(GH_TOKEN="ghp_mine") == {"GH_TOKEN": "ghp_mine"}
    assert desk.sees(GH_HOST="ghe.example.com") == {"GH_HOST": "ghe.example.com"}
    places: list[dict[str, str]] = [{}, {"XDG_CONFIG_HOME": "xdg"}, {"GH_CONFIG_DIR": "own"}]
    for where in places:
        names = {name: str(desk.real.parent.parent / path) for name, path in where.items()}
        xdg = names.get("XDG_CONFIG_HOME", f"{desk.real.parent.parent}/.config")
        place = Path(names.get("GH_CONFIG_DIR", f"{xdg}/gh"))
        place.mkdir(parents=True)
        (place / "hosts.yml").write_text('ghe.example.com: {}\n"GitHub.com":\n  user: mona')
        assert desk.run("x", **names)[1:] == ("", 0)
    assert not asked.exists()
    # Where nobody wants a refresher, nobody is logged in either.
    (place / "hosts.yml").write_text("ghe.example.com: {}\n")
    (desk.settings.home / "run" / "refresher.wanted").unlink()
    assert desk.run("x", **names)[1:] == ("", 0)
    assert not asked.exists()


def test_the_step_repeats_without_effect_and_undoes_itself(home: Path) -> None:
    mine = install(settings(home))
    assert Shim(mine).do() == ("already", str(mine.shim))
    assert mine.shim.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in mine.shim.parent.iterdir()] == ["gh"]
    assert Shim(mine).undo()[0] == "done"
    assert Shim(mine).undo()[0] == "already"
    assert not mine.shim.parent.exists()


def test_without_the_helper_there_is_no_shim(home: Path) -> None:
    mine = settings(home)
    Folders(mine).do()
    assert Shim(mine).do()[0] == "skipped"
    assert "shims/gh" not in tree(mine.home)


def test_a_refresher_that_is_late_is_looked_after_beside_gh(desk: Desk) -> None:
    """Nobody else would, where git is not used; and not before it is late."""
    run, seen = desk.settings.home / "run", desk.settings.home / "seen"
    (run / "refresher.wanted").touch()
    put_program(desk.settings.helper, f'echo "$1" >>{seen}; cat >>{seen}; exec sleep 5')
    status = run / "status.json"
    status.touch()
    os.utime(status, (0, time.time() + 60))
    desk.sees()
    assert not seen.exists()
    os.utime(status, (0, time.time() - 60))
    desk.sees()
    wait_for(lambda: seen.exists() and seen.read_text().endswith("com\n\n"))
    assert seen.read_text() == "erase\nprotocol=https\nhost=github.com\n\n"

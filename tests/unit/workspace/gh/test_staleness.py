"""Whether gh's login is ours and lives is read from the file that gh itself writes."""

from pathlib import Path

import pytest
import yaml

from gitlease.workspace import clocks
from gitlease.workspace.cache import Cache
from gitlease.workspace.folders import make_private
from gitlease.workspace.gh.staleness import stale
from gitlease.workspace.settings import Settings
from tests.support import parts

LIVE, DEAD = "ghs_live", "ghs_canary"


@pytest.fixture
def mine(home: Path) -> Settings:
    settings = parts.settings(home)
    make_private(settings.home)
    make_private(settings.cache)
    now = clocks.read()
    Cache(settings).put("github.com~acme", parts.token(LIVE, now), now, for_all=True)
    return settings


def judged(settings: Settings, home: Path, text: str) -> str:
    (home / "hosts.yml").write_text(text)
    return stale(settings, {"GH_CONFIG_DIR": str(home)})


def block(token: str, user: str = "app[bot]", host: str = "github.com") -> str:
    login = {"user": user, "oauth_token": token, "users": {user: {"oauth_token": "ghs_inner"}}}
    return yaml.safe_dump({host: login}, sort_keys=False)


def test_a_token_of_ours_that_lives_is_no_problem(mine: Settings, home: Path) -> None:
    assert judged(mine, home, block(LIVE)) == ""


def test_a_token_that_is_not_ours_any_more_is_one(mine: Settings, home: Path) -> None:
    why = judged(mine, home, block(DEAD))
    assert why == "gh is logged in to github.com with a token that is not one of ours any more"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00\xff: [",
        block("gho_canary", "alice"),
        block(DEAD, "alice"),
        block(DEAD, host="github.com.example"),
        block(DEAD, host="xgithub.com"),
        "github.com:\n    git_protocol: https\n",
        "github.com:\n",
    ],
)
def test_what_is_not_our_login_is_none_of_our_business(
    mine: Settings, home: Path, text: str
) -> None:
    assert judged(mine, home, text) == ""


@pytest.mark.parametrize(
    "text",
    [
        block("x", host="a.example") + block(DEAD) + block("x", host="z.example"),
        block(DEAD).replace("\n", "\r\n"),
        block(DEAD) + '"[::1]":\n  user: alice\n  oauth_token: gho_x\n',
        "# mine\n" + block(DEAD).replace("    ", "  "),
        f'"github.com":\n    # bot\n\n    "user": "app[bot]"\n    \'oauth_token\': {DEAD} # new\n',
        f"github.com: # ours\n    oauth_token: '{DEAD}'\n    user: 'app[bot]'",
    ],
)
def test_our_block_is_found_in_any_company(mine: Settings, home: Path, text: str) -> None:
    assert yaml.safe_load(text)["github.com"]["oauth_token"] == DEAD
    assert judged(mine, home, text) != ""

"""The chain names all that its sources are configured with."""

import os
from pathlib import Path

from gitlease.model.frozen import replace
from gitlease.workspace.cache import Cache
from gitlease.workspace.settings import Settings
from gitlease.workspace.sources import Chain
from tests.support.parts import Clock, settings


def configured(mine: Settings, env: dict[str, str]) -> str:
    return Chain(mine, env, Cache(mine), Clock().wall).configured()


def test_whatever_may_mend_a_failure_changes_the_name(home: Path) -> None:
    key = home / "key"
    mine = settings(home, app_id="1", private_key_file=str(key))
    names = [
        configured(mine, {}),
        configured(replace(mine, app_id="2"), {}),
        configured(replace(mine, private_key_file=""), {}),
        configured(mine, {"GH_TOKEN": "ghs_canary"}),
        configured(mine, {"GH_TOKEN": "ghs_other"}),
        configured(mine, {"GITHUB_TOKEN": "ghs_canary"}),
        configured(mine, {"GH_TOKEN": "\udcff"}),
    ]
    key.write_text("one")
    names.append(configured(mine, {}))
    os.utime(key, (1, 1))
    names.append(configured(mine, {}))
    assert len(set(names)) == len(names)
    assert configured(mine, {"PATH": "/bin"}) == names[-1]
    assert "canary" not in " ".join(names)

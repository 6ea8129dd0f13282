"""Whoever prints a value of ours, in a debugger or a log, prints no secret of anybody's."""

from pathlib import Path

import pytest

from gitlease.model.exchange import Request, Response
from gitlease.model.gitcred import parse
from gitlease.model.tokens import Secret, Token
from gitlease.model.wire import Lease
from gitlease.workspace.doctor import git
from gitlease.workspace.doctor.patient import Patient, Witness
from gitlease.workspace.gh import block_yaml, former, hosts
from gitlease.workspace.install.usable import Usable
from gitlease.workspace.renewal import Outcome
from gitlease.workspace.settings import Settings
from gitlease.workspace.transport import Transport

CANARY = "ghs_canary"
HEADERS = {"authorization": f"Bearer {CANARY}"}
HOSTS = f"# {CANARY}\ngithub.com:\n    oauth_token: {CANARY}\n# {CANARY}\n"
ENV = {"GH_TOKEN": CANARY}
HOME = Path("/home/ours")
TOKEN = Token(Secret(CANARY), 1.0, 0.0)
VALUES: list[object] = [
    Secret(CANARY),
    TOKEN,
    Lease(TOKEN),
    Outcome(TOKEN),
    Request("GET", "https://github.com", HEADERS, CANARY.encode()),
    Response(200, HEADERS, CANARY.encode()),
    parse(f"password={CANARY}\nwwwauth[]={CANARY}\n".encode()),
    block_yaml.parse(HOSTS),
    hosts.login_of(HOSTS, "github.com"),
    former.Former("/gh", "github.com", "", True, HOSTS, HOSTS, HOSTS, True),
    git.Entry("local", None, "http.extraheader", CANARY),
    Patient(Settings(HOME), ENV, HOME, git.Git(ENV, HOME), Witness(Transport(ENV))),
    Usable(Settings(HOME), ENV, ()),
    Transport(ENV),
]


@pytest.mark.guarantee("secrets")
@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_is_shown_without_its_secrets(value: object) -> None:
    assert "canary" not in f"{value!r} {value}"

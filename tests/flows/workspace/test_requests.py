"""What we send to GitHub is what GitHub's own description of its API allows."""

from pathlib import Path

import pytest

from tests.support.github_openapi import Description
from tests.support.workspaces import Workspace

HOST_ONLY = pytest.mark.parametrize("machine", ["host"], indirect=True)


@HOST_ONLY
@pytest.mark.parametrize("granularity", ["owner", "repository"])
def test_our_requests_are_githubs(
    bare_workspace: Workspace, node_modules: Path, granularity: str
) -> None:
    """Finding an installation in each way, minting for an owner, for one repository, for less."""
    workspace = bare_workspace
    workspace.env["GITLEASE_GRANULARITY"] = granularity
    workspace.gitlease("install", "--offline", "--strict")
    settings = workspace.state / "settings.toml"
    settings.write_text(settings.read_text() + '[permissions]\ncontents = "read"\n')
    workspace.ask("acme/app")
    workspace.gitlease("token", check=False)
    workspace.env["GITLEASE_INSTALLATION_ID"] = str(workspace.github.installations[0]["id"])
    workspace.gitlease("token", "--owner", "other")
    asked = [one for one in workspace.github.requests() if one["host"] == "api.github.com"]
    assert {one["path"].rpartition("/")[2] for one in asked} >= {"installation", "access_tokens"}
    description = Description(node_modules)
    for one in asked:
        description.check_request(one["method"], one["path"], one["json"])

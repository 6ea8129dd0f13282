"""Only a token that gh would use in place of ours is found."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gitlease.workspace.doctor.patient import Patient
from gitlease.workspace.doctor.tokens import check_gh_token


@pytest.mark.parametrize(
    ("host", "variable", "found"),
    [
        ("github.com", "GH_TOKEN", True),
        ("github.com", "GH_ENTERPRISE_TOKEN", False),
        # gh means a tenant by the same variables as github.com.
        ("acme.ghe.com", "GITHUB_TOKEN", True),
        ("acme.ghe.com", "GH_ENTERPRISE_TOKEN", False),
        ("ghe.example.com", "GITHUB_ENTERPRISE_TOKEN", True),
        ("ghe.example.com", "GH_TOKEN", False),
    ],
)
def test_a_stale_token_is_found_in_the_variables_that_gh_means(
    patient: Callable[..., Patient], home: Path, host: str, variable: str, *, found: bool
) -> None:
    gh = home / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text("#!/bin/sh\n")
    gh.chmod(0o755)
    given = patient(host=host)
    env = {"PATH": str(gh.parent), variable: "ghs_stale"}
    kinds = [one.kind for one in check_gh_token(replace(given, env=env))]
    assert kinds == ["gh-token-stale"] * found
    # Our shim renews it, by whichever way its folder is reached.
    link = home / "link"
    link.symlink_to(given.settings.home / "shims")
    assert not list(check_gh_token(replace(given, env=env | {"PATH": str(link)})))

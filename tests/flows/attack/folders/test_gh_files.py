"""What a power cut leaves of gh's own files: what holds a login of a person's stays as it is."""

from collections.abc import Callable

import pytest

from tests.flows.workspace.test_helper import HOST_ONLY
from tests.support.evidence import Survived
from tests.support.loops import end_all
from tests.support.machines import Gh
from tests.support.workspaces import Workspace

pytestmark = HOST_ONLY

OTHERS = "ghe.example.com:\n    user: mona\n    oauth_token: gho_mine\n"


@pytest.fixture
def with_gh(bare_workspace: Workspace, gh_programs: dict[str, Gh]) -> Workspace:
    """A workspace with the current gh, logged in."""
    path = bare_workspace.machine.folder()
    (path / "gh").symlink_to(gh_programs["current"].path)
    bare_workspace.env |= {
        "PATH": f"{path}:/usr/bin:/bin",
        "GITLEASE_GH_OWNER": "acme",
        "SSL_CERT_FILE": str(bare_workspace.github.ca_file),
    }
    hosts = bare_workspace.home / ".config/gh/hosts.yml"
    hosts.parent.mkdir(parents=True)
    hosts.write_text(OTHERS)
    bare_workspace.gitlease("install", "--strict")
    end_all(bare_workspace.state)
    return bare_workspace


@pytest.mark.parametrize(
    ("how", "cut"),
    [("emptied", lambda data: data[:0]), ("all NULs", lambda data: bytes(len(data)))],
)
def test_a_file_that_holds_nothing_any_more_gets_our_login_again(
    with_gh: Workspace, how: str, cut: Callable[[bytes], bytes], survived: Survived
) -> None:
    hosts = with_gh.home / ".config/gh/hosts.yml"
    hosts.write_bytes(cut(hosts.read_bytes()))
    assert with_gh.gitlease("refresh").stderr == b""
    ran = with_gh.machine.run(["gh", "auth", "token"], env=with_gh.env)
    assert ran.stdout.startswith(b"ghs_")
    survived(f"gh's hosts.yml {how}")


@pytest.mark.parametrize(
    ("token", "tail"), [(b"ghs_", b""), (b"gho_", b"\0" * 40)], ids=["in our block", "and NULs"]
)
def test_a_cut_file_with_a_persons_login_is_left_and_named(
    with_gh: Workspace, token: bytes, tail: bytes
) -> None:
    """Somebody may still read another host's token out of it, so it is theirs to mend."""
    hosts = with_gh.home / ".config/gh/hosts.yml"
    data = hosts.read_bytes()
    broken = data[: data.index(b"oauth_token: " + token) + 6] + tail
    hosts.write_bytes(broken)
    ran = with_gh.gitlease("refresh", check=False)
    said = ran.stdout + ran.stderr
    assert b"gh cannot read its own files" in said
    assert b"hosts.yml" in said
    assert b"correct that file or remove it" in said
    assert hosts.read_bytes() == broken
    # git does not need it.
    assert with_gh.git("ls-remote", "-q", "https://github.com/acme/app").stderr == b""
    hosts.unlink()
    assert with_gh.gitlease("refresh").stderr == b""

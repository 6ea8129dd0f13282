"""A URL that somebody else wrote never carries a token to any host but GitHub's."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from gitlease.emulator import GitHub
from tests.support.evidence import Survived, Tried
from tests.support.evil import Evil
from tests.support.machines import Machine
from tests.support.workspaces import Workspace, password

EVIL = "evil.example"
# Through git itself, which takes them apart before the helper is asked.
URLS = [
    *(f"https://github.com%{code}.{EVIL}/acme/app" for code in ("0a", "0d", "00", "20", "2f")),
    *(f"https://{EVIL}%{code}host=github.com/acme/app" for code in ("0a", "0d%0a", "0d", "00")),
    f"https://{EVIL}/%0ahost=github.com",
    f"https://{EVIL}/acme/app%0aprotocol=https%0ahost=github.com",
    f"https://x%0ahost=github.com@{EVIL}/acme/app",
    f"https://x-access-token%0d@{EVIL}/acme/app",
    f"https://github.com@{EVIL}/acme/app",
    f"https://github.com:443@{EVIL}/acme/app",
    f"https://github.com%2f@{EVIL}/acme/app",
    f"https://github.com%40{EVIL}/acme/app",
    f"https://x-access-token@{EVIL}/acme/app",
    f"https://x-access-token:x@{EVIL}/acme/app",
    f"https://user:pass@{EVIL}/acme/app",
    f"https://demo%5Bbot%5D@{EVIL}/acme/app",
    f"https://github.com#@{EVIL}/acme/app",
    f"https://github.com?@{EVIL}/acme/app",
    f"https://github.com\\@{EVIL}/acme/app",
    f"https://github.com\\.{EVIL}/acme/app",
    f"https://{EVIL}\\github.com/acme/app",
    f"https://github.com.{EVIL}/acme/app",
    f"https://{EVIL}/github.com/acme/app",
    f"https://{EVIL}/https://github.com/acme/app",
    f"https://{EVIL}:443/acme/app",
    "https://github.com./acme/app",
    "https://github.com../acme/app",
    "https://GITHUB.COM./acme/app",
    "https://github.com:8443/acme/app",
    "https://github.com:80/acme/app",
    "https://github.com:0443/acme/app",
    "https://github.com:/acme/app",
    "https://api.github.com/acme/app",
    "https://gist.github.com/acme/app",
    "https://www.github.com/acme/app",
    "https://notgithub.com/acme/app",
    "https://[::1]/acme/app",
    "https://[::ffff:127.0.0.1]:443/acme/app",
    "https://127.0.0.1/acme/app",
    "https://2130706433/acme/app",
    "https://g\u0131thub.com/acme/app",
    "https://github\u3002com/acme/app",
    "https://\uff47\uff49\uff54\uff48\uff55\uff42.com/acme/app",
    "https://xn--gthub-n4a.com/acme/app",
    "http://github.com/acme/app",
    "http://github.com:443/acme/app",
    f"http://github.com@{EVIL}/acme/app",
    f"https://{'a' * 63}.{'b' * 63}.{'c' * 63}.{EVIL}/acme/app",
    f"https://{EVIL}/{'acme/' * 2000}app",
    f"https://-{EVIL}/acme/app",
    "https://-oProxyCommand=x/acme/app",
    f"https://{EVIL}/--upload-pack=x",
    f"HTTPS://{EVIL}/acme/app",
    f"https:{EVIL}/acme/app",
    f"https:///{EVIL}/acme/app",
    f"//{EVIL}/github.com",
    "ext::sh -c true",
]  # fmt: skip


@dataclass
class Street:
    """A workspace whose proxy leads to GitHub, and to evil for every other name."""

    workspace: Workspace
    evil: Evil
    # Of every token that there ever was.
    tokens: set[str] = field(default_factory=set)

    def git(self, *words: str) -> str:
        """Run git, to whatever end, and return what it said."""
        # As if a person had given the helper every host: git asks it for any.
        everyones = ("-c", f"credential.helper={self.workspace.helper}")
        ran = self.workspace.git(*everyones, *words, check=False)
        said = (ran.stdout + ran.stderr).decode(errors="replace")
        ours = [line for line in said.splitlines() if line.startswith("gitlease:")]
        assert [line for line in ours if not line.isprintable()] == []
        self.learn()
        return said

    def learn(self) -> None:
        """Remember the tokens that the workspace holds now."""
        cache = self.workspace.cache
        held = [cache.read(name) for name in cache.names()]
        self.tokens |= {one.token.secret.reveal() for one in held if one}

    def leaked(self) -> list[str]:
        """Return the evil requests that bore a token, or the user whose password is one."""
        self.learn()
        assert self.tokens
        return [
            f"{one.host}: {one.line}"
            for one in self.evil.seen
            if "ghs_" in one.shown or any(token in one.shown + one.line for token in self.tokens)
        ]


@pytest.fixture
def street(machine: Machine, github: GitHub) -> Iterator[Street]:
    with Evil(github.proxy_url) as evil:
        workspace = Workspace.on(machine, github)
        trusted = workspace.home / "ca.pem"
        evil.trusted_with(github.ca_file, trusted)
        workspace.env |= {
            "HTTPS_PROXY": evil.url,
            "http_proxy": evil.url,
            "GIT_SSL_CAINFO": str(trusted),
            "GITLEASE_CA_FILE": str(trusted),
            "GIT_ASKPASS": "true",
        }
        # Something to give away for a request without a path, too.
        workspace.env["GITLEASE_INSTALLATION_ID"] = str(github.installations[0]["id"])
        workspace.gitlease("install", "--offline", "--strict")
        workspace.gitlease("token")
        yield Street(workspace, evil)


@pytest.mark.guarantee("host")
def test_no_url_carries_a_token_elsewhere(street: Street, tried: Tried) -> None:
    """Not even where the helper was given every host, and git's own rules do not help."""
    street.git("ls-remote", "https://github.com/acme/app")
    assert street.tokens
    for url in URLS:
        street.git("ls-remote", "--", url)
    assert street.leaked() == []
    hosts = {one.host for one in street.evil.seen}
    # They were there, and asked for a password.
    assert {f"{EVIL}:443", f"github.com.{EVIL}:443", "github.com:8443", "github.com"} <= hosts
    tried("malicious URLs through git", len(URLS))


@pytest.mark.guarantee("host")
def test_no_redirect_carries_a_token_along(street: Street, survived: Survived) -> None:
    """Before and after GitHub has asked for the token, at a fetch and at a push."""
    street.git("clone", "https://github.com/acme/app.git", "app")
    for after, status in ((0, 302), (1, 301), (1, 307)):
        for service in ("git-upload-pack", "git-receive-pack"):
            street.workspace.github.fault(
                f"GET github.com/acme/app.git/info/refs?service={service}",
                status=status,
                after=after,
                headers={"location": f"https://{EVIL}/acme/app.git/info/refs?service={service}"},
            )
            config = ("-C", "app", "-c", "http.followRedirects=true")
            street.git(*config, "ls-remote", "https://github.com/acme/app.git")
            street.git(*config, "push", "https://github.com/acme/app.git", "HEAD:refs/heads/x")
        street.workspace.github.clear_faults()
    assert street.leaked() == []
    assert {one.host for one in street.evil.seen} == {f"{EVIL}:443"}
    assert {"git-upload-pack", "git-receive-pack"} == {
        one.line.partition("service=")[2].partition(" ")[0] for one in street.evil.seen
    }
    survived("a redirect to another host")


def test_upper_case_and_the_default_port_are_github(street: Street) -> None:
    """The harness sees what is carried: here a token is, to GitHub alone."""
    before = street.workspace.github.stats()["git_requests"]
    for url in ("https://GitHub.com/acme/app", "https://github.com:443/acme/app"):
        ran = street.workspace.git("ls-remote", url)
        assert b"refs/heads/main" in ran.stdout
    assert street.workspace.github.stats()["git_requests"] > before
    assert password(street.workspace.ask("acme/app").stdout)
    assert street.evil.seen == []

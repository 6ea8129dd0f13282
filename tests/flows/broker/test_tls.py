"""A broker that speaks TLS by itself, with a certificate of the operator's."""

import subprocess
from pathlib import Path

import httpx2
import pytest
import trustme

from tests.support.brokers import GITLEASE, broker_env, running_broker
from tests.support.papers import Papers


@pytest.fixture
def papers(tmp_path: Path) -> Papers:
    return Papers.issued(tmp_path / "papers")


def test_it_is_served_by_the_given_certificate(tmp_path: Path, papers: Papers) -> None:
    with running_broker(tmp_path / "broker", None, **papers.env) as broker:
        assert broker.url.startswith("https://127.0.0.1:")
        assert broker.ask("GET", "/healthz", verify=papers.trust).json() == {"status": "ok"}
        with pytest.raises(httpx2.ConnectError):
            broker.ask("GET", "/healthz")
        plain = broker.url.replace("https", "http")
        with pytest.raises(httpx2.TransportError):
            httpx2.get(f"{plain}/healthz", trust_env=False, timeout=10)
        assert broker.stop() == 0


@pytest.mark.parametrize("part", ["certificate", "key"])
@pytest.mark.parametrize("content", ["", "no PEM", None])
def test_papers_that_do_not_fit_are_told_in_one_line(
    tmp_path: Path, papers: Papers, part: str, content: str | None
) -> None:
    file: Path = getattr(papers, part)
    if content is None:
        other = trustme.CA().issue_cert("127.0.0.1")
        blob = other.cert_chain_pems[0] if part == "certificate" else other.private_key_pem
        blob.write_to_path(file)
    else:
        file.write_text(content)
    done = subprocess.run(
        [GITLEASE, "broker", "serve", "--port", "0"],
        check=False,
        env=broker_env(tmp_path) | papers.env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "TLS" in done.stderr

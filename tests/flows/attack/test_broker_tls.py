"""What of TLS a broker speaks, what it says of papers that are no good, and who holds it up."""

import contextlib
import datetime as dt
import socket
import ssl
import subprocess
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from cryptography.hazmat.primitives import serialization

from tests.support.brokers import GITLEASE, Broker, broker_env, running_broker
from tests.support.evidence import Survived, Tried
from tests.support.papers import Papers
from tests.support.raw_http import connect
from tests.support.siege import FULL

OLD = [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2]
STRONG = {"TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"}
# Handshakes that are begun and not ended.
SILENT = 300 if FULL else 40
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
PAST = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return Papers.issued(tmp_path_factory.mktemp("papers"))


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory, known: Papers) -> Iterator[Broker]:
    with running_broker(tmp_path_factory.mktemp("broker"), None, **known.env) as running:
        yield running


def shake(broker: Broker, context: ssl.SSLContext) -> tuple[str | None, str]:
    """Return the version and the cipher that a handshake comes to."""
    at = urlsplit(broker.url)
    with (
        socket.create_connection((at.hostname, at.port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
    ):
        cipher = wrapped.cipher()
        assert cipher is not None
        return wrapped.version(), cipher[0]


def only(known: Papers, version: ssl.TLSVersion) -> ssl.SSLContext:
    """Return a client that speaks *version* alone, with whatever cipher there is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=known.authority)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    if version < ssl.TLSVersion.TLSv1_3:
        context.set_ciphers("ALL:@SECLEVEL=0")
    return context


@pytest.mark.parametrize("version", OLD)
def test_no_old_version_is_spoken(broker: Broker, known: Papers, version: ssl.TLSVersion) -> None:
    with pytest.raises(ssl.SSLError, match="ALERT"):
        shake(broker, only(known, version))


def test_what_is_spoken_is_tls_1_3_with_a_strong_cipher(
    broker: Broker, known: Papers, tried: Tried
) -> None:
    version, cipher = shake(broker, only(known, ssl.TLSVersion.TLSv1_3))
    assert version == "TLSv1.3"
    assert cipher in STRONG
    tried("versions of TLS at the broker", len(OLD) + 1)


def test_whoever_begins_a_handshake_and_says_no_more_is_in_nobodys_way(
    broker: Broker, known: Papers, survived: Survived
) -> None:
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(connect(broker)) for _ in range(SILENT)]
        for number, one in enumerate(silent):
            one.sendall((b"", HELLO, b"GET / HTTP/1.1\r\n\r\n", b"\x16" * 20_000)[number % 4])
        began = time.monotonic()
        for _ in range(5):
            assert broker.ask("GET", "/healthz", verify=known.trust).status_code == 200
        assert time.monotonic() - began < 20
    survived("TLS handshakes that are never ended")


def serve(folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [GITLEASE, "broker", "serve", "--port", "0"],
        check=False,
        env=broker_env(folder) | env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_key_with_a_password_is_told_and_nobody_is_asked_for_it(tmp_path: Path) -> None:
    made = Papers.issued(tmp_path / "papers")
    plain = serialization.load_pem_private_key(made.key.read_bytes(), None)
    made.key.write_bytes(
        plain.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    done = serve(tmp_path, made.env)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "the TLS key has a password" in done.stderr


def test_another_certificates_key_is_told_before_anything_is_made(tmp_path: Path) -> None:
    made, other = Papers.issued(tmp_path / "one"), Papers.issued(tmp_path / "two")
    made.key = other.key
    done = serve(tmp_path / "broker", made.env)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "TLS cannot be served" in done.stderr
    assert not (tmp_path / "broker").exists()


def test_an_expired_certificate_is_said_and_refused_by_who_verifies(tmp_path: Path) -> None:
    made = Papers.issued(tmp_path / "papers", until=PAST)
    with running_broker(tmp_path / "broker", None, **made.env) as broker:
        with pytest.raises(httpx2.ConnectError):
            broker.ask("GET", "/healthz", verify=made.trust)
        assert "the TLS certificate has expired, at 2020-01-01" in broker.log.read_text()
        said = broker.manage("check", code=1)
        assert "has expired" in said

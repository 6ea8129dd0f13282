"""The App's proof is what GitHub asks for, and neither it nor the key is ever shown."""

import sys
import traceback

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from gitlease.github.appjwt import SigningKey
from gitlease.model.errors import KeyFileError

NOW = 1_800_000_000.9
KEY = rsa.generate_private_key(65537, 2048)


def pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey = KEY,
    form: PrivateFormat = PrivateFormat.TraditionalOpenSSL,
    encryption: KeySerializationEncryption | None = None,
) -> bytes:
    return key.private_bytes(Encoding.PEM, form, encryption or NoEncryption())


PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8])
@pytest.mark.parametrize("issuer", ["12345", "Iv23liAbc"])
def test_a_proof_holds_for_nine_minutes_and_began_a_minute_ago(
    form: PrivateFormat, issuer: str
) -> None:
    proof = SigningKey.from_pem(pem(form=form), name="k").sign(issuer, NOW)
    assert jwt.get_unverified_header(proof.reveal())["alg"] == "RS256"
    claims = jwt.decode(
        proof.reveal(),
        KEY.public_key(),
        algorithms=["RS256"],
        options={"verify_exp": False, "verify_iat": False},
    )
    assert claims == {"iat": 1_800_000_000 - 60, "exp": 1_800_000_000 + 540, "iss": issuer}


def test_neither_key_nor_proof_shows_itself() -> None:
    key = SigningKey.from_pem(pem(), name="k")
    proof = key.sign("1", NOW)
    assert proof.reveal() not in f"{proof} {proof!r}"
    assert "PRIVATE" not in repr(key)
    assert not hasattr(key, "__dict__")


BAD = {
    "nothing": b"",
    "text": b"hello canary",
    "binary": b"\x00\xff" * 50,
    "public": PUBLIC,
    "cut": pem()[:300],
    "spoilt": pem().replace(b"\nMII", b"\nAAA", 1),
    "elliptic": pem(ec.generate_private_key(ec.SECP256R1()), PrivateFormat.PKCS8),
    "unknown curve": b"-----BEGIN EC PRIVATE KEY-----\nMBMCAQEEBAAAAACgCAYGKwYBBAHZAA==\n"
    b"-----END EC PRIVATE KEY-----\n",
    "short": pem(rsa.generate_private_key(65537, 1024)),
    "edwards": pem(ed25519.Ed25519PrivateKey.generate(), PrivateFormat.PKCS8),
    "encrypted": pem(KEY, PrivateFormat.PKCS8, BestAvailableEncryption(b"pw")),
    "encrypted openssl": pem(KEY, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"pw")),
}


@pytest.mark.parametrize("what", BAD)
def test_a_wrong_key_file_is_named_with_a_cure_and_not_quoted(what: str) -> None:
    with pytest.raises(KeyFileError) as raised:
        SigningKey.from_pem(BAD[what], name="/etc/app.pem")
    assert str(raised.value).startswith("/etc/app.pem ")
    assert raised.value.hint
    shown = "".join(traceback.format_exception(raised.value))
    assert not any(line and line in shown for line in BAD[what].decode("latin-1").split("\n")[1:])


def test_a_cryptography_that_is_too_old_is_called_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Debian 12's own, which knows no key without its validation."""

    def load_pem_private_key(data: bytes, password: bytes | None) -> None:
        raise AssertionError((data, password))

    monkeypatch.setattr(
        "cryptography.hazmat.primitives.serialization.load_pem_private_key", load_pem_private_key
    )
    with pytest.raises(KeyFileError, match="needs a newer cryptography"):
        SigningKey.from_pem(pem(KEY), name="k")


def test_a_public_key_is_called_public() -> None:
    with pytest.raises(KeyFileError, match="holds a public key only"):
        SigningKey.from_pem(PUBLIC, name="k")


def test_an_encrypted_key_is_called_encrypted() -> None:
    with pytest.raises(KeyFileError, match="encrypted"):
        SigningKey.from_pem(BAD["encrypted"], name="k")


@pytest.mark.parametrize("package", ["jwt", "cryptography.hazmat.primitives.serialization"])
def test_a_missing_extra_is_named_with_the_command_that_installs_it(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(KeyFileError) as raised:
        SigningKey.from_pem(pem(), name="k")
    assert raised.value.hint == "pip install 'gitlease[app]'"

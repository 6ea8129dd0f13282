"""A certificate for the loopback address, as an operator would give one to a broker."""

import datetime as dt
import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass
class Papers:
    """A certificate and its key, as files, and whoever trusts its authority."""

    certificate: Path
    key: Path
    authority: str
    trust: ssl.SSLContext

    @classmethod
    def issued(cls, folder: Path, until: dt.datetime | None = None) -> "Papers":
        """Make them in *folder*, good for as long as *until*."""
        authority = trustme.CA()
        issued = authority.issue_cert("127.0.0.1", not_after=until)
        trust = ssl.create_default_context()
        authority.configure_trust(trust)
        folder.mkdir(exist_ok=True)
        pem = authority.cert_pem.bytes().decode()
        made = cls(folder / "cert.pem", folder / "key.pem", pem, trust)
        made.certificate.write_bytes(b"".join(one.bytes() for one in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(made.key)
        return made

    @property
    def env(self) -> dict[str, str]:
        """What tells a broker of them."""
        return {
            "GITLEASE_BROKER_TLS_CERTIFICATE": str(self.certificate),
            "GITLEASE_BROKER_TLS_KEY": str(self.key),
        }

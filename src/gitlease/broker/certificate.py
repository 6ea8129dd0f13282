"""
The operator's certificate and its key, judged before anything listens.

What does not fit stops the start.  An expired certificate does not: whoever starts the broker again
must not find it gone for a date that was noticed by nobody; it is said, at each start and by
`gitlease broker check`.
"""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING

from cryptography import x509

from gitlease.model.errors import SettingsError
from gitlease.model.wire import iso

if TYPE_CHECKING:
    from gitlease.broker.settings import Settings

HINT = "check the TLS certificate and its key"


def require(settings: Settings) -> None:
    """Raise `SettingsError` unless the key can be used and is that of the certificate."""
    if settings.tls_certificate is None or settings.tls_key is None:
        return

    def no_password() -> bytes:
        # Otherwise OpenSSL asks the terminal, and the start waits for an answer.
        raise SettingsError(
            "the TLS key has a password, which nobody can type at a start",
            hint="let the key be in a file without one, mode 0600",
        )

    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(settings.tls_certificate, settings.tls_key, no_password)
    except (OSError, ssl.SSLError) as error:
        said = getattr(error, "reason", None) or error.strerror or type(error).__name__
        raise SettingsError(f"TLS cannot be served ({said})", hint=HINT) from None


def trouble(settings: Settings, now: float | None = None) -> str | None:
    """Return what is wrong with the certificate's dates, None if nothing is or there is none."""
    if settings.tls_certificate is None:
        return None
    try:
        first = x509.load_pem_x509_certificates(settings.tls_certificate.read_bytes())[0]
    except (OSError, ValueError):
        return f"the TLS certificate {settings.tls_certificate} cannot be read"
    begins, ends = (
        first.not_valid_before_utc.timestamp(),
        first.not_valid_after_utc.timestamp(),
    )
    now = time.time() if now is None else now
    if now >= ends:
        return f"the TLS certificate has expired, at {iso(ends)}; every workspace refuses it"
    if now < begins:
        return f"the TLS certificate is good from {iso(begins)} on; until then it is refused"
    return None

"""
Make the private CA, and the certificate for the names that the emulator answers to.

With real names in it a client matches hosts as it would in earnest: no switch turns a check off.
"""

import os
import ssl
from pathlib import Path

import trustme

LOCAL = ("localhost", "127.0.0.1", "::1")


def write(ca_file: Path, server_pem: Path, host: str) -> ssl.SSLContext:
    """
    Make a CA and a certificate for *host* and its subdomains, write the CA to *ca_file* and the
    server's key with its certificate to *server_pem* (0600); return the server's TLS context.
    """
    authority = trustme.CA(organization_name="gitlease emulator")
    names = (host, f"*.{host}", *LOCAL)
    certificate = authority.issue_cert(*names, organization_name="gitlease emulator")
    authority.cert_pem.write_to_path(ca_file)
    server_pem.unlink(missing_ok=True)
    descriptor = os.open(server_pem, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(certificate.private_key_and_cert_chain_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(server_pem)
    context.set_alpn_protocols(["http/1.1"])
    return context

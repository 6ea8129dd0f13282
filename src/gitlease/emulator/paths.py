"""
Keep where the world lies on disk.

One folder holds all of it, so removing it removes the world.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Paths:
    """The places in the emulator's folder *root*."""

    root: Path

    @property
    def marker(self) -> Path:
        """A file that says whose folder this is."""
        return self.root / ".gitlease-emulator"

    @property
    def home(self) -> Path:
        """HOME of every git that is started."""
        return self.root / "home"

    @property
    def repositories(self) -> Path:
        """The bare repositories."""
        return self.root / "repositories"

    @property
    def ca_file(self) -> Path:
        """The certificate that clients must trust."""
        return self.root / "ca.pem"

    @property
    def server_pem(self) -> Path:
        """The server's key and certificate."""
        return self.root / "server.pem"

    def private_key(self, slug: str) -> Path:
        """The private key of the App *slug*."""
        return self.root / f"{slug}.private-key.pem"

    def large_file(self, repository_id: int, oid: str) -> Path:
        """The large file *oid* of a repository."""
        return self.root / "lfs" / str(repository_id) / oid

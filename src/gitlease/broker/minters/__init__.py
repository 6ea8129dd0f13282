"""
Where the broker's tokens come from: GitHub, and before it what was minted already.

`GitHubMinter` finds the owner's installation and mints; `Cached` stands around any minter and
asks it once for all who want the same.
"""

from gitlease.broker.minters.cached import Cached
from gitlease.broker.minters.from_github import GitHubMinter
from gitlease.broker.minters.minted import Minted, Minter
from gitlease.broker.minters.token_store import Kept, MemoryStore, TokenStore

__all__ = ["Cached", "GitHubMinter", "Kept", "MemoryStore", "Minted", "Minter", "TokenStore"]

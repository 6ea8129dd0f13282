"""
Write Git LFS pointers (git-lfs docs/spec.md), and content for seeds that want large files.
"""

import hashlib


def pointer(data: bytes) -> tuple[bytes, str]:
    """Return the pointer file that stands for *data*, and its oid."""
    oid = hashlib.sha256(data).hexdigest()
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(data)}\n"
    return text.encode(), oid


def content(name: str, size: int) -> bytes:
    """Return *size* bytes that are always the same for *name*, and do not compress."""
    return hashlib.shake_256(name.encode()).digest(size)

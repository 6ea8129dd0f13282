"""The broker's own description (`/openapi.json`), without a server or a network."""

from __future__ import annotations

import asyncio
import functools
import tempfile
from typing import Any

from gitlease.broker.app import opened
from gitlease.broker.service import build
from gitlease.broker.settings import load


@functools.cache
def description() -> dict[str, Any]:
    """Return what `/openapi.json` serves."""
    return asyncio.run(_description())


async def _description() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        async with opened(load({"GITLEASE_BROKER_DATA_DIR": folder})) as parts:
            schema: dict[str, Any] = build(parts).openapi_schema.to_schema()
            return schema


def word(schema: dict[str, Any]) -> str:
    """Return the type that *schema* describes, in Markdown: a word, or a link to its shape."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    choices = schema.get("oneOf") or schema.get("anyOf")
    if not choices and isinstance(schema.get("type"), list):
        choices = [schema | {"type": one} for one in schema["type"]]
    if choices:
        return " or ".join(word(one) for one in choices)
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"] if one is not None)
    if schema.get("type") == "array":
        return f"list of {word(schema.get('items', {}))}"
    return str(schema.get("type", "any")) + _bounds(schema)


def _bounds(schema: dict[str, Any]) -> str:
    if schema.get("type") not in {"integer", "number"}:
        return ""
    low, high = schema.get("minimum"), schema.get("maximum")
    # The largest is that of JSON's numbers, which is no rule of ours.
    if isinstance(high, int) and high < 1 << 53:
        return f", {low} to {high}" if high < (1 << 53) - 1 else ""
    return ""

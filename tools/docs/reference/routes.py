"""Every route of the broker: who may ask, with what, and what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.docs.reference.description import description, word
from tools.docs.reference.tables import code, table

if TYPE_CHECKING:
    from collections.abc import Mapping

_WHO = {
    "workspace": "the workspace's bearer",
    "admin": "the operator's bearer",
    "enrolment": "an enrolment secret",
}
_PROBLEM = "application/problem+json"


def routes() -> str:
    """Return a chapter for each route."""
    return "\n".join(
        _chapter(method, path, operation)
        for path, item in description()["paths"].items()
        for method, operation in item.items()
    )


def shapes() -> str:
    """Return a chapter for each shape of a body."""
    found = description()["components"]["schemas"]
    return "\n".join(
        f"### {name}\n\n{_told(shape)}{_fields(shape)}" for name, shape in sorted(found.items())
    )


def _chapter(method: str, path: str, operation: Mapping[str, Any]) -> str:
    text = f"### {method.upper()} {path}\n\n{operation['summary']}. For: {_who(operation)}.\n\n"
    given = operation.get("parameters", [])
    if given:
        rows = [(code(one["name"]), one["in"], word(one["schema"]), _meaning(one)) for one in given]
        text += table(["parameter", "in", "type", "meaning"], rows) + "\n"
    for media, body in operation.get("requestBody", {}).get("content", {}).items():
        text += f"Body: {word(body['schema'])}, `{media}`.\n\n"
    replies = [_reply(status, one) for status, one in sorted(operation["responses"].items())]
    return text + table(["status", "body", "when"], replies)


def _who(operation: Mapping[str, Any]) -> str:
    schemes = [name for one in operation.get("security", [{}]) for name in one or [""]]
    return " or ".join(_WHO.get(name, "anyone") for name in schemes)


def _meaning(parameter: Mapping[str, Any]) -> str:
    said = str(parameter.get("description") or parameter["schema"].get("description", ""))
    default = parameter["schema"].get("default")
    return said if default is None else f"{said} (default: `{str(default).lower()}`)".strip()


def _reply(status: str, reply: Mapping[str, Any]) -> tuple[str, str, str]:
    for media, body in reply.get("content", {}).items():
        is_json = media in {"application/json", _PROBLEM}
        return status, word(body["schema"]) if is_json else code(media), _when(status, reply)
    return status, "", _when(status, reply)


def _when(status: str, reply: Mapping[str, Any]) -> str:
    # What the framework says of a success is what the number says.
    return "" if status.startswith("2") else str(reply["description"])


def _told(shape: Mapping[str, Any]) -> str:
    return f"{shape['description']}\n\n" if shape.get("description") else ""


def _fields(shape: Mapping[str, Any]) -> str:
    needed = set(shape.get("required", []))
    rows = [
        (code(name), word(one), "yes" if name in needed else "", str(one.get("description", "")))
        for name, one in shape.get("properties", {}).items()
    ]
    return table(["field", "type", "always", "meaning"], rows) if rows else ""

"""
Check exchanges against GitHub's own description of its API.

The description is OpenAPI 3.0, whose schemas are JSON Schema but for `nullable`; jsonschema is
taught that word, and resolves references into the one big file by itself.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
from jsonschema import Draft4Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

DESCRIPTION = "@octokit/openapi/generated/api.github.com.json"
WHERE = "urn:github"
NULLABLE = ("type", "enum", "allOf", "anyOf", "oneOf", "$ref")


def _nullable(check: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    def checked(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        if instance is not None or not schema.get("nullable"):
            yield from check(validator, value, instance, schema) or ()

    return checked


_Validator: Any = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    Draft4Validator, {word: _nullable(Draft4Validator.VALIDATORS[word]) for word in NULLABLE}
)


FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@FORMATS.checks("uri", raises=ValueError)
def _is_uri(value: object) -> bool:
    if not isinstance(value, str):
        return True
    parts = urlsplit(value)
    return bool(parts.scheme and parts.netloc)


class Description:
    """GitHub's API, as it says itself."""

    def __init__(self, node_modules: Path) -> None:
        self.whole = _loaded(node_modules / DESCRIPTION)
        resource: Resource[Any] = DRAFT4.create_resource(self.whole)
        self.registry: Registry[Any] = Registry().with_resource(WHERE, resource)

    def check_reply(self, method: str, path: str, status: int, body: Any) -> None:
        """Fail unless *body* is what GitHub may answer to *method* *path* with *status*."""
        name, operation = self._operation(method, path)
        place = ["paths", name, method.lower(), "responses", str(status)]
        responses = operation["responses"]
        assert str(status) in responses, f"{method} {name} never answers {status}"
        reply = responses[str(status)]
        if "$ref" in reply:
            place = reply["$ref"].removeprefix("#/").split("/")
            reply = self._at(place)
        if "content" not in reply:
            assert body is None
            return
        self._check([*place, "content", "application/json", "schema"], body)

    def check_request(self, method: str, path: str, body: Any) -> None:
        """Fail unless GitHub takes *body* with *method* *path*."""
        name, operation = self._operation(method, path)
        if body is None:
            assert not operation.get("requestBody", {}).get("required")
            return
        place = ["paths", name, method.lower(), "requestBody", "content", "application/json"]
        self._check([*place, "schema"], body)

    def _check(self, place: list[str], instance: Any) -> None:
        pointer = "/".join(part.replace("~", "~0").replace("/", "~1") for part in place)
        schema = {"$ref": f"{WHERE}#/{pointer}"}
        _Validator(schema, registry=self.registry, format_checker=FORMATS).validate(instance)

    def _at(self, place: list[str]) -> Any:
        found = self.whole
        for part in place:
            found = found[part]
        return found

    def _operation(self, method: str, path: str) -> tuple[str, Any]:
        """Return the path's template and its operation; the most literal template wins."""
        fitting = [
            name
            for name, operations in self.whole["paths"].items()
            if method.lower() in operations
            and re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", name), path)
        ]
        assert fitting, f"GitHub's API has no {method} {path}"
        name = min(fitting, key=lambda one: one.count("{"))
        return name, self.whole["paths"][name][method.lower()]


@cache
def _loaded(file: Path) -> Any:
    whole = json.loads(file.read_text())
    # In this one place GitHub's description wants an account to be a user and an enterprise at
    # once; everywhere else it says "any of".
    listed = whole["paths"]["/app/installations"]["get"]["responses"]["200"]["content"]
    account = listed["application/json"]["schema"]["items"]["properties"]["account"]
    if "allOf" in account:
        account["anyOf"] = account.pop("allOf")
    return whole

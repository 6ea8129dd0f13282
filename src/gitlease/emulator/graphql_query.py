"""
Read a GraphQL document: operations, fragments, fields with their arguments.

Only the executable part of the language (GraphQL, October 2021, section 2), and only its form;
what a field means is said in `graphql_objects`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TOKEN = re.compile(
    r"""(?P<blank>[\s,\ufeff]+|\#[^\n\r]*)
    |(?P<block>\"\"\"(?:\\\"\"\"|[\s\S])*?\"\"\")
    |(?P<text>"(?:\\.|[^"\\\n])*")
    |(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<name>[_A-Za-z]\w*)
    |(?P<sign>\.\.\.|[!$&()\[\]{}:=@|])""",
    re.VERBOSE,
)
CONSTANTS = {"true": True, "false": False, "null": None}
MAX_DEPTH = 50  # nested selections; gh stays under 15


class QuerySyntaxError(ValueError):
    """The document is no GraphQL."""


@dataclass(frozen=True)
class Variable:
    """A `$name` inside an argument."""

    name: str


@dataclass(frozen=True)
class Field:
    """One field, or a fragment: then *name* is empty and *condition* may name a type."""

    name: str
    alias: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    selections: Sequence["Field"] = ()
    condition: str = ""
    fragment: str = ""
    directives: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """One query or mutation, with the defaults of its variables."""

    kind: str
    name: str
    defaults: Mapping[str, Any]
    selections: Sequence[Field]


@dataclass(frozen=True)
class Document:
    """All operations and fragments of one request."""

    operations: Sequence[Operation]
    fragments: Mapping[str, Field]


def parse(text: str) -> Document:
    """Return the document in *text*, or raise QuerySyntaxError."""
    document = _Parser(text).document()
    for name in document.fragments:
        _check_ends(document.fragments, name, ())
    return document


def _check_ends(fragments: Mapping[str, Field], name: str, within: tuple[str, ...]) -> None:
    """Raise QuerySyntaxError if the fragment *name* comes back to itself, section 5.5.2.2."""
    if name in within:
        raise QuerySyntaxError(f"Fragment {name} contains an infinite loop")
    for inner in _spreads(fragments[name].selections):
        if inner in fragments:
            _check_ends(fragments, inner, (*within, name))


def _spreads(selections: Sequence[Field]) -> set[str]:
    found = {one.fragment for one in selections if one.fragment}
    return found.union(*(_spreads(one.selections) for one in selections))


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        self.place = 0
        self.depth = 0
        position = 0
        while position < len(text):
            match = TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                raise QuerySyntaxError(f"Unexpected character at {position}")
            if match.lastgroup != "blank":
                self.tokens.append((match.lastgroup, match[0]))
            position = match.end()

    def peek(self) -> str:
        """Return the next token's text, "" at the end."""
        return self.tokens[self.place][1] if self.place < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        """Return the next token's text; it must be *wanted* if that is given."""
        found = self.peek()
        if not found or (wanted and found != wanted):
            raise QuerySyntaxError(f"Expected {wanted or 'more'}, found {found[:40] or 'the end'}")
        self.place += 1
        return found

    def is_name(self) -> bool:
        """Tell whether the next token is a name."""
        return self.place < len(self.tokens) and self.tokens[self.place][0] == "name"

    def name(self) -> str:
        found = self.take()
        if self.tokens[self.place - 1][0] != "name":
            raise QuerySyntaxError(f"Expected a name, found {found[:40]}")
        return found

    def document(self) -> Document:
        operations: list[Operation] = []
        fragments: dict[str, Field] = {}
        while self.peek():
            if self.peek() == "fragment":
                self.take()
                name = self.name()
                self.take("on")
                condition, directives = self.name(), self.directives()
                body = self.selections()
                fragments[name] = Field(
                    "", condition=condition, selections=body, directives=directives
                )
            else:
                operations.append(self.operation())
        return Document(operations, fragments)

    def operation(self) -> Operation:
        if self.peek() == "{":
            return Operation("query", "", {}, self.selections())
        kind = self.name()
        if kind not in {"query", "mutation"}:
            raise QuerySyntaxError(f"Expected an operation, found {kind[:40]}")
        name = "" if self.peek() in {"(", "{", "@"} else self.name()
        defaults = self.variables() if self.peek() == "(" else {}
        self.directives()
        return Operation(kind, name, defaults, self.selections())

    def variables(self) -> dict[str, Any]:
        """Read variable definitions; types are not kept, values are taken as they come."""
        defaults: dict[str, Any] = {}
        self.take("(")
        while self.peek() != ")":
            self.take("$")
            name = self.name()
            self.take(":")
            while self.peek() in {"[", "]", "!"} or self.is_name():
                self.take()
            if self.peek() == "=":
                self.take()
                defaults[name] = self.value()
        self.take(")")
        return defaults

    def selections(self) -> list[Field]:
        self.deeper()
        self.take("{")
        found = []
        while self.peek() != "}":
            found.append(self.spread() if self.peek() == "..." else self.field())
        self.take("}")
        self.depth -= 1
        return found

    def deeper(self) -> None:
        """Count one level more; whoever calls takes it back."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise QuerySyntaxError("Nested too deeply")

    def spread(self) -> Field:
        self.take("...")
        if self.peek() not in {"on", "{", "@"}:
            fragment = self.name()
            return Field("", fragment=fragment, directives=self.directives())
        condition = ""
        if self.peek() == "on":
            self.take()
            condition = self.name()
        directives = self.directives()
        body = self.selections()
        return Field("", condition=condition, directives=directives, selections=body)

    def field(self) -> Field:
        name = alias = self.name()
        if self.peek() == ":":
            self.take()
            name = self.name()
        arguments = self.arguments()
        directives = self.directives()
        body = self.selections() if self.peek() == "{" else []
        return Field(name, alias, arguments, body, directives=directives)

    def arguments(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.peek() == "(":
            self.take()
            while self.peek() != ")":
                name = self.name()
                self.take(":")
                found[name] = self.value()
            self.take(")")
        return found

    def directives(self) -> dict[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        while self.peek() == "@":
            self.take()
            name = self.name()
            found[name] = self.arguments()
        return found

    def value(self) -> Any:
        text = self.take()
        kind = self.tokens[self.place - 1][0]
        if text == "$":
            return Variable(self.name())
        if text in {"[", "{"}:
            self.deeper()
            found: list[Any] | dict[str, Any] = self.values() if text == "[" else self.pairs()
            self.depth -= 1
            return found
        if kind == "block":
            return text[3:-3]
        if kind in {"text", "number"}:
            try:
                return json.loads(text)
            except ValueError:
                raise QuerySyntaxError(f"Unexpected {text[:40]}") from None
        if kind == "name":
            return CONSTANTS.get(text, text)
        raise QuerySyntaxError(f"Expected a value, found {text[:40]}")

    def values(self) -> list[Any]:
        found: list[Any] = []
        while self.peek() != "]":
            found.append(self.value())
        self.take("]")
        return found

    def pairs(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self.peek() != "}":
            name = self.name()
            self.take(":")
            found[name] = self.value()
        self.take("}")
        return found

"""
Answer `POST /graphql`: carry out a query on the world's objects.

gh needs it for `auth status`, `repo view`, `repo clone` and `pr list`; each version of gh asks in
its own words, so queries are carried out and not recognised.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import JSONResponse, Response

from .api_call import Call
from .graphql_objects import INTERFACES, GraphQLRefusal, Node, Objects
from .graphql_query import Document, Field, Operation, QuerySyntaxError, Variable, parse


async def answer(call: Call) -> Response:
    """`POST /graphql`; a query that fails is a 200 with `errors`, as GraphQL has it."""
    holder = call.holder()
    body = await call.json()
    text, variables = body.get("query"), body.get("variables") or {}
    if not isinstance(text, str) or not isinstance(variables, dict):
        return _failed("A query attribute must be specified and must be a string.")
    try:
        document = parse(text)
        operation = _chosen(document, body.get("operationName"))
    except QuerySyntaxError as error:
        return _failed(f"Parse error: {error}")
    run = _Run(document, {**operation.defaults, **variables})
    try:
        data = run.object(Objects(call, holder).root(), operation.selections, [])
    except UndefinedFieldError as error:
        return _failed(str(error))
    reply: dict[str, Any] = {"data": data}
    return JSONResponse({**reply, "errors": run.errors} if run.errors else reply)


def _failed(message: str) -> Response:
    return JSONResponse({"errors": [{"message": message}]})


def _chosen(document: Document, name: Any) -> Operation:
    for operation in document.operations:
        if operation.kind == "query" and name in {None, "", operation.name}:
            return operation
    raise QuerySyntaxError("there is no query to carry out")


class UndefinedFieldError(LookupError):
    """The query asks for a field or a fragment that does not exist."""


@dataclass
class _Run:
    """One query being carried out."""

    document: Document
    variables: Mapping[str, Any]
    errors: list[dict[str, Any]] = field(default_factory=list)

    def object(self, node: Node, selections: Any, path: list[Any]) -> dict[str, Any]:
        """Return the fields of *node* that *selections* ask for."""
        answers: dict[str, Any] = {}
        for one in self.flat(node, selections):
            if one.name == "__typename":
                answers[one.alias] = node.type
                continue
            if one.name not in node.fields:
                raise UndefinedFieldError(f"Field '{one.name}' doesn't exist on type '{node.type}'")
            here = [*path, one.alias]
            try:
                found = node.fields[one.name]
                value = found(self.value(one.arguments)) if callable(found) else found
                answer = self.value_of(value, one, here)
            except GraphQLRefusal as refusal:
                error = {"type": refusal.kind, "path": here, "message": str(refusal)}
                self.errors.append(error)
                answer = None
            if isinstance(answer, dict) and isinstance(answers.get(one.alias), dict):
                # A field may be selected twice; what is asked of it adds up.
                answers[one.alias] |= answer
            else:
                answers[one.alias] = answer
        return answers

    def value_of(self, value: Any, asked: Field, path: list[Any]) -> Any:
        """Return a field's *value* as JSON."""
        if isinstance(value, Node):
            return self.object(value, asked.selections, path)
        if isinstance(value, list):
            pairs = enumerate(value)
            return [self.value_of(one, asked, [*path, number]) for number, one in pairs]
        return value

    def flat(self, node: Node, selections: Any) -> Iterator[Field]:
        """Yield the fields that apply to *node*, fragments resolved."""
        for one in selections:
            if not self.included(one):
                continue
            if one.name:
                yield one
                continue
            fragment = one
            if one.fragment:
                if one.fragment not in self.document.fragments:
                    raise UndefinedFieldError(f"Fragment {one.fragment} was used, but not defined")
                fragment = self.document.fragments[one.fragment]
            if fragment.condition in {"", node.type, *INTERFACES}:
                yield from self.flat(node, fragment.selections)

    def included(self, one: Field) -> bool:
        """Return whether `@include` and `@skip` leave *one* in."""
        include = self.value(one.directives.get("include", {})).get("if", True)
        skip = self.value(one.directives.get("skip", {})).get("if", False)
        return bool(include) and not skip

    def value(self, given: Any) -> Any:
        """Return an argument with its variables put in."""
        if isinstance(given, Variable):
            return self.variables.get(given.name)
        if isinstance(given, Mapping):
            return {key: self.value(one) for key, one in given.items()}
        if isinstance(given, list):
            return [self.value(one) for one in given]
        return given


ROUTES = [("POST", "/graphql", answer)]

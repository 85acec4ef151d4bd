"""A pact against an OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pact_gate.model.comparison import Finding, Kind, PactComparison, Unused
from pact_gate.model.errors import InputError
from pact_gate.model.matching import freeing
from pact_gate.model.pact import Pact
from pact_gate.openapi.bodies import Difference, read_as, request_body, response_body
from pact_gate.openapi.context import Context, Notes, Side
from pact_gate.openapi.document import Documents, Location, mapping
from pact_gate.openapi.exchange import FORM, Body, Exchange, exchange, is_json_type
from pact_gate.openapi.headers import NEVER_PARAMETERS, OF_HTTP
from pact_gate.openapi.parameters import compare_parameters, value_of
from pact_gate.openapi.paths import Paths
from pact_gate.openapi.schemas import Patterns, Schemas
from pact_gate.openapi.shapes import Shapes
from pact_gate.openapi.usage import unused

_MOST_INTERACTIONS = 20_000  # of one pact, half a minute
_MOST_FINDINGS = 1_000  # of one interaction


class Comparison:
    """One document, with which pacts are compared, and what they use of it."""

    def __init__(self, documents: Documents) -> None:
        self._patterns = Patterns()
        requests, responses = (Schemas(documents, self._patterns, response=each) for each in (False, True))
        self._context = Context(
            documents,
            Paths(documents),
            Side(requests, Shapes(requests)),
            Side(responses, Shapes(responses)),
            _of_security(documents),
        )

    def pact(self, pact: Pact, name: str) -> PactComparison:
        """Compare a pact, which is told by its file or its address.

        Raises:
            InputError: the pact has more interactions than any test writes, or the document is of no use to it.
        """
        if len(pact.interactions) > _MOST_INTERACTIONS:
            raise InputError(
                f"The pact {name} holds {len(pact.interactions):,} interactions, more than {_MOST_INTERACTIONS:,}.",
                "Check the consumer's test that writes it: it may add to a file of an earlier run.",
            )
        compared: list[str] = []
        findings: list[Finding] = []
        skipped: list[str] = []
        for index, interaction in enumerate(pact.interactions):
            found = exchange(interaction)
            if isinstance(found, str):
                skipped.append(found)
                continue
            notes = Notes(self._context.documents, found.name, index)
            _compare(self._context, found, notes)
            compared.append(found.name)
            if interaction.get("pending") is True and notes.findings:  # the consumer's own mark, as in a verification
                notes.skip("it is pending, so what was found of it does not count")
            else:
                findings += notes.findings[:_MOST_FINDINGS]
            skipped += notes.skipped
        return PactComparison(pact.consumer, pact.provider, name, tuple(compared), tuple(findings), tuple(skipped))

    def unused(self) -> tuple[Unused, ...]:
        """List what none of the pacts that were compared uses."""
        context = self._context
        return unused(context.documents, context.paths, context.responses.shapes, context.usage)

    @property
    def patterns_left_out(self) -> tuple[str, ...]:
        """The regular expressions that were not compared, because they cannot be run within bounds."""
        return tuple(sorted(self._patterns.left_out))


def _compare(context: Context, asked: Exchange, notes: Notes) -> None:
    """Find the operation of an interaction, and compare request and response with it."""
    found = context.paths.find(asked.path)
    if found is None:
        notes.add(
            Kind.PATH_UNKNOWN, "request path", f"`{asked.path}` is not described", context.documents.root / "paths"
        )
        return
    place = found.place / asked.method.lower()
    operation = context.documents.at(place)
    if not isinstance(operation, dict):
        message = f"{asked.method} `{found.template}` is not described"
        notes.add(Kind.METHOD_UNKNOWN, "request method", message, found.place)
        return
    context.usage.mark(place)
    if found.without_base:
        notes.skip(f"its path was compared without the base path {found.without_base} of the document's servers")
    compare_parameters(context, asked, place, found, notes)
    bodies = _Bodies(context, asked, notes)
    bodies.request(place, operation)
    bodies.response(place, operation)


class _Bodies:
    """What one interaction sends and needs, its parameters aside."""

    def __init__(self, context: Context, asked: Exchange, notes: Notes) -> None:
        self._context, self._asked, self._notes = context, asked, notes
        self._documents = context.documents

    def request(self, place: Location, operation: Mapping[str, Any]) -> None:
        body = self._asked.request.body
        if not isinstance(operation.get("requestBody"), dict):
            if body is not None:
                self._notes.add(Kind.REQUEST_BODY_UNKNOWN, "request body", "is sent, and none is described", place)
            return
        where = self._documents.followed(place / "requestBody")
        if body is None:
            if mapping(self._documents.at(where)).get("required") is True:
                self._notes.add(Kind.REQUEST_BODY_MISSING, "request body", "is not sent, and is required", where)
            return
        media = self._media(where / "content", body, Kind.REQUEST_TYPE_UNKNOWN)
        if media is not None and self._is_comparable(media, body, "request"):
            self._tell(request_body(*self._context.requests, media / "schema", body), "request body")

    def response(self, place: Location, operation: Mapping[str, Any]) -> None:
        key = _status(mapping(operation.get("responses")), self._asked.status)
        if key is None:
            message = f"{self._asked.status} is not described"
            self._notes.add(Kind.STATUS_UNKNOWN, "response status", message, place / "responses")
            return
        mark = place / "responses" / key
        where = self._documents.followed(mark)
        self._context.usage.mark(mark)
        self._headers(where)
        if self._asked.response.body is not None:
            self._response_body(self._asked.response.body, where, mark)

    def _response_body(self, body: Body, where: Location, mark: Location) -> None:
        if not mapping(mapping(self._documents.at(where)).get("content")):
            self._notes.add(Kind.RESPONSE_BODY_UNKNOWN, "response body", "is needed, and none is described", where)
            return
        media = self._media(where / "content", body, Kind.RESPONSE_TYPE_UNKNOWN)
        if media is None or not self._is_comparable(media, body, "response"):
            return
        usage, side = self._context.usage, self._context.responses
        found = response_body(*side, media / "schema", body, lambda field: usage.mark(mark, field))
        self._tell(found, "response body")

    def _tell(self, differences: Sequence[Difference], where: str) -> None:
        for each in differences[:_MOST_FINDINGS]:
            self._notes.add(each.kind, f"{where} {each.where}", each.message, each.place)

    def _media(self, content: Location, body: Body, kind: Kind) -> Location | None:
        described = mapping(self._documents.at(content))
        key = _content_type(described, body)
        if key is None:
            where = str(kind).partition("-")[0]
            has = ", ".join(f"`{each}`" for each in list(described)[:5]) or "none"
            message = f"`{body.content_type or 'JSON'}` is not described; there is {has}"
            self._notes.add(kind, f"{where} content type", message, content)
            return None
        return content / key

    def _is_comparable(self, media: Location, body: Body, side: str) -> bool:
        """Say whether there is a schema for a body, and one that can be compared with it."""
        if not body.is_json and not (body.content_type == FORM and isinstance(body.value, dict)):
            self._notes.skip(f"its {side} body is {body.content_type or 'no JSON'}")
            return False
        schema = mapping(self._documents.at(media)).get("schema")
        if side == "response" and (schema is True or not schema):
            self._notes.add(Kind.RESPONSE_UNDESCRIBED, "response body", "may be anything: it has no schema", media)
        return isinstance(schema, dict) and bool(schema)

    # --- headers of the response -------------------------------------------------------------------------------

    def _headers(self, where: Location) -> None:
        described = {name.lower(): name for name in mapping(mapping(self._documents.at(where)).get("headers"))}
        for name, values in self._asked.response.headers.items():
            if name in described and name not in NEVER_PARAMETERS:
                self._header(name, values, self._documents.followed(where / "headers" / described[name]))
            elif name not in OF_HTTP:
                self._notes.add(Kind.RESPONSE_HEADER_UNKNOWN, "response header", f"`{name}` is not described", where)

    def _header(self, name: str, values: Sequence[str], header: Location) -> None:
        about = mapping(self._documents.at(header))
        if about.get("required") is not True:
            message = f"`{name}` is not `required`: the provider may leave it out"
            self._notes.add(Kind.RESPONSE_HEADER_OPTIONAL, "response header", message, header)
        rule = self._asked.response.header_rules.get(name)
        if freeing(rule.matchers if rule else ()) or not isinstance(about.get("schema"), dict):
            return
        schemas, shapes = self._context.responses
        schema = header / "schema"
        sent = value_of(about, name, {name: tuple(values)}, is_list=shapes.is_list(schema))
        value = read_as(shapes, shapes.variants(schema), sent)
        for fault in schemas.faults(schema, value):
            self._notes.add(Kind.RESPONSE_HEADER_WRONG, f"response header {name}", fault.message, fault.place)


def _status(responses: Mapping[str, Any], status: int) -> str | None:
    """Find the response for a status: itself, its class (`2XX`), or the default."""
    for key in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
        if key in responses:
            return key
    return None


def _content_type(described: Mapping[str, Any], body: Body) -> str | None:
    """Find the media type for a body, the most specific first; a body that names none takes the first JSON."""
    known = {name.partition(";")[0].strip().lower(): name for name in reversed(list(described))}
    if not body.content_type:
        return next((known[each] for each in reversed(list(known)) if is_json_type(each) or "*" in each), None)
    main = body.content_type.partition("/")[0]
    return next((known[each] for each in (body.content_type, f"{main}/*", "*/*") if each in known), None)


def _of_security(documents: Documents) -> frozenset[tuple[str, str]]:
    """Give the headers and query parameters that carry credentials: security is not compared."""
    schemes = mapping(mapping(mapping(documents.at(documents.root)).get("components")).get("securitySchemes"))
    found = (mapping(each) for each in schemes.values())
    return frozenset(
        (str(each["in"]), str(each["name"]))
        for each in found
        if each.get("type") == "apiKey" and "in" in each and "name" in each
    )

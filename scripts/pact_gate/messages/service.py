"""The service that Pact's verifier asks for a message, as an ASGI and as a WSGI application.

The verifier posts `{"description": "...", "providerStates": [...]}` and compares the answer with what the consumer
needs: its body, its Content-Type, and the metadata in `Pact-Message-Metadata`, base64 of JSON
(https://github.com/pact-foundation/pact-reference/tree/master/rust/pact_verifier_cli#verifying-message-pacts).
Whatever is wrong here is a 4xx: a verifier takes a 5xx for a service that is about to come, and asks again for two
minutes.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from difflib import get_close_matches
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from pact_gate.messages.topic import MessageError, Produced, Sent, Topic, json_of, takes_context, told
from pact_gate.messages.values import as_json, plain

if TYPE_CHECKING:
    from pact_gate.states import States

log = logging.getLogger(__name__)

Needed = dict[str, dict[str, Any]]
Handler = Callable[..., object]
_Event = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Event]]
_Send = Callable[[_Event], Awaitable[None]]
AsgiApp = Callable[[_Event, _Receive, _Send], Awaitable[None]]
Made = TypeVar("Made", bound=Handler)

_MOST_ASKED = 1_000_000  # bytes of a request; it holds a description and states
_METADATA_MOST = 45_000  # bytes: 60,000 as base64, and Python's http.client takes 65,536 in a header's line
_FRAME = 5  # bytes before the value in Confluent's wire format: a zero, and the schema's id in four


@dataclass(frozen=True)
class Answer:
    """What the verifier gets."""

    status: HTTPStatus
    body: bytes
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Registered:
    topic: Topic
    make: Handler
    takes_states: bool


class Messages:
    """The messages of a provider, by the descriptions that they have in its consumers' pacts.

    `asgi` and `wsgi` are the applications. They answer a POST at any path; with `states` (`pact_gate.states.States`) a
    path that ends in `states` is theirs. In Starlette and FastAPI: `app.mount("/_pact", messages.asgi)`.
    """

    def __init__(self, states: States | None = None) -> None:
        self._states = states
        self._handlers: dict[str, _Registered] = {}

    def produces(self, description: str, *, to: Topic) -> Callable[[Made], Made]:
        """Register a handler: it returns the event that production would hand to its producer, alone or as `Produced`.

        It may take one argument: the states that the message needs, `{name: parameters}`.

        Raises:
            ValueError: there is a handler of that description.
            TypeError: it is a coroutine function, or takes more.
        """

        def register(make: Made) -> Made:
            if description in self._handlers:
                raise ValueError(f"There are two handlers of the message {description!r}.")
            if inspect.iscoroutinefunction(make):
                raise TypeError(f"The handler of {description!r} is async: make it a function that returns the event.")
            takes = sum(map(_is_needed, inspect.signature(make).parameters.values()))
            if takes > 1:
                raise TypeError(f"The handler of {description!r} takes {takes} arguments: it gets the states at most.")
            self._handlers[description] = _Registered(to, make, takes_states=bool(takes))
            return make

        return register

    def answer(self, request: bytes) -> Answer:
        """Return what the verifier gets for its request."""
        try:
            description, states = _asked(request)
            registered = self._handlers.get(description)
            if registered is None:
                return _refusal(self._unknown(description), HTTPStatus.NOT_FOUND)
            return _message(description, registered, states)
        except MessageError as error:
            log.warning("%s", error, exc_info=error.__cause__)
            return _refusal(str(error))
        except Exception as error:  # whatever it is, it must be no 5xx
            log.exception("A message could not be made")
            return _refusal(f"The message could not be made: {told(error)}.")

    def wsgi(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer as a WSGI application."""
        if self._states is not None and _is_of_states(environ.get("PATH_INFO", "")):
            return self._states.wsgi(environ, start_response)
        length = environ.get("CONTENT_LENGTH") or "0"
        size = int(length) if length.isdecimal() else 0
        if environ["REQUEST_METHOD"] != "POST" or size > _MOST_ASKED:
            answer = _not_asked(environ["REQUEST_METHOD"])
        else:
            answer = self.answer(environ["wsgi.input"].read(size))
        start_response(f"{answer.status.value} {answer.status.phrase}", list(answer.headers))
        return [answer.body]

    @property
    def asgi(self) -> AsgiApp:
        """Answer as an ASGI application. Handlers run in a thread: one that hangs stops nothing else."""
        # An object of its own: frameworks take a method for a view, and call it with their own kind of request.
        return _Asgi(self, self._states)

    def _unknown(self, description: str) -> str:
        if not self._handlers:
            return f"No handler makes the message {description!r}, or any: import the module that registers them."
        near = get_close_matches(description, self._handlers, n=1, cutoff=0.0)
        return (
            f"No handler makes the message {description!r}; the nearest is {near[0]!r}. Register one, or agree with "
            "the consumer on the spelling."
        )


def _is_needed(parameter: inspect.Parameter) -> bool:
    return parameter.default is parameter.empty and parameter.kind not in (
        parameter.VAR_POSITIONAL,
        parameter.VAR_KEYWORD,
    )


def _asked(request: bytes) -> tuple[str, Needed]:
    try:
        document = json.loads(request)
        description = document["description"]
        states = {each["name"]: dict(each.get("params") or {}) for each in document.get("providerStates") or ()}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise MessageError('This is no verifier\'s request: {"description": "...", "providerStates": []}.') from error
    if not isinstance(description, str):
        raise MessageError("This is no verifier's request: its description is no text.")
    return description, states


def _message(description: str, registered: _Registered, states: Needed) -> Answer:
    try:
        made = registered.make(states) if registered.takes_states else registered.make()
    except Exception as error:
        raise MessageError(f"The handler of {description!r} raised {told(error)}.") from error
    if made is None:
        raise MessageError(
            f"The handler of {description!r} returned nothing: let it return the event. A message without a value is "
            "Produced(None, key=...)."
        )
    produced = made if isinstance(made, Produced) else Produced(made)
    topic = registered.topic
    sent = topic.write(produced)
    body, content_type = _body(topic, sent)
    metadata = json.dumps(_metadata(topic, sent, content_type)).encode()
    if len(metadata) > _METADATA_MOST:
        raise MessageError(f"The headers of {description!r} are too long: {len(metadata):,} bytes.")
    headers = (("Content-Type", content_type), ("Pact-Message-Metadata", b64encode(metadata).decode()))
    return _answer(HTTPStatus.OK, body, headers)


def _body(topic: Topic, sent: Sent) -> tuple[bytes, str]:
    """Return what is compared with the pact, and its content type.

    That is the bytes themselves, unless consumers get something else of them: then its JSON, after a real round trip.
    """
    if sent.data is None:
        return b"", topic.content_type
    if topic.deserializer is not None:
        try:
            return json.dumps(as_json(plain(topic.read(sent))), ensure_ascii=False).encode(), "application/json"
        except MessageError:
            raise
        except Exception as error:
            raise MessageError(
                f"What consumers read of {topic.name!r} cannot stand in a pact: {told(error)}."
            ) from error
    if "json" in topic.content_type:
        json_of(sent.data, topic.name)
    return sent.data, topic.content_type


def _metadata(topic: Topic, sent: Sent, content_type: str) -> dict[str, Any]:
    """Return what a consumer sees of a message beside its value. Bytes that are no text are written as base64."""
    found: dict[str, Any] = {"contentType": content_type, "topic": topic.name}
    if sent.key is not None:
        found["key"] = _text(sent.key)
    if sent.headers:
        found["headers"] = {name: None if value is None else _text(value) for name, value in sent.headers}
    if takes_context(topic.serializer) and sent.data is not None and sent.data[:1] == b"\0":
        found["schemaId"] = int.from_bytes(sent.data[1:_FRAME], "big")
    return found


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return b64encode(data).decode()


class _Asgi:
    """https://asgi.readthedocs.io/en/latest/specs/www.html."""

    def __init__(self, messages: Messages, states: States | None) -> None:
        self._messages = messages
        self._states = states

    async def __call__(self, scope: _Event, receive: _Receive, send: _Send) -> None:
        """Answer one request, or the server's question whether it may start."""
        if scope["type"] == "lifespan":
            for phase in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{phase}.complete"})
        elif self._states is not None and _is_of_states(scope["path"]):
            await self._states.asgi(scope, receive, send)
        else:
            await self._message(scope["method"], receive, send)

    async def _message(self, method: str, receive: _Receive, send: _Send) -> None:
        body = await _received(receive)
        if method != "POST" or body is None:
            answer = _not_asked(method)
        else:
            answer = await asyncio.to_thread(self._messages.answer, body)
        headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers]
        await send({"type": "http.response.start", "status": answer.status.value, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})


def _is_of_states(path: str) -> bool:
    return path.rstrip("/").endswith("states")


async def _received(receive: _Receive) -> bytes | None:
    """Return a request's body, or None for one that is too long."""
    body, more = bytearray(), True
    while more:
        part = await receive()
        body += part.get("body", b"")
        more = part.get("more_body", False)
        if len(body) > _MOST_ASKED:
            return None
    return bytes(body)


def _not_asked(method: str) -> Answer:
    if method != "POST":
        return _refusal("A message is asked for with a POST.", HTTPStatus.METHOD_NOT_ALLOWED)
    return _refusal("The request is too long for a verifier's.", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def _refusal(sentence: str, status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY) -> Answer:
    return _answer(status, sentence.encode(errors="replace"), (("Content-Type", "text/plain; charset=utf-8"),))


def _answer(status: HTTPStatus, body: bytes, headers: tuple[tuple[str, str], ...]) -> Answer:
    return Answer(status, body, (*headers, ("Content-Length", str(len(body)))))

"""A ready endpoint for Pact's provider states, as an ASGI and as a WSGI application, for a provider's tests.

    from pact_gate.states import States

    states = States()

    @states.state("a product exists")
    def a_product(id: str = "prod-001", price: float = 9.5) -> dict[str, object]:
        database.save(id, price)
        return {"id": id}  # a value for requests that take it, `${id}`; return nothing where there is none

    @states.teardown("a product exists")  # where a state has to be taken away again
    def no_product(id: str = "prod-001", price: float = 9.5) -> None:
        database.delete(id)

`states.asgi` and `states.wsgi` are the applications, `states.answer` is what any other framework's view calls. The
endpoint changes data for whoever can reach it: it belongs into tests alone.

Names are compared exactly, as Pact does; what varies is a parameter. The answers are made for Pact's verifiers: each
failure is a 4xx with a sentence in `error`, because a 5xx is tried again for two minutes.

| status | when |
|---|---|
| 200 | done, with the JSON object that the handler returned; also for the empty name of an interaction without states |
| 400 | the request is none of the verifier's |
| 404 | no handler has this name; `nearest` is the one that is spelled most alike |
| 422 | the parameters are not those of the handler's signature |
| 424 | the handler raised, or returned what is no JSON object; the traceback goes to the log `pact_gate.states` |

A GET answers `{"states": [...]}` with all names, from which pact-gate tells the nearest one.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from enum import Enum
from http import HTTPStatus
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

__all__ = ["Answer", "States"]

_MOST = 1_000_000  # bytes of a request
_LOG = logging.getLogger(__name__)

_Handler = TypeVar("_Handler", bound=Callable[..., object])
_Message = MutableMapping[str, Any]


class Answer(NamedTuple):
    """What to send back: the status, and the JSON of the body (`application/json`)."""

    status: int
    body: bytes


class States:
    """The states of one provider: names with their handlers.

    A handler takes the state's parameters by their names. One without a default is required; one that no parameter of
    the function has is refused, unless it has `**parameters`. A type in the signature is that of the JSON value: `str`,
    `int`, `float`, `bool`, `list`, `dict`, `None`, unions, `Literal`, and made of a text `date`, `datetime`, `Decimal`,
    `UUID` and enums by their value. Other types get the value as it is. It may be `async`.
    """

    def __init__(self) -> None:
        self._set_up: dict[str, _Known] = {}
        self._tear_down: dict[str, _Known] = {}
        self.asgi = _Asgi(self)
        """The ASGI application; the path is not looked at. FastAPI: `app.add_route("/states", states.asgi)`."""
        self.wsgi = _Wsgi(self)
        """The WSGI application; the path is not looked at."""

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in the order in which they were given."""
        return tuple(self._set_up)

    def state(self, name: str) -> Callable[[_Handler], _Handler]:
        """Say which function puts the data of a state in place, whatever was there before. It stays as it is.

        Raises:
            ValueError: the name is empty or has a handler already, or the function cannot be called with names.
        """
        return _registering(name, self._set_up)

    def teardown(self, name: str) -> Callable[[_Handler], _Handler]:
        """Say which function takes the data of a state away again, with the same parameters. Few states need one.

        Raises:
            ValueError: as for `state`.
        """
        return _registering(name, self._tear_down)

    def answer(self, method: str, body: bytes) -> Answer:
        """Answer one request, for a framework that has neither ASGI nor WSGI to offer."""
        call = self._call(method, body)
        if isinstance(call, Answer):
            return call
        try:
            value = call.known.function(**call.parameters)
            if inspect.isawaitable(value):
                value = asyncio.run(_awaited(value))
        except Exception as error:
            return _raised(call, error)
        return _returned(call, value)

    async def answer_async(self, method: str, body: bytes) -> Answer:
        """Answer one request where an event loop runs. A handler that is not `async` runs in a thread."""
        call = self._call(method, body)
        if isinstance(call, Answer):
            return call
        try:
            if inspect.iscoroutinefunction(call.known.function):
                value = call.known.function(**call.parameters)
            else:
                value = await asyncio.to_thread(call.known.function, **call.parameters)
            if inspect.isawaitable(value):
                value = await value
        except Exception as error:
            return _raised(call, error)
        return _returned(call, value)

    def _call(self, method: str, body: bytes) -> _Call | Answer:
        """Read a request: what is to be called, or what it is answered without that."""
        if method == "GET":
            return _answer(HTTPStatus.OK, states=self.names)
        if method != "POST":
            return _refused(HTTPStatus.METHOD_NOT_ALLOWED, f"{method} is neither POST nor GET.")
        try:
            name, action, parameters = _asked(body)
        except ValueError as error:
            return _refused(HTTPStatus.BAD_REQUEST, str(error))
        if name and name not in self._set_up:
            return self._unknown(name)
        return self._wanted(name, action, parameters)

    def _wanted(self, name: str, action: str, parameters: Mapping[str, object]) -> _Call | Answer:
        known = (self._tear_down if action == "teardown" else self._set_up).get(name)
        if known is None:
            return _answer(HTTPStatus.OK)  # an interaction without a state, or nothing to take away
        try:
            return _Call(name, action, known, known.fitted(parameters))
        except ValueError as error:
            return _refused(
                HTTPStatus.UNPROCESSABLE_ENTITY, f"The parameters of the state {name!r} do not fit: {error}"
            )

    def _unknown(self, name: str) -> Answer:
        near = get_close_matches(name, self._set_up, 1)
        hint = f" The nearest known one is {near[0]!r}." if near else ""
        message = f"No provider state has the name {name!r}.{hint}"
        return _answer(HTTPStatus.NOT_FOUND, error=message, **({"nearest": near[0]} if near else {}))


@dataclass(frozen=True)
class _Known:
    """A handler, its parameters, and what each is typed as."""

    function: Callable[..., Any]
    parameters: Mapping[str, inspect.Parameter]
    types: Mapping[str, Any]

    def fitted(self, given: Mapping[str, object]) -> dict[str, object]:
        """Return the arguments for what a state is given.

        Raises:
            ValueError: it is too much or too little, or of another type.
        """
        takes_all = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in self.parameters.values())
        named = {name: each for name, each in self.parameters.items() if each.kind is not inspect.Parameter.VAR_KEYWORD}
        missing = [name for name, each in named.items() if each.default is each.empty and name not in given]
        if missing:
            raise ValueError(f"{', '.join(missing)} is missing.")
        beyond = [name for name in given if name not in named]
        if beyond and not takes_all:
            takes = f"it takes {', '.join(named)}" if named else "it takes none"
            raise ValueError(f"the handler has no parameter {', '.join(map(repr, beyond))}; {takes}.")
        return {name: self._typed(name, value) for name, value in given.items()}

    def _typed(self, name: str, value: object) -> object:
        if name not in self.types:
            return value
        try:
            return _converted(value, self.types[name])
        except (ValueError, TypeError, InvalidOperation):
            wanted = inspect.formatannotation(self.types[name])
            raise ValueError(f"{name} is {json.dumps(value)[:200]}, and not {wanted}.") from None


class _Call(NamedTuple):
    """A handler that is about to be called."""

    name: str
    action: str
    known: _Known
    parameters: dict[str, object]


def _registering(name: str, handlers: dict[str, _Known]) -> Callable[[_Handler], _Handler]:
    if not name:
        raise ValueError("A provider state needs a name.")
    if name in handlers:
        raise ValueError(f"The provider state {name!r} has a handler already.")

    def register(handler: _Handler) -> _Handler:
        parameters = inspect.signature(handler).parameters
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL)
        if any(each.kind in kinds for each in parameters.values()):
            raise ValueError(f"The handler of {name!r} has parameters that have no name to be given by.")
        try:
            types = get_type_hints(handler)
        except (NameError, TypeError):  # a type that only a checker can see
            types = {}
        handlers[name] = _Known(handler, parameters, {key: types[key] for key in parameters if key in types})
        return handler

    return register


def _asked(body: bytes) -> tuple[str, str, dict[str, Any]]:
    """Read the name, the action and the parameters out of what a verifier posts.

    Raises:
        ValueError: it is none of that.
    """
    if len(body) > _MOST:
        raise ValueError(f"The request has more than {_MOST:,} bytes.")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("The body is no JSON.") from None
    if not isinstance(document, dict):
        raise ValueError("The body is no JSON object.")  # noqa: TRY004 - it is an answer's sentence
    name, action, parameters = (document.get(key) for key in ("state", "action", "params"))
    if not isinstance(name, str | NoneType):
        raise ValueError("`state` is no text.")  # noqa: TRY004
    if action not in (None, "setup", "teardown"):
        raise ValueError("`action` is neither setup nor teardown.")
    if not isinstance(parameters, dict | NoneType):
        raise ValueError("`params` is no JSON object.")  # noqa: TRY004
    return name or "", action or "setup", parameters or {}


def _converted(value: Any, wanted: Any) -> Any:
    """Return a JSON value as a parameter's type, or raise ValueError, TypeError or InvalidOperation."""
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin in (Union, UnionType):
        return _one_of(value, arguments)
    if origin is Literal:
        return _checked(value, any(value == each and type(value) is type(each) for each in arguments))
    if origin is list and arguments:
        return [_converted(each, arguments[0]) for each in _checked(value, isinstance(value, list))]
    return _simple(value, NoneType if wanted is None else origin or wanted)


def _one_of(value: Any, types: Iterable[Any]) -> Any:
    """Take the first type that fits, and one that keeps the value as it is before one that changes it."""
    found = []
    for each in types:
        try:
            found.append(_converted(value, each))
        except (ValueError, TypeError, InvalidOperation):
            continue
    same = [each for each in found if type(each) is type(value)]
    if not found:
        raise ValueError
    return (same or found)[0]


def _simple(value: Any, wanted: Any) -> Any:
    if wanted is float and type(value) is int:
        return float(value)
    if wanted in (str, int, float, bool, list, dict, NoneType):
        return _checked(value, type(value) is wanted)
    if wanted is Decimal:
        return Decimal(str(_checked(value, type(value) in (int, float, str))))
    return _from_text(value, wanted)


def _from_text(value: Any, wanted: Any) -> Any:
    if wanted in (date, datetime):
        return wanted.fromisoformat(value)
    if wanted is UUID:
        return UUID(_checked(value, isinstance(value, str)))
    if inspect.isclass(wanted) and issubclass(wanted, Enum):
        return wanted(value)
    return value


def _checked(value: Any, fits: bool) -> Any:  # noqa: FBT001 - it is a condition, not an option
    if not fits:
        raise ValueError
    return value


async def _awaited(value: Awaitable[object]) -> object:
    return await value


def _raised(call: _Call, error: Exception) -> Answer:
    _LOG.error("The %s of the provider state %r failed", call.action, call.name, exc_info=error)
    message = f"The {call.action} of the provider state {call.name!r} raised {type(error).__name__}: {error}"
    return _refused(HTTPStatus.FAILED_DEPENDENCY, message)


def _returned(call: _Call, value: object) -> Answer:
    if not isinstance(value, Mapping | NoneType):
        message = f"The handler of the provider state {call.name!r} returned {type(value).__name__}, and no mapping."
        return _refused(HTTPStatus.FAILED_DEPENDENCY, message)
    try:
        return Answer(HTTPStatus.OK, json.dumps(dict(value or {}), allow_nan=False).encode())
    except (TypeError, ValueError, RecursionError) as error:
        message = f"What the handler of the provider state {call.name!r} returned is no JSON: {error}"
        return _refused(HTTPStatus.FAILED_DEPENDENCY, message)


def _refused(status: HTTPStatus, message: str) -> Answer:
    return _answer(status, error=message)


def _answer(status: HTTPStatus, **document: object) -> Answer:
    return Answer(status.value, json.dumps(document).encode())


class _Asgi:
    """https://asgi.readthedocs.io/en/latest/specs/www.html."""

    def __init__(self, states: States) -> None:
        self._states = states

    async def __call__(
        self,
        scope: _Message,
        receive: Callable[[], Awaitable[_Message]],
        send: Callable[[_Message], Awaitable[None]],
    ) -> None:
        """Answer one request, or the server's question whether it may start."""
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
        elif scope["type"] == "http":
            body = bytearray()
            more = True
            while more and len(body) <= _MOST:
                message = await receive()
                body += message.get("body", b"")
                more = message.get("more_body", False)
            status, content = await self._states.answer_async(scope["method"], bytes(body))
            headers = [(name.lower().encode(), value.encode()) for name, value in _headers(content)]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": content})


class _Wsgi:
    """https://peps.python.org/pep-3333/."""

    def __init__(self, states: States) -> None:
        self._states = states

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        """Answer one request."""
        length = environ.get("CONTENT_LENGTH") or "0"
        wanted = min(int(length), _MOST + 1) if length.isdecimal() else 0
        status, content = self._states.answer(environ["REQUEST_METHOD"], environ["wsgi.input"].read(wanted))
        start_response(f"{status} {HTTPStatus(status).phrase}", _headers(content))
        return [content]


def _headers(content: bytes) -> list[tuple[str, str]]:
    return [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]

"""The verification of one pact against a provider that runs."""

from __future__ import annotations

import json
import re
import socket
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from pact_gate.model.errors import InputError
from pact_gate.model.verification import InteractionResult, PactResult
from pact_gate.verifier.ffi import new_verifier, replay
from pact_gate.verifier.findings import failure_of, interactions_of
from pact_gate.verifier.plugins import missing_plugins
from pact_gate.verifier.relay import Call, Relay
from pact_gate.verifier.web import MOST_OF_A_STATE, checked_url, reason, shown_url

Kind = Literal["http", "message"]

_MESSAGE_TYPES = ("Asynchronous/Messages", "Synchronous/Messages")
_MARGIN = 0.5  # seconds that the verifier waits longer than a relay, so that the relay is the one to say what was late


@dataclass(frozen=True)
class Filters:
    """Which interactions to run; all by default. What is given must hold together.

    `description` and `state` are regular expressions as Rust's regex crate reads them; `no_state` takes interactions
    without a state.
    """

    description: str | None = None
    state: str | None = None
    no_state: bool = False

    def take(self, description: str, states: Sequence[str]) -> bool:
        """Say whether the verifier runs an interaction. Python reads the expressions here; few differ from Rust's."""
        if self.description and not re.search(self.description, description):
            return False
        if self.no_state:
            return not states
        return not self.state or any(re.search(self.state, each) for each in states)


@dataclass(frozen=True)
class ProviderAddress:
    """A provider and where it listens.

    `url` answers HTTP interactions. `messages_url` gets a POST of `{"description", "providerStates"}` for a message
    and answers with its content, its Content-Type, and its metadata as base64 of JSON in `Pact-Message-Metadata`.
    `states_url` gets a POST of `{"state", "params", "action": "setup"}` before each interaction and answers 2xx, with
    a JSON object where the pact takes values from it. `request_headers` are added to every request. A request may
    take `timeout` seconds (5, as in Pact's own verifiers).
    """

    provider: str
    url: str | None = None
    states_url: str | None = None
    messages_url: str | None = None
    request_headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    filters: Filters = Filters()
    timeout: float = 5.0

    def __post_init__(self) -> None:
        """Refuse what is no URL before anything is started."""
        urls = {"provider-url": self.url, "provider-states-url": self.states_url, "messages-url": self.messages_url}
        for name, url in urls.items():
            if url is not None:
                checked_url(url, name)


def verify_pact(pact: bytes, address: ProviderAddress) -> PactResult:
    """Replay the interactions of one pact against its provider.

    Whatever the pact holds ends in a result: what cannot be verified has an `error` and has not passed. A filter that
    matches nothing gives a result without interactions. HTTP interactions come before messages.

    Args:
        pact: A pact file of any version from 1 to 4.
        address: The provider, which has to be running.

    Raises:
        InputError: A filter is no regular expression.
    """
    try:
        document = json.loads(pact)
        consumer, provider = str(document["consumer"]["name"]), str(document["provider"]["name"])
        parts = list(_parts(pact, document))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as cause:
        return PactResult("", address.provider, (), error=f"This is no pact ({type(cause).__name__}: {cause}).")
    if provider != address.provider:
        error = f"The pact is one with the provider {provider!r}, and {address.provider!r} is being verified."
        return PactResult(consumer, provider, (), error=error)
    missing = missing_plugins(document)
    if missing:
        error = f"The pact needs the plugin {', '.join(missing)}: it is not installed here, and none is fetched."
        return PactResult(consumer, provider, (), error=error)
    interactions: list[InteractionResult] = []
    errors: list[str] = []
    for kind, part in parts:
        ran, error = _verify_part(kind, part, address)
        interactions += ran
        errors += [error] if error else []
    return PactResult(consumer, provider, tuple(interactions), error=" ".join(errors))


def _parts(pact: bytes, document: Mapping[str, Any]) -> Iterator[tuple[Kind, bytes]]:
    """Give the pact's HTTP interactions and its messages apart: the verifier knows one host for both.

    Version 4 holds both in one list, version 3 has a list for each.
    """
    interactions: Sequence[Mapping[str, Any]] = document.get("interactions", ())
    lists: list[tuple[Kind, str, list[Any]]] = [
        ("http", "interactions", [each for each in interactions if each.get("type") not in _MESSAGE_TYPES]),
        ("message", "interactions", [each for each in interactions if each.get("type") in _MESSAGE_TYPES]),
        ("message", "messages", list(document.get("messages", ()))),
    ]
    filled = [each for each in lists if each[2]]
    if len(filled) == 1:
        yield filled[0][0], pact
        return
    rest = {name: value for name, value in document.items() if name not in ("interactions", "messages")}
    for kind, name, items in filled:
        yield kind, json.dumps({**rest, name: items}).encode()


def _verify_part(kind: Kind, pact: bytes, address: ProviderAddress) -> tuple[tuple[InteractionResult, ...], str]:
    """Return the results of interactions that are all of one kind, and why they could not be had."""
    target = address.url if kind == "http" else address.messages_url
    if target is None:
        if kind == "http":
            return (), "The pact has HTTP interactions, and there is no provider-url to send their requests to."
        return (), "The pact has messages, and there is no messages-url to ask for them."
    with ExitStack() as relays:
        states = messages = None
        if address.states_url is not None:
            # An interaction without states gets a call with an empty name, which no provider's handler knows.
            relay = Relay(
                address.states_url,
                address.timeout,
                most=MOST_OF_A_STATE,
                is_local=lambda request: not request.get("state"),
            )
            states = relays.enter_context(relay)
        if kind == "message":
            messages = relays.enter_context(Relay(target, address.timeout))
        asked = messages.url if messages else target
        ran, failure = _replay(kind, pact, asked, states.url if states else None, address)
    if failure:
        return (), _sentence(failure, address.filters)
    ran = _with_states(ran, states.calls) if states else ran
    ran = _with_messages(ran, messages.calls) if messages else ran
    return (_with_silence(ran, target, address.timeout) if kind == "http" else ran), ""


def _replay(
    kind: Kind, pact: bytes, target: str, states_url: str | None, address: ProviderAddress
) -> tuple[tuple[InteractionResult, ...], str]:
    """Return what the verifier found, and why it found nothing."""
    parts = urlsplit(target)
    host = parts.hostname or ""
    verifier = new_verifier(address.provider, f"[{host}]" if ":" in host else host)
    path = unquote(parts.path) + (f"?{parts.query}" if parts.query else "")
    verifier.add_transport(protocol=kind, scheme=parts.scheme, port=parts.port, path=path or "/")
    verifier.set_request_timeout(int((address.timeout + _MARGIN) * 1000))
    verifier.add_custom_headers(address.request_headers)
    filters = address.filters
    if filters.description or filters.state or filters.no_state:
        verifier.filter(filters.description, state=filters.state, no_state=filters.no_state)
    if states_url is not None:
        # Without teardown, as Pact's verifiers do unless told: most handlers do not look at the action.
        verifier.state_handler(states_url, teardown=False, body=True)
    # The verifier reads files and URLs only. The folder is this user's alone.
    with tempfile.TemporaryDirectory(prefix="pact-gate-") as folder:
        file = Path(folder, "pact.json")
        file.write_bytes(pact)
        found = replay(verifier.add_source(file))
        failure = (found.failure or failure_of(found.results)).replace(str(file), file.name)
    return interactions_of(found.results), failure


def _sentence(failure: str, filters: Filters) -> str:
    """Tell what the verifier could not do, unless a filter is the cause.

    Raises:
        InputError: The verifier could not read a filter.
    """
    if "regex parse error" in failure:
        given = " and ".join(repr(each) for each in (filters.description, filters.state) if each)
        why = failure.rpartition("error: ")[2].partition("\n")[0]
        raise InputError(
            f"A filter is no regular expression ({why}): {given}.",
            "Mend filter-description or filter-state; a character with a meaning of its own needs a backslash.",
        )
    return f"The verifier could not run the pact: {failure}"


def _with_states(ran: tuple[InteractionResult, ...], calls: Sequence[Call]) -> tuple[InteractionResult, ...]:
    """Put what the states' address answered in the place of the verifier's "one or more handlers has failed".

    The verifier runs one interaction after the other and calls for each of its states, or once with an empty name, so
    the calls are the interactions' in their order.
    """
    left = iter(calls)
    told = []
    for each in ran:
        own = islice(left, max(1, len(each.provider_states)))
        failed = [_state_error(call) for call in own if call.failure]
        told.append(replace(each, passed=False, mismatches=(), error="\n".join(failed)) if failed else each)
    return tuple(told)


def _state_error(call: Call) -> str:
    error = f"The provider state {call.request.get('state', '')!r} was not set up: {call.failure}"
    return f"{error}: {call.body}" if call.body else f"{error}."


def _with_messages(ran: tuple[InteractionResult, ...], calls: Sequence[Call]) -> tuple[InteractionResult, ...]:
    """Fail each message whose request was not answered 2xx: the verifier compares the body of any answer.

    A message is asked for once, and not at all when a state before it failed.
    """
    left = iter(calls)
    told = []
    for each in ran:
        call = None if each.error else next(left, None)
        if call is None or not call.failure:
            told.append(each)
            continue
        error = f"The provider gave no message: {call.failure}" + (f": {call.body}" if call.body else ".")
        told.append(replace(each, passed=False, mismatches=(), error=error))
    return tuple(told)


def _with_silence(ran: tuple[InteractionResult, ...], url: str, timeout: float) -> tuple[InteractionResult, ...]:
    """Say why a request got no answer: the verifier says only that it could not send it."""
    unsent = [each for each in ran if each.error.startswith("error sending request")]
    late = f"no answer within {timeout:g} s"
    why = _why_unreachable(url, timeout) if any(each.seconds < timeout for each in unsent) else late
    told = []
    for each in ran:
        because = late if each.seconds >= timeout else why
        error = f"The provider at {shown_url(url)} did not answer: {because}."
        told.append(replace(each, error=error) if each in unsent else each)
    return tuple(told)


def _why_unreachable(url: str, timeout: float) -> str:
    parts = urlsplit(url)
    try:
        address = (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        socket.create_connection(address, timeout).close()
    except OSError as error:
        return reason(error, timeout)
    return "it closed the connection"

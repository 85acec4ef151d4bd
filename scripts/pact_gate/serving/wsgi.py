"""What the rooms here share: the shapes of PEP 3333, and an answer of our own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
Headers = list[tuple[str, str]]
READING = frozenset(("GET", "HEAD", "OPTIONS"))  # methods that change nothing
USUAL_PORTS = {"http": "80", "https": "443"}
PORT = r"(?:[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
HOST = re.compile(rf"(?:[A-Za-z0-9._\-]{{1,255}}|\[[0-9A-Fa-f:.]{{2,45}}\])(?::{PORT})?")  # and its port
MEDIA = "application/hal+json;charset=utf-8"  # that of all errors of a Pact Broker


class Denial(NamedTuple):
    """Why a request is not answered, which its head is enough for."""

    status: int
    sentence: str
    headers: Sequence[tuple[str, str]] = ()


def error_body(sentence: str) -> bytes:
    """Give the body of a refusal: one sentence, in the shape of a Pact Broker's errors."""
    return json.dumps({"error": sentence}).encode()


def refuse(start: StartResponse, status: int, sentence: str, headers: Sequence[tuple[str, str]] = ()) -> list[bytes]:
    """Answer with one sentence."""
    body = error_body(sentence)
    own = [("Content-Type", MEDIA), ("Content-Length", str(len(body)))]
    start(f"{status} {HTTPStatus(status).phrase}", [*own, *headers])
    return [body]

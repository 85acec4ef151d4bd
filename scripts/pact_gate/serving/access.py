"""Who may in: bearer tokens, and users with passwords, each to read and write or to read alone.

All credentials that there are get compared, as digests of one length, in a time that does not depend on what was sent.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pact_gate.serving.wsgi import READING, Application, Denial, Environ, StartResponse, refuse

HEARTBEAT = "/diagnostic/status/heartbeat"
# A verifier's question carries its selectors in a body; nothing is changed by it.
_QUESTION = re.compile(r"/pacts/provider/[^/]+/for-verification")
_REALM = 'realm="pact-gate", charset="UTF-8"'


@dataclass(frozen=True)
class Credentials:
    """Who may in. A user is `NAME:PASSWORD`. Those under `readers` may change nothing."""

    tokens: tuple[str, ...] = field(default=(), repr=False)
    users: tuple[str, ...] = field(default=(), repr=False)
    reader_tokens: tuple[str, ...] = field(default=(), repr=False)
    reader_users: tuple[str, ...] = field(default=(), repr=False)

    def __bool__(self) -> bool:
        return bool(self.tokens or self.users or self.reader_tokens or self.reader_users)


class Access:
    """Lets those in who say who they are. `path` gives a request's path as the application behind matches it."""

    def __init__(self, application: Application, credentials: Credentials, path: Callable[[Environ], str]) -> None:
        self._application = application
        self._path = path
        self._writers = _digests("Bearer", credentials.tokens) + _digests("Basic", credentials.users)
        self._readers = _digests("Bearer", credentials.reader_tokens) + _digests("Basic", credentials.reader_users)
        schemes = {
            "Basic": credentials.users or credentials.reader_users,
            "Bearer": credentials.tokens or credentials.reader_tokens,
        }
        self._asks = [("WWW-Authenticate", f"{scheme} {_REALM}") for scheme, given in schemes.items() if given]

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        denial = self.denial(environ)
        environ.pop("HTTP_AUTHORIZATION", None)
        return refuse(start_response, *denial) if denial else self._application(environ, start_response)

    def denial(self, environ: Environ) -> Denial | None:
        """Say why a request is refused, if it is; what it is about need not be there yet."""
        path = self._path(environ)
        if path == HEARTBEAT and environ["REQUEST_METHOD"] in READING:
            return None
        said = _digest(*_said(environ.get("HTTP_AUTHORIZATION", "")))
        may_write, may_read = _is_among(said, self._writers), _is_among(said, self._readers)
        if not (may_write or may_read):
            sentence = "This broker wants to know who asks: send a token or a user name and a password that it knows."
            return Denial(401, sentence, self._asks)
        if not (may_write or environ["REQUEST_METHOD"] in READING or _QUESTION.fullmatch(path)):
            return Denial(403, "These credentials may read, and change nothing.")
        return None


def _said(header: str) -> tuple[str, bytes]:
    """Give the scheme and the credentials of an Authorization header (RFC 9110, 11.4; RFC 7617; RFC 6750)."""
    scheme, _, rest = header.strip().partition(" ")
    scheme, sent = scheme.capitalize(), rest.strip().encode("latin-1", "replace")
    if scheme != "Basic":
        return scheme, sent
    try:
        return scheme, base64.b64decode(sent, validate=True)
    except binascii.Error:
        return "", b""


def _digests(scheme: str, secrets: Iterable[str]) -> list[bytes]:
    return [_digest(scheme, secret.encode()) for secret in secrets]


def _digest(scheme: str, secret: bytes) -> bytes:
    return hashlib.sha256(scheme.encode() + b" " + secret).digest()


def _is_among(said: bytes, known: list[bytes]) -> bool:
    found = False
    for one in known:
        found |= hmac.compare_digest(said, one)
    return found

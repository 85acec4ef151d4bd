"""The embedded broker without a server: one request."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # who asks over HTTP needs none of it
    from pact_gate import embedded


def call(
    application: embedded.Application, method: str, path: str, body: Any = None, accept: str | None = None
) -> tuple[int, Any]:
    """One request without a server, as the client makes it; bytes are sent as they are."""
    payload = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    media = "application/merge-patch+json" if method == "PATCH" else "application/json"
    answered: list[str] = []
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path.partition("?")[0],
        "QUERY_STRING": path.partition("?")[2],
        "REQUEST_URI": path,
        "HTTP_HOST": "embedded.invalid",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(payload),
        "CONTENT_LENGTH": str(len(payload)),
        **({"CONTENT_TYPE": media} if payload else {}),
        **({"HTTP_ACCEPT": accept} if accept else {}),
    }
    text = b"".join(application(environ, lambda status, _headers, _info=None: answered.append(status)))
    return int(answered[0].split()[0]), json.loads(text) if text else None

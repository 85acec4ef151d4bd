"""The embedded broker without a server: one request; and, as a program, a process that publishes from several threads.

in_process.py DATABASE NUMBER THREADS WRITES      prints the statuses of its publications as JSON
"""

from __future__ import annotations

import concurrent.futures
import io
import json
import pathlib
import sys
from typing import Any

import golden

from pact_gate import embedded


def call(application: embedded.Application, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """One request without a server, as the client makes it."""
    payload = b"" if body is None else json.dumps(body).encode()
    answered: list[str] = []
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "REQUEST_URI": path,
        "HTTP_HOST": "embedded.invalid",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(payload),
        "CONTENT_LENGTH": str(len(payload)),
        **({"CONTENT_TYPE": "application/json"} if payload else {}),
    }
    text = b"".join(application(environ, lambda status, _headers, _info=None: answered.append(status)))
    return int(answered[0].split()[0]), json.loads(text) if text else None


def publish_many(path: pathlib.Path, writer: int, threads: int, writes: int) -> list[int]:
    """Publish versions 0, 1, ... of `consumerNUMBER`; answers the statuses."""
    application = embedded.application(path)
    tool = golden.Broker("", "many")

    def publish(number: int) -> int:
        contract = {
            **tool.contract("consumer", "provider", str(number)),
            "content": golden.base64.b64encode(b"{}").decode(),
        }
        name = contract["consumerName"] = f"consumer{writer}"
        body = {
            "pacticipantName": name,
            "pacticipantVersionNumber": str(number),
            "branch": "main",
            "contracts": [contract],
        }
        return call(application, "POST", "/contracts/publish", body)[0]

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        statuses = list(pool.map(publish, range(writes)))
    application.close()
    return statuses


if __name__ == "__main__":
    file, *numbers = sys.argv[1:]
    print(json.dumps(publish_many(pathlib.Path(file), *map(int, numbers))))

"""A process that publishes for as long as it is told to, and notes down every answer before it goes on.

storm.py PLACE CLIENT THREADS WRITES NOTES      PLACE is a file, opened in-process, or the address of a served broker

Each thread publishes as a consumer of its own, `consumer-CLIENT-THREAD`, versions 0, 1, ... WRITES - 1, every one with
a pact, a branch and a tag. Each answer is a line of NOTES: STATUS CONSUMER VERSION.
"""

from __future__ import annotations

import base64
import functools
import http.client
import json
import os
import pathlib
import sys
import threading
import urllib.parse
from collections.abc import Callable
from typing import Any

from tests.conformance.in_process import call

Ask = Callable[[str, str, Any], tuple[int, Any]]
PROVIDER = "provider"


def in_process(application: Any) -> Ask:
    """How to ask an application in this process."""
    return functools.partial(call, application)


def over_http(address: str) -> Ask:
    """How to ask a served broker, over one connection for each thread."""
    host = urllib.parse.urlsplit(address).netloc
    own = threading.local()

    def ask(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        own.connection = getattr(own, "connection", None) or http.client.HTTPConnection(host, timeout=60)
        payload = None if body is None else json.dumps(body)
        own.connection.request(method, path, payload, {"Content-Type": "application/json"} if payload else {})
        answer = own.connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None

    return ask


def publication(consumer: str, version: int) -> dict[str, Any]:
    """What one version publishes: each a content of its own."""
    interaction = {
        "description": f"version {version}",
        "request": {"method": "GET", "path": f"/{version}"},
        "response": {"status": 200, "body": {"padding": "x" * 500}},
    }
    pact = {
        "consumer": {"name": consumer},
        "provider": {"name": PROVIDER},
        "interactions": [interaction],
        "metadata": {"pactSpecification": {"version": "2.0.0"}},
    }
    contract = {
        "consumerName": consumer,
        "providerName": PROVIDER,
        "specification": "pact",
        "contentType": "application/json",
        "content": base64.b64encode(json.dumps(pact).encode()).decode(),
    }
    return {
        "pacticipantName": consumer,
        "pacticipantVersionNumber": str(version),
        "branch": "main",
        "tags": ["dev"],
        "contracts": [contract],
    }


def publish_all(ask: Ask, client: str, threads: int, writes: int, notes: pathlib.Path) -> None:
    """Publish from several threads at once; a note is on its way before the next version is published."""
    number = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def one(thread: int) -> None:
        consumer = f"consumer-{client}-{thread}"
        for version in range(writes):
            status, _ = ask("POST", "/contracts/publish", publication(consumer, version))
            os.write(number, f"{status} {consumer} {version}\n".encode())

    started = [threading.Thread(target=one, args=(thread,), daemon=True) for thread in range(threads)]
    for each in started:
        each.start()
    for each in started:
        each.join()


def main(place: str, client: str, threads: str, writes: str, notes: str) -> None:
    """Publish to a place."""
    if place.startswith("http"):
        publish_all(over_http(place), client, int(threads), int(writes), pathlib.Path(notes))
        return
    from pact_gate import embedded  # noqa: PLC0415 - a client needs none of it

    application = embedded.application(pathlib.Path(place))
    publish_all(in_process(application), client, int(threads), int(writes), pathlib.Path(notes))
    application.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""GitHub's own OpenAPI document between the fake and its callers.

`prism proxy` answers 422 to a request that GitHub's document does not allow, and 500 where the fake's answer is not as
the document says. https://github.com/stoplightio/prism
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.github.calls import ROUTES

_HERE = Path(__file__).parent
_PRISM = _HERE / "node_modules/@stoplight/prism-cli/dist/index.js"
_DOCUMENT = _HERE / "node_modules/@octokit/openapi/generated/api.github.com.json"
_PROBLEM = "problem: "  # preload.cjs writes it
_RECEIVED = re.compile(r"\[HTTP SERVER\] (\w+ \S+) .*Request received")
_START_SECONDS = 60.0
_LOOK_SECONDS = 0.05


class Prism:
    """A running Prism. `url` is where it listens; `log` is what it writes."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self._log = log
        self._read = 0

    def violations(self) -> list[str]:
        """Give what was not as GitHub's document says since this was asked last."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        new, self._read = lines[self._read :], len(lines)
        found, request = [], ""
        for line in new:
            received = _RECEIVED.search(line)
            request = received[1] if received else request
            if line.startswith(_PROBLEM) and "/prism/errors#" in line:
                found.append(f"{request}: {line.removeprefix(_PROBLEM)}")
        return found


@contextmanager
def prism(upstream: str, folder: Path) -> Iterator[Prism]:
    """Put Prism in front of an address; tests are skipped where Node or the packages are missing."""
    node = shutil.which("node")
    if not node or not _PRISM.exists() or not _DOCUMENT.exists():
        pytest.skip("Prism is not there (it takes Node, and `npm ci --prefix tests/github`)")
    document, log, port = folder / "github.json", folder / "prism.log", _free_port()
    document.write_text(json.dumps(_cut(json.loads(_DOCUMENT.read_text(encoding="utf-8")))), encoding="utf-8")
    command: list[str | Path] = [node, "--require", _HERE / "preload.cjs", _PRISM, "proxy", document, upstream]
    command += ["--errors", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=_HERE
        )
    try:
        _await(process, port, log)
        yield Prism(f"http://127.0.0.1:{port}", log)
    finally:
        process.terminate()
        process.wait(10)


def _cut(document: dict[str, Any]) -> dict[str, Any]:
    """Leave what the fake serves: the whole document takes half a minute to start with."""
    paths = {_anonymous(path): path for path in document["paths"]}
    kept: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        path = paths[_anonymous(route.path)]
        operation = document["paths"][path][route.method.lower()]
        kept.setdefault(path, {})[route.method.lower()] = _corrected(operation, document)
    cut: dict[str, Any] = {name: document[name] for name in ("openapi", "info", "servers")}
    cut |= {"paths": kept, "components": {}}
    wanted = _references(kept)
    while wanted:
        kind, name = wanted.pop()
        known = cut["components"].setdefault(kind, {})
        if name not in known:
            known[name] = document["components"][kind][name]
            wanted |= _references(known[name])
    compiled: dict[str, Any] = _nullable(cut)
    return compiled


def _nullable(part: Any) -> Any:
    """Say "or null" so that Prism's validator compiles it: that takes `nullable` only beside a `type`."""
    if isinstance(part, list):
        return [_nullable(each) for each in part]
    if not isinstance(part, dict):
        return part
    made = {name: _nullable(each) for name, each in part.items()}
    if made.get("nullable") is not True or "type" in made:
        return made
    del made["nullable"]
    return {"anyOf": [made, {"enum": [None]}]}


def _corrected(operation: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Allow what GitHub allows and its document does not: a range of times in `created`, a workflow's number."""
    parameters = []
    for parameter in operation.get("parameters", []):
        kind, name = parameter["$ref"].split("/")[2:] if "$ref" in parameter else ("", "")
        known = document["components"][kind][name] if name else parameter
        schema = known["schema"]
        if (
            known["name"] == "created"
        ):  # https://docs.github.com/search-github/getting-started-with-searching-on-github/understanding-the-search-syntax
            schema = {"type": "string"}
        elif known["name"] == "workflow_id":  # a number in a path is text as well, and oneOf takes only one
            schema = {"anyOf": schema["oneOf"]}
        parameters.append({**known, "schema": schema})
    return {**operation, "parameters": parameters}


def _anonymous(path: str) -> str:
    """Leave the names out, which are GitHub's there and ours here."""
    return re.sub(r"\{\w+\}", "{}", path)


def _references(part: Any) -> set[tuple[str, str]]:
    found = re.findall(r'"\$ref": "#/components/([^/"]+)/([^"]+)"', json.dumps(part))
    return set(found)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until it listens."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(_LOOK_SECONDS)
        else:
            return
    pytest.fail(f"Prism did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")

"""Measures `compare-openapi`: 100 pacts of 10 interactions against a document of 200 paths, and against a peer.

    python benchmarks/openapi.py                        # ours, with half and with all of the pacts
    python benchmarks/openapi.py FOLDER                 # and swagger-mock-validator's, which `npm install` put there

Both run as commands, which is how they are used, and take turns; a ratio is the median of the pairs' ratios. The peer
takes nearly a second for an interaction here, so the two compare one pact of 10.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PACTS, INTERACTIONS, PATHS, PAIRS = 100, 10, 200, 5


def document() -> dict[str, Any]:
    """Give a document of 200 paths, each with a schema of its own that holds others."""
    line: dict[str, Any] = {"type": "object", "required": ["sku", "count"]}
    line["properties"] = {"sku": {"type": "string"}, "count": {"type": "integer", "minimum": 1}}
    schemas: dict[str, Any] = {"Line": line}
    paths: dict[str, Any] = {}
    for number in range(PATHS):
        lines = {"type": "array", "items": {"$ref": "#/components/schemas/Line"}}
        fields = {"id": {"type": "integer"}, "name": {"type": "string"}, "lines": lines, "note": {"type": "string"}}
        schemas[f"Thing{number}"] = {"type": "object", "required": ["id", "name", "lines"], "properties": fields}
        answer = {"application/json": {"schema": {"$ref": f"#/components/schemas/Thing{number}"}}}
        parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
        operation = {"parameters": [parameter], "responses": {"200": {"description": "a thing", "content": answer}}}
        paths[f"/things{number}/{{id}}"] = {"get": operation}
    about = {"title": "things", "version": "1"}
    return {"openapi": "3.0.3", "info": about, "paths": paths, "components": {"schemas": schemas}}


def pact(first: int, count: int) -> dict[str, Any]:
    """Give a pact of so many interactions, each with another path."""
    lines = [{"sku": f"s{number}", "count": 1} for number in range(5)]
    interactions = [
        {
            "description": f"thing {number}",
            "request": {"method": "GET", "path": f"/things{number % PATHS}/{number}"},
            "response": {
                "status": 200,
                "headers": {"Content-Type": "application/json"},
                "body": {"id": number, "name": "a thing", "lines": lines},
                "matchingRules": {"$.body": {"match": "type"}},
            },
        }
        for number in range(first, first + count)
    ]
    parties = {"consumer": {"name": f"consumer{first}"}, "provider": {"name": "things"}}
    return {**parties, "interactions": interactions, "metadata": {"pactSpecification": {"version": "2.0.0"}}}


def seconds(command: Sequence[str], folder: Path) -> float:
    """Run a command that must succeed, and give the time that it took."""
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - started


def main(peer: str = "") -> None:
    """Write what is compared, run, and print the medians."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "openapi.json").write_text(json.dumps(document()))
        for number in range(PACTS):
            text = json.dumps(pact(number * INTERACTIONS, INTERACTIONS))
            (folder / f"{'a' if number % 2 else 'b'}{number}.pact").write_text(text)
        (folder / "one.json").write_text(json.dumps(pact(0, INTERACTIONS)))
        ours = ["sh", str(ROOT / "scripts" / "pact-gate"), "compare-openapi", "--openapi", "openapi.json"]
        ours += ["--provider", "things", "--pacts"]
        seconds([*ours, "*.pact"], folder)  # the tiers are brought
        half, whole = (
            statistics.median(seconds([*ours, pacts], folder) for _ in range(PAIRS)) for pacts in ("a*.pact", "*.pact")
        )
        print(f"{PACTS // 2} pacts {half:.2f} s, {PACTS} pacts {whole:.2f} s")
        if peer:
            theirs = [str(Path(peer, "node_modules", ".bin", "swagger-mock-validator")), "openapi.json", "one.json"]
            pairs = [(seconds([*ours, "one.json"], folder), seconds(theirs, folder)) for _ in range(PAIRS)]
            mine, other = (statistics.median(times) for times in zip(*pairs, strict=True))
            ratio = statistics.median(one / another for one, another in pairs)
            print(f"one pact {mine:.2f} s, swagger-mock-validator {other:.2f} s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])

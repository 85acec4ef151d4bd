"""Lints 1,000 and 10,000 pacts of 10 interactions, and prints the seconds beside what else reads the same files.

    python benchmarks/linting.py             # both, in some minutes
    python benchmarks/linting.py 1000        # so many

Every run is a process of its own; ours takes all processors. Ratios are of seconds of processors, which other programs
on the machine disturb less. The peers read the same files: Python's json.load, which only parses them, and
check-jsonschema with a schema of what every pact has, which only looks at their shape. Runs take turns, and the figures
are medians of three; of the larger number of pacts there is one run. docs/performance.md says what each row means.
"""

from __future__ import annotations

import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from table import Row, print_rows

ROOT = Path(__file__).resolve().parent.parent
SIZES = (1_000, 10_000)
INTERACTIONS = 10
TURNS = 3
GOAL = 5.0  # seconds for 1,000 pacts
LINT = "import sys; sys.path.insert(0, sys.argv[1]); from pact_gate.__main__ import main; sys.exit(main(sys.argv[2:]))"
PARSE = "import json, pathlib, sys\nfor path in pathlib.Path(sys.argv[1]).iterdir(): json.loads(path.read_bytes())"
SCHEMA = {
    "type": "object",
    "required": ["consumer", "provider", "interactions"],
    "properties": {
        "consumer": {"$ref": "#/$defs/party"},
        "provider": {"$ref": "#/$defs/party"},
        "interactions": {"type": "array", "items": {"$ref": "#/$defs/interaction"}},
    },
    "$defs": {
        "party": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
        "interaction": {
            "type": "object",
            "required": ["description", "request", "response"],
            "properties": {
                "description": {"type": "string"},
                "providerStates": {"type": "array", "items": {"type": "object", "required": ["name"]}},
                "request": {"type": "object", "required": ["method", "path"]},
                "response": {"type": "object", "properties": {"status": {"type": "integer"}}},
            },
        },
    },
}
WORDS = ("red", "blue", "small", "large", "wooden", "steel", "round", "flat", "soft", "cheap", "fast", "old", "new")


def pact(number: int, *, careless: bool = False) -> dict[str, Any]:
    """Make a pact as a consumer's tests write it, with one exact value an interaction; careless tests match nothing."""
    chance = random.Random(number)  # noqa: S311 - nothing is to be secret
    return {
        "consumer": {"name": f"consumer-{number}"},
        "provider": {"name": f"provider-{number % 50}"},
        "interactions": [_interaction(chance, index, careless=careless) for index in range(INTERACTIONS)],
        "metadata": {"pactSpecification": {"version": "3.0.0"}, "pact-js": {"version": "13.1.4"}},
    }


MATCHED = ("$.name", "$.createdAt", "$.reference", "$.owner.name", "$.owner.email", "$.links.self", "$.items")


def _interaction(chance: random.Random, index: int, *, careless: bool) -> dict[str, Any]:
    id_ = chance.randrange(1, 10**6)
    items = [_item(chance) for _ in range(3)]
    matched = () if careless else MATCHED
    body = {
        "id": id_,
        "name": _text(chance, 2),
        "description": _text(chance, 12),
        "status": chance.choice(["OPEN", "PAID", "SENT"]),
        "createdAt": f"2024-01-31T12:00:{chance.randrange(10, 60)}Z",
        "reference": str(UUID(int=chance.getrandbits(128), version=4)),
        "owner": {"name": _text(chance, 2), "email": f"user{id_}@example.com", "active": True},
        "links": {"self": f"https://api.example.com/orders/{id_}"},
        "items": items,
    }
    return {
        "description": f"a request for {_text(chance, 3)} {index}",
        "providerStates": [{"name": f"order {id_} exists"}],
        "request": {
            "method": "GET",
            "path": f"/orders/{id_}",
            "headers": {"Accept": "application/json", "Authorization": "Bearer token"},
        },
        "response": {
            "status": 200,
            "headers": {"Content-Type": "application/json"},
            "body": body,
            "matchingRules": {"body": {path: {"combine": "AND", "matchers": [{"match": "type"}]} for path in matched}},
        },
    }


def _item(chance: random.Random) -> dict[str, Any]:
    price = chance.randrange(100, 10**5) / 100
    return {"sku": f"{_text(chance, 1)}-{chance.randrange(1000)}", "price": price, "quantity": chance.randrange(1, 9)}


def _text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choice(WORDS) for _ in range(words))


class Taken(NamedTuple):
    """How long a command took, in seconds by the clock and of processors: it may use several at once."""

    clock: float
    processors: float

    def __str__(self) -> str:
        """Write it as a cell."""
        return f"{self.clock:.1f} s ({self.processors:.1f} s of processors)"


def seconds(command: Sequence[str], folder: Path) -> Taken:
    """Run a command, and say how long it took."""
    start, used = time.perf_counter(), _used()
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    taken = Taken(time.perf_counter() - start, _used() - used)
    if ran.returncode:
        raise SystemExit(f"{command[:4]} ended with {ran.returncode}:\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    return taken


def _used() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def measured(size: int, *, careless: bool = False) -> dict[str, Taken]:
    """Give the median seconds of each candidate for so many pacts."""
    with tempfile.TemporaryDirectory(prefix="pact-gate-") as where:
        folder = Path(where, "pacts")
        folder.mkdir()
        for number in range(size):
            Path(folder, f"{number}.json").write_text(json.dumps(pact(number, careless=careless), indent=2))
        schema = Path(where, "schema.json")
        schema.write_text(json.dumps(SCHEMA))
        candidates = {
            "lint": [
                *(sys.executable, "-c", LINT, str(ROOT / "scripts"), "lint"),
                "--pacts",
                "pacts",
                "--fail-on",
                "never",
            ],
            "json.load": [sys.executable, "-c", PARSE, "pacts"],
            "check-jsonschema": [
                *(str(Path(sys.executable).parent / "check-jsonschema"), "--schemafile", str(schema)),
                *(str(path) for path in folder.iterdir()),
            ],
        }
        taken: dict[str, list[Taken]] = {name: [] for name in candidates}
        for _ in range(TURNS if size <= SIZES[0] else 1):
            for name, command in candidates.items():
                taken[name].append(seconds(command, Path(where)))
    return {name: statistics.median_low(each) for name, each in taken.items()}


def rows(sizes: Sequence[int]) -> Iterator[Row]:
    """Give the table's lines."""
    found = {}
    for size in sizes:
        found[size] = each = measured(size)
        yield _row(size, "", each, "json.load", goal=size == SIZES[0])
        yield _row(size, "", each, "check-jsonschema")
    careless = measured(min(sizes), careless=True)
    yield _row(min(sizes), " that match nothing, with ten times the findings", careless, "json.load")
    if len(found) > 1:
        yield _growth(found)


def _row(size: int, which: str, taken: dict[str, Taken], peer: str, *, goal: bool = False) -> Row:
    ours, theirs = taken["lint"], taken[peer]
    what = f"linting {size:,} pacts of {INTERACTIONS} interactions{which}, against `{peer}`"
    wanted = (f"at most {GOAL:g} s", ours.clock <= GOAL) if goal else ()
    return Row(what, str(ours), str(theirs), ours.processors / theirs.processors, *wanted)


def _growth(found: dict[int, dict[str, Taken]]) -> Row:
    few, many = min(found), max(found)
    ours, peer = (found[many][name].processors / found[few][name].processors for name in ("lint", "json.load"))
    what = f"{many:,} pacts against {few:,}, in seconds of processors"
    goal, is_met = f"linear: {many // few} times", ours <= many / few * 1.1
    return Row(what, f"{ours:.1f} times", f"{peer:.1f} times", ours / peer, goal, is_met)


def main() -> None:
    """Print the table."""
    sizes = [int(word) for word in sys.argv[1:]] or list(SIZES)
    print_rows(rows(sizes))


if __name__ == "__main__":
    main()

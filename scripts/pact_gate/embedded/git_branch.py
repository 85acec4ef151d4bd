"""The embedded broker on a branch of a git repository, for teams without a broker and without a place for a file.

The branch holds one commit without a parent, and in it one file, the broker's database: what happened before is in the
database, and a history of copies of it would make every clone heavy. Each write is pushed before it is answered, and
only if the branch is still the one that was read (`git push --force-with-lease`); otherwise the write is done again on
what is there now. So a write that was answered is there, and two at the same time both count.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pact_gate.model.errors import BrokerError, InputError

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_FILE = "broker.sqlite3"
_ATTEMPTS = 10
_SECONDS = 120
_AUTHOR = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "pact-gate"), ("EMAIL", "pact-gate@users.noreply.github.com"))
}


class GitBranch:
    """A WSGI application. `address` is BRANCH, of the checkout's origin, or URL#BRANCH.

    `make` gives the broker for a database file.
    """

    def __init__(self, address: str, checkout: Path, make: Callable[[Path], Application]) -> None:
        url, _, branch = address.rpartition("#")
        self._remote = url or "origin"
        self._ref = f"refs/heads/{branch}"
        self._kept = f"refs/pact-gate/{os.getpid()}"  # keeps what was fetched while this step runs
        self._make = make
        with contextlib.ExitStack() as undo:
            folder = undo.enter_context(tempfile.TemporaryDirectory(prefix="pact-gate-"))
            self._folder = Path(folder)
            # The checkout's own repository has the credentials for its origin; a URL gets a repository of its own.
            self._git_folder = self._folder if url else checkout
            if url:
                self._git("init", "--quiet", "--bare", ".")
            self._read = 0
            self._pull()
            self._closing = undo.pop_all()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request; a write is on the branch before its answer is given."""
        body = environ["wsgi.input"].read()
        for _ in range(_ATTEMPTS):
            before = self._data_version()
            answer, started = _answer(self._broker, environ | {"wsgi.input": io.BytesIO(body)})
            if self._data_version() == before or self._push(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"):
                start_response(*started)
                return answer
            self._pull()
        raise BrokerError(
            f"Others wrote to the branch {self._ref} all the time: {_ATTEMPTS} attempts to add to it failed.",
            "Run the step again; if it happens often, a Pact Broker or `pact-gate broker serve` is the better place.",
        )

    def close(self) -> None:
        """Remove the working copy; the branch is what is kept."""
        self._release()
        self._git("update-ref", "-d", self._kept)
        self._closing.close()

    # --- the database ------------------------------------------------------------------------------------

    def _data_version(self) -> int:
        """Give a number that another connection's write changes (sqlite.org/pragma.html#pragma_data_version)."""
        return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def _pull(self) -> None:
        """Take the database from the branch, or start with an empty one where there is no branch yet."""
        if self._read:
            self._release()
        self._read += 1
        database = self._folder / f"{self._read}.sqlite3"
        self._commit = self._head()
        if self._commit:
            self._git("fetch", "--quiet", "--no-tags", "--refmap=", "--", self._remote, f"+{self._ref}:{self._kept}")
            # What came may be newer than what was seen a moment ago.
            self._commit = self._git("rev-parse", self._kept).decode().strip()
            database.write_bytes(self._git("cat-file", "blob", f"{self._commit}:{_FILE}"))
        self._broker = self._make(database)
        self._watch = sqlite3.connect(database)

    def _head(self) -> str:
        """Give the commit that the branch has now, empty where there is no such branch."""
        told = self._git("ls-remote", "--", self._remote, self._ref).decode().splitlines()
        heads = {name: commit for commit, _, name in (line.partition("\t") for line in told)}
        return heads.get(self._ref, "")  # ls-remote also names branches whose own names end in this ref

    def _release(self) -> None:
        self._watch.close()
        close = getattr(self._broker, "close", None)
        if close:
            close()

    def _push(self, what: str) -> bool:
        """Put the database on the branch and say whether the branch was still the one that was read."""
        copy = self._folder / f"{self._read}.copy"
        copy.unlink(missing_ok=True)
        self._watch.execute("VACUUM INTO ?", (str(copy),))
        blob = self._git("hash-object", "-w", str(copy)).decode().strip()
        tree = self._git("mktree", given=f"100644 blob {blob}\t{_FILE}\n".encode()).decode().strip()
        commit = self._git("commit-tree", tree, "-m", f"{what}\n\n[skip ci]").decode().strip()
        lease = f"--force-with-lease={self._ref}:{self._commit}"  # empty: the branch must not be there
        try:
            self._git("push", "--quiet", lease, "--", self._remote, f"{commit}:{self._ref}")
        except BrokerError:
            if self._head() == self._commit:
                raise  # nobody else wrote: it is refused for another reason, which git has told
            return False
        self._commit = commit
        return True

    # --- git ---------------------------------------------------------------------------------------------

    def _git(self, *words: str, given: bytes | None = None) -> bytes:
        environment = {**os.environ, **_AUTHOR, "GIT_TERMINAL_PROMPT": "0"}
        try:
            done = subprocess.run(  # noqa: S603
                ["git", "-C", str(self._git_folder), "-c", f"core.hooksPath={os.devnull}", *words],  # noqa: S607
                input=given,
                capture_output=True,
                env=environment,
                timeout=_SECONDS,
                check=False,
            )
        except FileNotFoundError as error:
            raise InputError("There is no git on this machine.", "Install git, or use another `broker-url`.") from error
        except subprocess.TimeoutExpired as error:
            raise self._failed(words[0], f"no answer within {_SECONDS} s") from error
        if done.returncode:
            raise self._failed(words[0], done.stderr.decode(errors="replace").strip())
        return done.stdout

    def _failed(self, verb: str, told: str) -> BrokerError:
        remote = "the origin of this checkout" if self._remote == "origin" else "the repository"
        return BrokerError(
            f"The broker on {self._ref} of {remote} cannot be used: git {verb} says: {_without_credentials(told)}",
            "The job needs a checkout that keeps its credentials (actions/checkout), `permissions: contents: write`, "
            "and no rule may forbid force-pushes to that branch.",
        )


def _without_credentials(told: str) -> str:
    """Take out what stands before a host: git repeats an origin's URL, which may hold a token."""
    return re.sub(r"//[^/\s]+@", "//***@", told)


def _answer(broker: Application, environ: dict[str, Any]) -> tuple[list[bytes], tuple[Any, ...]]:
    """Ask the broker, and keep what it would start its response with."""
    started: list[tuple[Any, ...]] = []
    answer = list(broker(environ, lambda *given: started.append(given)))
    return answer, started[-1]

"""Run a consumer's tests twice, and read the pacts that each run wrote."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pact_gate.commands.files import matching, read
from pact_gate.lint.document import Document
from pact_gate.lint.document import read as read_pact
from pact_gate.model.errors import InputError, Place
from pact_gate.verifier.process import run_to_end

_MOST_SECONDS = 3600.0  # a run
_ORDINALS = ("first", "second")


def run_twice(
    command: str,
    patterns: Sequence[str],
    folder: Path,
    log: Callable[[str], None],
    *,
    timeout: float = _MOST_SECONDS,
) -> tuple[list[Document], list[Document]]:
    """Run the consumer's tests two times in the same folder, and give the pacts of each run.

    The pact files that are there are moved away before each run, so that nothing is taken for new that is old. The
    second run's stay; what it did not write is put back.

    Args:
        command: What runs the tests, in the user's shell.
        patterns: Globs and folders of the pact files.
        folder: Where the command runs, and where relative patterns start.
        log: Takes a line that tells what is going on.
        timeout: Seconds that a run may take.

    Raises:
        InputError: a run fails, does not end, or writes no pacts, or what it wrote are none.
    """
    with _away(patterns, folder) as away:
        runs = []
        for ordinal in _ORDINALS:
            away()
            log(f"Running the consumer's tests for the {ordinal} of two times: {command}")
            _run(command, folder, ordinal, timeout)
            runs.append(_written(command, patterns, folder, ordinal))
    return runs[0], runs[1]


@contextmanager
def _away(patterns: Iterable[str], folder: Path) -> Iterator[Callable[[], None]]:
    """Give what moves the pact files away. At the end, those are put back that the last run did not write."""
    patterns = list(patterns)
    moved: dict[Path, Path] = {}
    with tempfile.TemporaryDirectory(prefix="pact-gate-") as elsewhere:

        def away() -> None:
            for path in matching(patterns, folder):
                place = folder / path
                if _is_no_pact(place):  # the tests may need it, and it is told of after the run
                    continue
                try:
                    kept = moved.setdefault(place, Path(elsewhere, str(len(moved))))
                    if kept.exists():  # the first run wrote this one, and the one from before is kept
                        place.unlink()
                    else:
                        shutil.move(place, kept)
                except OSError as error:
                    raise InputError(
                        f"The pact file {path} cannot be moved away before the tests run: {error.strerror}.",
                        "Check its permissions: each of the two runs has to write it anew.",
                        places=(Place(path),),
                    ) from error

        try:
            yield away
        finally:
            for place, kept in moved.items():
                if kept.exists() and not place.exists():
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.move(kept, place)


def _is_no_pact(path: Path) -> bool:
    """Say whether a file is JSON of another kind, such as a package.json that a wide pattern matches."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return not (isinstance(document, dict) and ("interactions" in document or "messages" in document))


def _run(command: str, folder: Path, ordinal: str, timeout: float) -> None:
    try:
        code, told = run_to_end(command, timeout, folder)
    except OSError as error:
        raise InputError(
            f"The command of `twice` could not be started: {error.strerror or error}.", "Mend the input `twice`."
        ) from error
    if code == 0:
        return
    last = f" Its last lines:\n{told}\n" if told else ""
    if code is None:
        raise InputError(
            f"The {ordinal} run of the consumer's tests did not end within {timeout:g} s.{last}",
            "Find out what they wait for: they run without standard input.",
        )
    ended = f"with exit code {code}" if code > 0 else f"by signal {-code}"
    raise InputError(f"The {ordinal} run of the consumer's tests ended {ended}.{last}", _NEXT_STEPS[ordinal])


_NEXT_STEPS = {
    "first": "Mend the tests or the command in `twice`: it runs in the working directory, as a step of its own would.",
    "second": "The first run passed: find out what the tests leave behind that the next run stumbles over (a port, a "
    "file, a row), and clean it up in the tests.",
}


def _written(command: str, patterns: Sequence[str], folder: Path, ordinal: str) -> list[Document]:
    paths = matching(patterns, folder)
    if paths:
        return [read_pact(read(folder / path), path) for path in paths]
    where = ", ".join(patterns)
    if ordinal == _ORDINALS[0]:
        raise InputError(
            f"The tests ran, but wrote no pact file that matches {where} ({command}).",
            "Check that the input `pacts` names where the consumer's tests write, and that the command runs them.",
        )
    raise InputError(
        f"The second run of the consumer's tests wrote no pact file that matches {where}, and the first one did.",
        "A tool that skips what is up to date runs nothing the second time: give `twice` the command that runs the "
        "tests whatever is there (gradle --rerun-tasks, go test -count=1).",
    )

"""How a step speaks to its runner: outputs, annotations, masks and the job summary.

Outside of GitHub the same calls write what a person at a terminal needs, and nothing else.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from actions_toolkit import core

from pact_gate.model.outcome import Annotation


class Runner:
    """The runner of this step. `environment` says whether it is GitHub's."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.on_github = environment.get("GITHUB_ACTIONS") == "true"
        self._summary = environment.get("GITHUB_STEP_SUMMARY") if self.on_github else None
        self._outputs = self.on_github and bool(environment.get("GITHUB_OUTPUT"))
        self._parts: list[str] = []
        self.temporary_folder = Path(environment.get("RUNNER_TEMP") or tempfile.gettempdir())

    def new_folder(self, kind: str) -> Path:
        """Make an empty folder for this step alone."""
        return Path(tempfile.mkdtemp(prefix=f"pact-gate-{kind}-", dir=self.temporary_folder))

    def mask(self, secrets: Iterable[str]) -> None:
        """Keep secrets out of the log, line by line as GitHub masks them, before anything is printed."""
        if self.on_github:
            for secret in secrets:
                for line in secret.splitlines():
                    core.set_secret(line)

    def log(self, text: str) -> None:
        """Write to the step's log."""
        print(text, flush=True)

    def annotate(self, annotations: Iterable[Annotation]) -> None:
        """Show annotations: on GitHub as such, elsewhere as lines."""
        for each in annotations:
            if not self.on_github:
                self.log(f"{each.level}: {f'{each.path}: ' if each.path else ''}{each.message}")
                continue
            write = {"error": core.error, "warning": core.warning, "notice": core.notice}[each.level]
            properties = {"title": each.title, "file": each.path, "start_line": each.line, "start_column": each.column}
            write(each.message, **{name: value for name, value in properties.items() if value})

    def output(self, outputs: Mapping[str, str]) -> None:
        """Set the step's outputs."""
        if self._outputs:
            for name, value in outputs.items():
                core.set_output(name, value)

    def summarize(self, markdown: str) -> None:
        """Keep a part of the job's summary for `write_summary`."""
        self._parts.append(markdown.rstrip())

    def write_summary(self) -> None:
        """Append to the job's summary what was kept, the last part first: it is the answer, the others led to it."""
        if self._summary and self._parts:
            with Path(self._summary).open("a", encoding="utf-8", newline="\n") as summary:
                summary.write("\n\n".join(reversed(self._parts)) + "\n\n")

"""Look through pact files for what will hurt later, before anything is published or verified."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pact_gate import config as configuration
from pact_gate.commands.files import pact_files, read, write
from pact_gate.commands.step import Step
from pact_gate.lint import Options, lint, made
from pact_gate.lint.accept import Accepted, accepted, baseline_of, read_baseline, unused
from pact_gate.lint.document import Document
from pact_gate.lint.document import read as read_pact
from pact_gate.lint.interaction import interactions
from pact_gate.model.errors import InputError, Place
from pact_gate.model.finding import Finding, Ignore, Level, LintConfig, LintResult, Suppressed
from pact_gate.model.outcome import LintOutcome
from pact_gate.report.words import counted, listed
from pact_gate.settings.inputs import Inputs
from pact_gate.settings.lint import LintSettings, lint_settings

if TYPE_CHECKING:
    from pact_gate.lint.found import Placed
    from pact_gate.lint.twice import Told

_FILES_OF_A_PROCESS = 40  # with fewer, starting one takes longer than they do
_NONE_OF_IT = LintConfig()
_NO_FILES = "Check the input `pacts`, and that the consumer's tests ran before this step."
_GUESSED = frozenset(("volatile-value", "random-description"))


@dataclass
class _Looked:
    """What was found so far."""

    files: int = 0
    interactions: int = 0
    findings: list[Finding] = field(default_factory=list)
    suppressed: list[Suppressed] = field(default_factory=list)
    fixed: list[Finding] = field(default_factory=list)
    unreadable: list[InputError] = field(default_factory=list)
    used: set[Ignore] = field(default_factory=set)
    doubts: list[Place] = field(default_factory=list)

    def add(self, other: _Looked) -> None:
        """Take in what was found elsewhere."""
        self.files += other.files
        self.interactions += other.interactions
        self.findings += other.findings
        self.suppressed += other.suppressed
        self.fixed += other.fixed
        self.unreadable += other.unreadable
        self.used |= other.used
        self.doubts += other.doubts

    def take(self, parted: Accepted) -> None:
        """Take in the findings of one pact."""
        self.findings += parted.findings
        self.suppressed += parted.suppressed
        self.used |= parted.used
        self.doubts += parted.doubts


def run(inputs: Inputs, step: Step) -> LintOutcome:
    """Run the consumer's tests twice if asked to, read the pact files, apply the rules, write what was asked for."""
    settings = lint_settings(inputs)
    file, config = _config(settings, step.folder)
    options = _options(config, step.folder)
    between, gone = _between_runs(settings, options, step)
    paths = pact_files(settings.pacts, step.folder, _NO_FILES)
    tasks = [_Task(path, options, config, step.folder, settings.fix, between.get(path, [])) for path in paths]
    looked = _all(tasks)
    for document, found in gone:
        looked.take(accepted(document, made(document, found, options), config.ignore)._replace(doubts=[]))
    looked.doubts += unused(config.ignore, looked.used, file)
    return _outcome(settings, _result(looked, _known(settings, step.folder)), step)


def _between_runs(settings: LintSettings, options: Options, step: Step) -> tuple[dict[str, list[Placed]], list[Told]]:
    """Tell what differs between two runs of the consumer's tests: by the second run's file, and what is in none."""
    if settings.twice is None:
        return {}, []
    from pact_gate.commands.twice import run_twice  # noqa: PLC0415 - few steps ask for it
    from pact_gate.lint.twice import RULE, between_runs  # noqa: PLC0415

    first, second = run_twice(settings.twice, settings.pacts, step.folder, step.log)
    told = between_runs(first, second) if options.level(RULE) is not Level.OFF else []
    there = {id(each) for each in second}
    by_file = {document.path: found for document, found in told if id(document) in there}
    return by_file, [each for each in told if id(each[0]) not in there]


# --- what the repository says


def _config(settings: LintSettings, folder: Path) -> tuple[str, LintConfig]:
    """Read `pact-gate.yml`, if it is there or the input names it."""
    file = settings.config or configuration.FILE
    if settings.config is None and not (folder / file).is_file():
        return file, _NONE_OF_IT
    return file, configuration.load(folder / file).lint


def _options(config: LintConfig, folder: Path) -> Options:
    return Options(
        today=datetime.now(UTC).date(),
        levels=config.levels,
        language=config.language or _language(folder),
        reads={provider: _schema(path, folder) for provider, path in config.reads.items()},
    )


def _language(folder: Path) -> str:
    """Give the language that the project's own files speak for, where a pact does not say it."""
    from pact_gate.lint.suggest import language_of_folder  # noqa: PLC0415 - the linter brings it

    return language_of_folder(each.name for each in folder.iterdir())


def _schema(path: str, folder: Path) -> Any:
    try:
        return json.loads(read(folder / path))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"The file {path} is no JSON Schema: {error}.", "`lint.reads` must name one.", places=(Place(path),)
        ) from error


def _known(settings: LintSettings, folder: Path) -> frozenset[str]:
    if settings.baseline is None or settings.update_baseline:
        return frozenset()
    return read_baseline(read(folder / settings.baseline), settings.baseline)


# --- one file


class _Task(NamedTuple):
    """A file, and how to look at it; `between` is what differs in it between two runs."""

    path: str
    options: Options
    config: LintConfig
    folder: Path
    fix: bool
    between: Sequence[Placed]


def _all(tasks: Sequence[_Task]) -> _Looked:
    """Look through all files, many of them on all processors."""
    looked = _Looked()
    processors = min(os.cpu_count() or 1, len(tasks) // _FILES_OF_A_PROCESS)
    if processors < 2:  # noqa: PLR2004
        for task in tasks:
            looked.add(_look(task))
        return looked
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - few steps have so many files

    with ProcessPoolExecutor(processors) as pool:
        for each in pool.map(_look, tasks, chunksize=_FILES_OF_A_PROCESS // 2):
            looked.add(each)
    return looked


def _look(task: _Task) -> _Looked:
    """Look through one file. One that cannot be read is told of at the end, and keeps none of the others back."""
    looked = _Looked()
    try:
        document = read_pact(read(task.folder / task.path), task.path)
    except InputError as error:
        looked.unreadable.append(error)
        return looked
    findings = _found(document, task)
    if task.fix:
        document, mended = _fixed(document, findings, task)
        looked.fixed += mended
        findings = _found(document, task) if mended else findings
    looked.files += 1
    looked.interactions += len(interactions(document))
    looked.take(accepted(document, findings, task.config.ignore))
    return looked


def _found(document: Document, task: _Task) -> list[Finding]:
    """Find what the rules find. What two runs have shown is not said a second time as what looks so."""
    between = made(document, task.between, task.options)
    shown = {_place(each) for each in between}
    guessed = (each for each in lint(document, task.options) if not (each.rule in _GUESSED and _place(each) in shown))
    return [*between, *guessed]


def _place(finding: Finding) -> tuple[str, int | None, str]:
    return finding.listed, finding.index, finding.where


def _fixed(document: Document, findings: Sequence[Finding], task: _Task) -> tuple[Document, tuple[Finding, ...]]:
    """Mend in the file what can be mended, but for what somebody accepted, and give the file as it is then."""
    from pact_gate.lint.fix import fixed  # noqa: PLC0415 - few steps ask for it

    body, mended = fixed(document, accepted(document, findings, task.config.ignore).findings)
    if not mended:
        return document, ()
    try:
        (task.folder / document.path).write_bytes(body)
    except OSError as error:
        raise InputError(
            f"The file {document.path} cannot be written: {error.strerror}.",
            "Check its permissions, or leave `fix` out.",
            places=(Place(document.path),),
        ) from error
    return read_pact(body, document.path), mended


# --- the answer


def _result(looked: _Looked, known: frozenset[str]) -> LintResult:
    return LintResult(
        files=looked.files,
        interactions=looked.interactions,
        findings=tuple(each for each in looked.findings if each.fingerprint not in known),
        known=tuple(each for each in looked.findings if each.fingerprint in known),
        suppressed=tuple(looked.suppressed),
        fixed=tuple(looked.fixed),
        unreadable=tuple(looked.unreadable),
        doubts=tuple(looked.doubts),
    )


def _outcome(settings: LintSettings, result: LintResult, step: Step) -> LintOutcome:
    if settings.update_baseline and settings.baseline:
        write(step.folder / settings.baseline, baseline_of(result.findings), "baseline")
        result = replace(result, known=result.findings, findings=())
    failing = [each for each in result.findings if settings.fails(each.level)]
    exit_code = 2 if result.unreadable else 1 if failing else 0
    report = _write(settings, result, step)
    return LintOutcome(
        headline=_headline(result),
        next_step=_next_step(settings, result, failing),
        exit_code=exit_code,
        outputs={
            "result": "failed" if exit_code else "passed",
            **{f"{level}s": str(result.count(level)) for level in (Level.ERROR, Level.WARNING, Level.NOTE)},
            "known": str(len(result.known)),
            "fixed": str(len(result.fixed)),
            "report": report,
        },
        lint=result,
    )


def _write(settings: LintSettings, result: LintResult, step: Step) -> str:
    """Write the reports, and give the path of the JSON."""
    from pact_gate.report.findings import as_json, sarif  # noqa: PLC0415 - it knows the version

    if settings.sarif:
        write(step.folder / settings.sarif, json.dumps(sarif(result)) + "\n", "sarif")
    facts = settings.json or str(step.runner.new_folder("lint") / "lint.json")
    write(step.folder / facts, json.dumps(as_json(result)) + "\n", "json")
    return facts


def _headline(result: LintResult) -> str:
    if result.unreadable:
        return f"{counted(len(result.unreadable), 'file')} cannot be read; {_counts(result)}"
    return _counts(result)[0].upper() + _counts(result)[1:]


def _counts(result: LintResult) -> str:
    files = counted(result.files, "pact file")
    levels = [
        counted(number, level.value)
        for level in (Level.ERROR, Level.WARNING, Level.NOTE)
        if (number := result.count(level))
    ]
    if not levels:
        new = " new" if result.known else ""
        return f"nothing{new} was found in {files}."
    return f"{listed(levels)} in {files}."


def _next_step(settings: LintSettings, result: LintResult, failing: Sequence[Finding]) -> str:
    if result.unreadable:
        return "Mend the consumer's tests that write these files, or narrow the input `pacts`."
    if settings.update_baseline:
        return f"Commit {settings.baseline}: what it holds is not told again."
    if failing:
        return (
            "Mend the tests that wrote these pacts, not the pacts. What is meant as it is can be accepted, with a "
            "reason, under `lint.ignore` in pact-gate.yml."
        )
    return ""

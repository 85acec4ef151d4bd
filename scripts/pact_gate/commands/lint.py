"""Look through pact files for what will hurt later, before anything is published or verified."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pact_gate import config as configuration
from pact_gate.commands.files import matching, write, write_json
from pact_gate.commands.step import Step
from pact_gate.lint import Options, lint
from pact_gate.lint.accept import accepted, baseline_of, read_baseline, unused
from pact_gate.lint.document import MOST_BYTES, Document, read
from pact_gate.lint.interaction import interactions
from pact_gate.model.errors import InputError, Place
from pact_gate.model.finding import Finding, Ignore, Level, LintConfig, LintResult, Suppressed
from pact_gate.model.outcome import LintOutcome
from pact_gate.settings.inputs import Inputs
from pact_gate.settings.lint import LintSettings, lint_settings

_MOST_FINDINGS = 20_000
_NONE_OF_IT = LintConfig()


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


def run(inputs: Inputs, step: Step) -> LintOutcome:
    """Read the pact files, apply the rules, write what was asked for."""
    settings = lint_settings(inputs)
    file, config = _config(settings, step.folder)
    options = _options(config, step.folder)
    looked = _Looked()
    for path in _paths(settings, step.folder):
        _look(path, options, config, step, looked)
    looked.doubts += unused(config.ignore, looked.used, file)
    return _outcome(settings, _result(looked, _known(settings, step.folder)), step)


def _paths(settings: LintSettings, folder: Path) -> list[str]:
    paths = matching(settings.pacts, folder)
    if not paths:
        raise InputError(
            f"No pact file matches {', '.join(settings.pacts)} in {folder.resolve()}.",
            "Check the input `pacts`, and that the consumer's tests ran before this step.",
        )
    return paths


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
        reads={provider: _schema(path, folder) for provider, path in config.reads.items()},
    )


def _schema(path: str, folder: Path) -> Any:
    try:
        return json.loads(_bytes(folder / path, path))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"The file {path} is no JSON Schema: {error}.", "`lint.reads` must name one.", places=(Place(path),)
        ) from error


def _known(settings: LintSettings, folder: Path) -> frozenset[str]:
    if settings.baseline is None or settings.update_baseline:
        return frozenset()
    return read_baseline(_bytes(folder / settings.baseline, settings.baseline), settings.baseline)


def _bytes(path: Path, name: str) -> bytes:
    """Read a file, and of one that is too large no more than shows it."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"The file {name} cannot be read: {error.strerror}.",
            "Check its name and its permissions.",
            places=(Place(name),),
        ) from error


# --- one file


def _look(path: str, options: Options, config: LintConfig, step: Step, looked: _Looked) -> None:
    """Look through one file. One that cannot be read is told of at the end, and keeps none of the others back."""
    try:
        document = read(_bytes(step.folder / path, path), path)
    except InputError as error:
        looked.unreadable.append(error)
        return
    looked.files += 1
    looked.interactions += len(interactions(document))
    _take(document, lint(document, options), config, looked)


def _take(document: Document, findings: Sequence[Finding], config: LintConfig, looked: _Looked) -> None:
    parted = accepted(document, findings, config.ignore)
    looked.findings += parted.findings
    looked.suppressed += parted.suppressed
    looked.used |= parted.used
    looked.doubts += parted.doubts


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
        write(step.folder / settings.sarif, json.dumps(sarif(result), indent=1) + "\n", "sarif")
    if settings.json:
        write(step.folder / settings.json, json.dumps(as_json(result), indent=1) + "\n", "json")
        return settings.json
    return write_json("lint", as_json(result), step.runner.temporary_folder)


def _headline(result: LintResult) -> str:
    if result.unreadable:
        return f"{_counted(len(result.unreadable), 'file')} cannot be read; {_found(result)}"
    return _found(result)[0].upper() + _found(result)[1:]


def _found(result: LintResult) -> str:
    files = _counted(result.files, "pact file")
    levels = [
        _counted(number, level.value)
        for level in (Level.ERROR, Level.WARNING, Level.NOTE)
        if (number := result.count(level))
    ]
    if not levels:
        new = " new" if result.known else ""
        return f"nothing{new} was found in {files}."
    return f"{' and '.join([', '.join(levels[:-1]), levels[-1]] if levels[1:] else levels)} in {files}."


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


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

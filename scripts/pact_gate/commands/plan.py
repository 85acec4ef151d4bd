"""Say what a run has to do in a repository with several pacticipants, as outputs that its jobs can use as they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from posixpath import join, normpath
from shlex import quote

from pact_gate.commands.step import Step
from pact_gate.config import PAGE, Config, Pacticipant, changed, load
from pact_gate.config.paths import covers
from pact_gate.github.changes import Changes, changed_files
from pact_gate.model.commit import is_full_sha
from pact_gate.model.errors import InputError, Place
from pact_gate.model.outcome import Annotation, PlanOutcome
from pact_gate.model.plan import Concerned, Work
from pact_gate.settings.inputs import Inputs
from pact_gate.settings.trigger import PlanSettings, plan_settings
from pact_gate.settings.verify import VerifySettings

_JOBS = 256  # of one matrix: https://docs.github.com/actions/reference/limits

Row = Mapping[str, str]


def run(inputs: Inputs, step: Step) -> PlanOutcome:
    """Find out which pacticipants this run concerns, and what is to be done for each."""
    settings = plan_settings(inputs)
    # The changed files are named from the repository's root, as the input names the file.
    config = replace(load(step.folder / settings.config), file=normpath(settings.config))
    if not config.pacticipants:
        raise InputError(
            f"{config.file} names no `pacticipants`: there is nothing to plan.",
            f"Add them: {PAGE} describes every key.",
            places=(Place(config.file),),
        )
    _check_environment(settings, config)
    changes = _changes(settings, step)
    return _outcome(settings, config, changes, changed(config, changes.files))


def _check_environment(settings: PlanSettings, config: Config) -> None:
    if settings.environment not in (None, *config.environments):
        known = f"it knows {', '.join(config.environments)}" if config.environments else "it names none"
        raise InputError(
            f"The input `environment` is {settings.environment!r}, which {config.file} does not name: {known}.",
            f"Mend the input, or add it to `environments` in {config.file}.",
        )


def _changes(settings: PlanSettings, step: Step) -> Changes:
    if settings.all:
        return Changes(None, "The input `all` says so.")
    return changed_files(step.folder, settings.event)


def _outcome(settings: PlanSettings, config: Config, changes: Changes, concerned: Sequence[Pacticipant]) -> PlanOutcome:
    consumers = [_consumer(each) for each in concerned if each.pacts]
    missing = _unchanged(settings.work, config, concerned)
    providers = [*_at_this_commit(concerned), *_at_other_commits(missing)]
    asked = [each for each in concerned if _is_asked(each, settings.environment)]
    return PlanOutcome(
        headline=_headline(config, changes, concerned),
        next_step=changes.next_step,
        outputs={
            "any": _flag(concerned),
            "any-consumer": _flag(consumers),
            "any-provider": _flag(providers),
            "consumers": _matrix("consumers", consumers),
            "consumer-names": "\n".join(each["name"] for each in consumers),
            "providers": _matrix("verifications", providers),
            "pacticipants": "\n".join(each.name for each in asked),
            "deployments": _matrix("pacticipants", [{"name": each.name, "folder": each.folder} for each in asked]),
            "environments": json.dumps(config.environments),
            "ignore": "\n".join(config.ignore),
            "repositories": "\n".join(
                f"{each.name}={each.repository}" for each in config.pacticipants if each.repository
            ),
        },
        annotations=(*_unsure(changes), *_no_commits(missing)),
        concerned=tuple(_concerned(each, config, changes, is_asked=each in asked) for each in concerned),
    )


def _is_asked(pacticipant: Pacticipant, environment: str | None) -> bool:
    """Say whether the gate can answer: without contracts there is no version of it, and nothing to ask."""
    has_contracts = bool(pacticipant.pacts or pacticipant.verify)
    return has_contracts and (environment is None or environment in pacticipant.environments)


# --- the rows of the matrices -------------------------------------------------------------------------------


def _consumer(pacticipant: Pacticipant) -> Row:
    pacts = (normpath(join(pacticipant.folder, pattern)) for pattern in pacticipant.pacts)
    return {"name": pacticipant.name, "folder": pacticipant.folder, "pacts": "\n".join(pacts)}


def _at_this_commit(concerned: Iterable[Pacticipant]) -> Iterator[Row]:
    for each in concerned:
        if each.verify:
            yield _provider(each, each.verify, version="", pact_url="")


def _unchanged(work: Iterable[Work], config: Config, concerned: Iterable[Pacticipant]) -> dict[Work, Pacticipant]:
    """Find the providers of what is missing that are of this repository, and that this commit does not change.

    One that changed is asked about at this commit, so its other versions do not count; one without any version is not
    there, and no result would help.
    """
    here = {each.name: each for each in config.pacticipants if each.verify and each not in concerned}
    return {each: here[each.provider] for each in work if each.provider in here and each.version}


def _at_other_commits(missing: Mapping[Work, Pacticipant]) -> Iterator[Row]:
    for work, provider in missing.items():
        if provider.verify and is_full_sha(work.version):
            yield _provider(provider, provider.verify, version=work.version, pact_url=work.pact_url)


def _provider(pacticipant: Pacticipant, verify: VerifySettings, *, version: str, pact_url: str) -> Row:
    """Give the inputs of actions/verify, which runs where the repository is checked out at `version`."""
    return {
        "name": pacticipant.name,
        "folder": pacticipant.folder,
        "setup": _in_folder(pacticipant, pacticipant.setup),
        "start": _in_folder(pacticipant, verify.start),
        "provider-url": verify.provider_url or "",
        "provider-states-url": verify.provider_states_url or "",
        "messages-url": verify.messages_url or "",
        "ready-url": verify.ready_url or "",
        "ready-timeout": f"{verify.ready_timeout:g}",
        "selectors": json.dumps(verify.selectors),
        "enable-pending": str(verify.enable_pending).lower(),
        "wip-since": verify.wip_since or "",
        "version": version,
        "pact-url": pact_url,
    }


def _in_folder(pacticipant: Pacticipant, command: str | None) -> str:
    """Make a command for the repository's root: on a line of its own, so that `bash -e` ends where it fails."""
    if command is None or pacticipant.folder == ".":
        return command or ""
    return f"cd {quote(pacticipant.folder)}\n{command}"


def _matrix(what: str, rows: Sequence[Row]) -> str:
    if len(rows) > _JOBS:
        raise InputError(
            f"There are {len(rows)} {what}, and GitHub takes {_JOBS} jobs of one matrix at most.",
            "Split the file into several, and give each a plan of its own with the input `config`.",
        )
    return json.dumps(rows)


def _flag(found: Sequence[object]) -> str:
    return str(bool(found)).lower()


# --- why ----------------------------------------------------------------------------------------------------


def _concerned(pacticipant: Pacticipant, config: Config, changes: Changes, *, is_asked: bool) -> Concerned:
    files = changes.files or ()
    theirs = (config.file,) if config.file in files else tuple(each for each in files if _covers(pacticipant, each))
    return Concerned(pacticipant.name, bool(pacticipant.pacts), pacticipant.verify is not None, is_asked, theirs)


def _covers(pacticipant: Pacticipant, file: str) -> bool:
    return any(covers(path, (file,)) for path in pacticipant.paths)


def _headline(config: Config, changes: Changes, concerned: Sequence[Pacticipant]) -> str:
    count = sum(each.repository is None for each in config.pacticipants)
    if changes.files is None:
        return f"All {count} pacticipants of this repository are concerned. {changes.unknown}"
    if not concerned:
        return f"None of the {count} pacticipants of this repository is concerned."
    are = "is" if len(concerned) == 1 else "are"
    return f"{len(concerned)} of {count} pacticipants of this repository {are} concerned."


def _unsure(changes: Changes) -> Iterator[Annotation]:
    """Warn where everything is done only because git could not tell."""
    if changes.next_step:
        yield Annotation("warning", f"{changes.unknown} {changes.next_step}", title="All pacticipants are concerned")


def _no_commits(missing: Iterable[Work]) -> Iterator[Annotation]:
    """Warn where a version cannot be checked out: a name that somebody gave could stand for any commit."""
    for provider, version in dict.fromkeys((each.provider, each.version) for each in missing):
        if not is_full_sha(version):
            message = (
                f"The version {version} of {provider} is no commit's full SHA, so it is not checked out and verified. "
                "Publish results and record deployments under the commit's full SHA, as the actions do by default."
            )
            yield Annotation("warning", message, title=f"{provider} is not verified")

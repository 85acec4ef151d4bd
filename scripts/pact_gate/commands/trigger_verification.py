"""Have the providers verify what nobody has verified yet of a consumer version's pacts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property

from pact_gate.broker.client import Broker
from pact_gate.commands.missing import missing_for_consumers
from pact_gate.commands.step import Step
from pact_gate.github.api import GitHub
from pact_gate.model.commit import chosen_version, short
from pact_gate.model.errors import InputError, PactGateError
from pact_gate.model.missing import MissingResult
from pact_gate.model.outcome import Annotation, TriggerOutcome
from pact_gate.model.repository import repository_at
from pact_gate.model.runs import Triggered, WorkflowRun, to_json
from pact_gate.settings.inputs import Inputs
from pact_gate.settings.trigger import TriggerSettings, trigger_settings

EVENT_TYPE = "pact-gate"
_FIND_SECONDS, _LOOK_SECONDS = 30.0, 2.0
_BEFORE = timedelta(hours=6)  # as long as a job of GitHub's runs at most: no older run is still at work

# https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
_OF_AN_INSTALLATION = "ghs_"

# What a Pact Broker puts in the place of these when it calls (https://docs.pact.io/pact_broker/webhooks/template_parameters).
_FROM_BROKER = {
    "pact-url": "${pactbroker.pactUrl}",
    "provider-versions": "${pactbroker.providerVersionNumber}",
    "consumer": "${pactbroker.consumerName}",
    "key": "${pactbroker.consumerName}-${pactbroker.consumerVersionNumber}-${pactbroker.providerVersionNumber}",
}


def run(inputs: Inputs, step: Step) -> TriggerOutcome:
    """Read the inputs of the action, and ask."""
    return trigger(trigger_settings(inputs), step)


def trigger(settings: TriggerSettings, step: Step) -> TriggerOutcome:
    """Find what is missing, and ask for it in the way that `via` names."""
    version = chosen_version(settings.version, settings.branch, step.commit)
    found = missing_for_consumers(step.broker, [(name, version) for name in settings.pacticipants])
    missing = [each for each in found if not settings.providers or each.provider in settings.providers]
    asked = _WAYS[settings.via](missing, settings, step)
    return _outcome(settings, version, missing, asked)


class _Dispatcher:
    """Starts workflows in the providers' repositories, one run for each pact and set of versions."""

    def __init__(self, settings: TriggerSettings, step: Step) -> None:
        self._settings = settings
        self._step = step
        self._at_work: dict[str, list[WorkflowRun]] = {}

    @cached_property
    def _github(self) -> GitHub:
        return self._step.github_as(self._settings.github_token)

    def ask(self, missing: MissingResult) -> Triggered:
        """Ask for one verification; what stands against it becomes the `problem`."""
        repository = ""
        try:
            repository = self._repository(missing.provider)
            run = self._found(repository, missing.key) or self._start(repository, missing)
        except PactGateError as error:
            return _not_asked(missing, error)
        return _triggered(missing, repository, run)

    def asked_by_broker(self, missing: MissingResult) -> list[Triggered]:
        """Find the runs that the broker's webhook has started: one for each version."""
        found = []
        for version in missing.versions:
            key = f"{missing.consumer}-{missing.consumer_version}-{version.version}"
            repository = self._repository(missing.provider)
            asked = _triggered(missing, repository, self._found(repository, key))
            found.append(asked._replace(versions=(version,)))
        return found

    def _repository(self, provider: str) -> str:
        return repository_of(provider, self._settings, self._step.broker)

    def _found(self, repository: str, key: str) -> WorkflowRun | None:
        """Find a run for the same that has not ended yet: another run of this consumer may have asked before."""
        if repository not in self._at_work:
            self._at_work[repository] = self._runs(repository)
        return _by_key(self._at_work[repository], key)

    def _runs(self, repository: str) -> list[WorkflowRun]:
        since = (datetime.now(UTC) - _BEFORE).strftime("%Y-%m-%dT%H:%M:%SZ")
        event = self._settings.event
        workflow = self._settings.workflow if event == "workflow_dispatch" else ""
        return list(self._github.runs(repository, event=event, workflow=workflow, since=since))

    def _start(self, repository: str, missing: MissingResult) -> WorkflowRun | None:
        inputs = _inputs(missing)
        if self._settings.event == "repository_dispatch":
            self._github.dispatch_event(repository, EVENT_TYPE, inputs)
            return self._await(repository, missing.key)
        ref = self._settings.ref or self._github.default_branch(repository)
        started = self._github.dispatch_workflow(repository, self._settings.workflow, ref, inputs)
        return started or self._await(repository, missing.key)

    def _await(self, repository: str, key: str) -> WorkflowRun | None:
        """Look for the run that has the key in its name, as long as GitHub may need to list it."""
        clock = self._step.clock
        end = clock.now() + _FIND_SECONDS
        while True:
            found = _by_key(self._runs(repository), key)
            if found or clock.now() + _LOOK_SECONDS > end:
                return found
            clock.sleep(_LOOK_SECONDS)


def repository_of(provider: str, settings: TriggerSettings, broker: Broker) -> str:
    """Give the repository of a provider: the one that the settings name, or the one that the broker knows.

    Raises:
        InputError: neither names one on this GitHub.
    """
    named = dict(settings.repositories).get(provider)
    if named:
        return named
    known = broker.pacticipant(provider)
    url = known and known.repository_url
    found = repository_at(url, settings.server_url) if url else None
    if found is None:
        what = f"the broker says {url}, which is none on {settings.server_url}" if url else "the broker was not told"
        raise InputError(
            f"Where the repository of {provider} is, is not known: {what}.",
            f"Name it in the input `repositories` ({provider}=owner/name), or tell the broker once: pact broker "
            f"create-or-update-pacticipant --name {provider} --repository-url https://….",
        )
    return found


def _by_key(runs: Iterable[WorkflowRun], key: str) -> WorkflowRun | None:
    """Find the run that has the key in its name, and not only the end or the beginning of another key there."""
    alone = re.compile(rf"(?<![\w@/.-]){re.escape(key)}(?![\w@/.-])")
    return next((each for each in runs if alone.search(each.name) and not each.ended), None)


def _inputs(missing: MissingResult) -> Mapping[str, str]:
    """Give what the provider's workflow is told. They are texts; several versions stand between commas."""
    return {
        "pact-url": missing.pact_url,
        "provider-versions": ",".join(missing.version_numbers),
        "consumer": missing.consumer,
        "key": missing.key,
    }


def _triggered(missing: MissingResult, repository: str, run: WorkflowRun | None) -> Triggered:
    asked = Triggered(missing.consumer, missing.consumer_version, missing.provider, missing.versions, repository)
    return asked._replace(run_id=run.id, url=run.url) if run else asked


def _not_asked(missing: MissingResult, error: PactGateError) -> Triggered:
    asked = _triggered(missing, "", None)
    return asked._replace(problem=error.cause, next_step=error.next_step, exit_code=error.exit_code)


# --- the four ways ------------------------------------------------------------------------------------------


def _dispatch(missing: Sequence[MissingResult], settings: TriggerSettings, step: Step) -> list[Triggered]:
    dispatcher = _Dispatcher(settings, step)
    return [dispatcher.ask(each) for each in missing]


def _by_webhook(missing: Sequence[MissingResult], settings: TriggerSettings, step: Step) -> list[Triggered]:
    """Let the broker ask. A webhook that is new has missed this publication, so this once we ask ourselves."""
    if not step.broker.address.startswith("http"):
        raise InputError(
            f"The embedded broker at {step.broker.address} calls nobody: it is no server.",
            "Use via: dispatch (or call, pull), or a Pact Broker.",
        )
    _check_lasting(settings.github_token)
    dispatcher = _Dispatcher(settings, step)
    asked = []
    for each in missing:
        try:
            is_new = _ensure_webhook(each.provider, settings, step)
            asked += [dispatcher.ask(each)] if is_new else dispatcher.asked_by_broker(each)
        except PactGateError as error:
            asked.append(_not_asked(each, error))
    return asked


def _check_lasting(token: str | None) -> None:
    """Refuse to give the broker a token that it would keep and could not use: that of a run may also do more."""
    if token is None or token.startswith(_OF_AN_INSTALLATION):
        why = "none is given" if token is None else "that of a run or of a GitHub App ends within hours"
        raise InputError(
            f"The broker is to keep the token by which it starts the providers' workflows, and {why}.",
            "Give a fine-grained token (`trigger-token` of actions/contract-gate, `github-token` of "
            "actions/trigger-verification), or use via: dispatch.",
        )


def _ensure_webhook(provider: str, settings: TriggerSettings, step: Step) -> bool:
    repository = repository_of(provider, settings, step.broker)
    api = f"{settings.api_url}/repos/{repository}"
    body: Mapping[str, object]
    if settings.event == "repository_dispatch":
        url, body = f"{api}/dispatches", {"event_type": EVENT_TYPE, "client_payload": _FROM_BROKER}
    else:
        ref = settings.ref or step.github_as(settings.github_token).default_branch(repository)
        url = f"{api}/actions/workflows/{settings.workflow}/dispatches"
        body = {"ref": ref, "inputs": _FROM_BROKER}
    headers = {
        "Accept": "application/vnd.github+json",
        "Content-Type": "application/json",
        "Authorization": f"Bearer {settings.github_token}",
    }
    return step.broker.put_webhook(
        f"pact-gate: have {provider} verify",
        {
            "provider": {"name": provider},
            "events": [{"name": "contract_requiring_verification_published"}],
            "request": {"method": "POST", "url": url, "headers": headers, "body": body},
        },
    )


def _for_the_caller(missing: Sequence[MissingResult], _: TriggerSettings, __: Step) -> list[Triggered]:
    """`call` and `pull` send nothing: the caller's own jobs, or the provider's schedule, find the work."""
    return [_triggered(each, "", None) for each in missing]


_WAYS: Mapping[str, Callable[[Sequence[MissingResult], TriggerSettings, Step], list[Triggered]]] = {
    "dispatch": _dispatch,
    "webhook": _by_webhook,
    "call": _for_the_caller,
    "pull": _for_the_caller,
}


# --- the outcome --------------------------------------------------------------------------------------------


def _outcome(
    settings: TriggerSettings, version: str, missing: Sequence[MissingResult], asked: Sequence[Triggered]
) -> TriggerOutcome:
    problems = [each for each in asked if each.problem]
    return TriggerOutcome(
        headline=_headline(settings, version, asked),
        next_step=problems[0].next_step if problems else "",
        exit_code=max((each.exit_code for each in problems), default=0),
        outputs={
            "runs": to_json(asked),
            "work": json.dumps(_work(missing)),
            "missing": str(len(missing)),
        },
        annotations=tuple(
            Annotation("error", f"{each.problem}\n{each.next_step}", f"{each.provider} was not asked to verify")
            for each in problems
        ),
        triggered=tuple(asked),
    )


def _headline(settings: TriggerSettings, version: str, asked: Sequence[Triggered]) -> str:
    whose = f"the pacts of {', '.join(settings.pacticipants)} {short(version)}"
    if not asked:
        return f"Nothing is missing: {whose} are verified wherever it counts."
    count = f"{len(asked)} provider{'s' if len(asked) > 1 else ''}"
    told = {
        "dispatch": f"{count} asked to verify {whose}.",
        "webhook": f"The broker asks {count} to verify {whose}.",
        "call": f"{count} must verify {whose}, in jobs of this run.",
        "pull": f"{count} must verify {whose}; their own schedules find that.",
    }
    return told[settings.via]


def _work(missing: Iterable[MissingResult]) -> list[dict[str, str]]:
    """Give the rows for a job's `strategy.matrix.include`: one for each provider and version."""
    return [
        {"consumer": each.consumer, "provider": each.provider, "provider-version": version, "pact-url": each.pact_url}
        for each in missing
        for version in each.version_numbers or ("",)
    ]

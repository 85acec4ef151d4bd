"""Verify a provider against the pacts of its consumers, and publish the results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pact_gate import VERSION
from pact_gate.commands.asked_for import requested_pact
from pact_gate.commands.files import pact_files, read, write, write_json
from pact_gate.commands.preflight import preflight
from pact_gate.commands.step import Step
from pact_gate.commands.versions import announce, announce_results, doubts
from pact_gate.model import selectors
from pact_gate.model.commit import chosen_branch, chosen_version, short
from pact_gate.model.outcome import Annotation, VerifyOutcome
from pact_gate.model.pact import parse
from pact_gate.model.provider_states import StatesCheck
from pact_gate.model.verification import Fate, InteractionResult, PactResult, PactVerification
from pact_gate.report.junit import junit
from pact_gate.settings.inputs import Inputs
from pact_gate.settings.verify import VerifySettings, verify_settings
from pact_gate.verifier.pacts import Filters, ProviderAddress, verify_pact
from pact_gate.verifier.process import ProviderProcess

_VERIFIED_BY = {"implementation": "pact-gate", "version": VERSION}


@dataclass(frozen=True)
class _Task:
    """A pact to verify. `results_url` takes its result; it is None for a local file."""

    body: bytes
    results_url: str | None = None
    url: str | None = None
    pending: bool = False
    wip: bool = False
    reasons: tuple[str, ...] = ()


def run(inputs: Inputs, step: Step) -> VerifyOutcome:
    """Find the pacts, start the provider, verify pact by pact, publish."""
    settings = verify_settings(inputs)
    step.runner.mask(settings.secrets)
    publishing = _publishing(settings, step)
    if publishing:  # a version that cannot be published under is refused before the work, not after it
        chosen_version(settings.version, settings.branch, step.commit)
    tasks = [task for task in _tasks(settings, step) if _wanted(task, settings)]
    if not tasks:
        return _nothing(settings, step, publishing=publishing)
    with _provider(settings) as provider:
        tried = preflight([(each.body, each.pending) for each in tasks], settings, _address(settings), provider, step)
        found = [
            (task, _verified(task, settings, provider, step, held_back=tried.held_back.get(number)))
            for number, task in enumerate(tasks)
        ]
        log = provider.log_tail() if any(not each.result.passed for _, each in found) else ""
    if settings.filtered:
        found = [pair for pair in found if pair[1].result.interactions or pair[1].result.error]
    if not found:
        return _nothing(settings, step, publishing=False)
    verifications = list(_published(found, settings, step)) if publishing else [each for _, each in found]
    failed = [each.provider_states for _, pact in found for each in pact.result.interactions if not each.passed]
    states = tried.check and tried.check.judged(failed)
    return _outcome(settings, verifications, step, log=log, states=states, published=publishing)


def _publishing(settings: VerifySettings, step: Step) -> bool:
    if settings.publish_results is not None:
        return settings.publish_results
    return step.runner.on_github and not settings.filtered and not settings.pacts


# --- which pacts --------------------------------------------------------------------------------------------


def _tasks(settings: VerifySettings, step: Step) -> Iterator[_Task]:
    if settings.pacts:
        yield from _local(settings, step.folder)
    elif settings.pact_url:
        pact, _ = requested_pact(step.broker, settings.pact_url, settings.provider)
        yield _Task(pact.body, pact.results_url, settings.pact_url)
    else:
        yield from _selected(settings, step)


def _local(settings: VerifySettings, folder: Path) -> Iterator[_Task]:
    for path in pact_files(settings.pacts, folder):
        pact = parse(read(folder / path), path)
        if pact.provider == settings.provider:
            yield _Task(pact.body)


def _selected(settings: VerifySettings, step: Step) -> Iterator[_Task]:
    branch = chosen_branch(settings.version, settings.branch, step.commit)
    listed = step.broker.pacts_for_verification(
        settings.provider,
        selectors.for_branch(settings.selectors, branch),
        branch=branch,
        tags=settings.tags,
        pending=settings.enable_pending,
        wip_since=settings.wip_since,
    )
    for each in listed:
        pact = step.broker.pact(each.url)
        pending = each.pending and settings.enable_pending
        yield _Task(pact.body, pact.results_url, each.url, pending, each.wip, each.reasons)


def _wanted(task: _Task, settings: VerifySettings) -> bool:
    return not settings.filter_consumers or _consumer(task) in settings.filter_consumers


def _consumer(task: _Task) -> str:
    return parse(task.body, task.url or "pact").consumer


# --- one pact -----------------------------------------------------------------------------------------------


@contextmanager
def _provider(settings: VerifySettings) -> Iterator[ProviderProcess]:
    address = settings.ready_url or settings.provider_url or settings.messages_url or ""
    with ProviderProcess(settings.start, address, settings.ready_timeout) as provider:
        yield provider


def _verified(
    task: _Task, settings: VerifySettings, provider: ProviderProcess, step: Step, *, held_back: PactResult | None
) -> PactVerification:
    result = held_back or verify_pact(task.body, _address(settings))
    if not result.passed:
        provider.ensure_alive()
    found = PactVerification(
        result, task.pending, task.wip, task.url, reasons=task.reasons, held_back=held_back is not None
    )
    why = ", provider states that it needs are not set up" if found.held_back else ""
    step.log(f"{result.consumer} -> {result.provider}: {found.fate}{why}")
    return found


def _address(settings: VerifySettings) -> ProviderAddress:
    return ProviderAddress(
        provider=settings.provider,
        url=settings.provider_url,
        states_url=settings.provider_states_url,
        messages_url=settings.messages_url,
        request_headers=settings.request_headers,
        filters=Filters(settings.filter_description, settings.filter_state, settings.filter_no_state),
    )


# --- the results --------------------------------------------------------------------------------------------


def _published(
    found: Sequence[tuple[_Task, PactVerification]], settings: VerifySettings, step: Step
) -> Iterator[PactVerification]:
    """Publish each result, but none where no verification came about (the pact could not be run at all)."""
    version, build_url = announce_results(step, settings.provider, settings)
    for task, verification in found:
        if task.results_url is None or verification.result.error:
            yield verification
            continue
        url = step.broker.publish_result(task.results_url, _result(verification.result, version, build_url))
        yield replace(verification, published=True, result_url=url)


def _result(result: PactResult, version: str, build_url: str | None) -> dict[str, object]:
    """Write a result as Pact's verifiers do (https://docs.pact.io/pact_broker/advanced_topics/api_docs/publish_verification_result)."""
    tests = [
        {
            "interactionId": each.interaction_id,
            "interactionDescription": each.description,
            "success": each.passed,
            "mismatches": [
                {"attribute": mismatch.attribute, "identifier": mismatch.place, "description": mismatch.message}
                for mismatch in each.mismatches
            ],
            **({"exceptions": [{"message": each.error}]} if each.error else {}),
        }
        for each in result.interactions
    ]
    body = {
        "success": result.passed,
        "providerApplicationVersion": version,
        "testResults": tests,
        "verifiedBy": _VERIFIED_BY,
    }
    return body | ({"buildUrl": build_url} if build_url else {})


def _nothing(settings: VerifySettings, step: Step, *, publishing: bool) -> VerifyOutcome:
    """End without a pact. The version is made known all the same: a gate may ask about it next."""
    if publishing and settings.on_empty == "pass":
        version = chosen_version(settings.version, settings.branch, step.commit)
        branch = chosen_branch(settings.version, settings.branch, step.commit)
        build_url = settings.build_url or step.commit.build_url
        announce(step.broker, settings.provider, version, branch=branch, tags=settings.tags, build_url=build_url)
    return VerifyOutcome(
        headline=f"There is nothing to verify for {settings.provider}.",
        next_step=(
            f"Check that {settings.provider} is the provider's name in its consumers' pacts, that a consumer has "
            "published one, the selectors and the filters. If there may be none: on-empty: pass."
        ),
        exit_code=1 if settings.on_empty == "fail" else 0,
        outputs={"result": "empty", "verified": "0", "failed": "0", "pending": "0", "report": ""},
        provider=settings.provider,
    )


def _outcome(
    settings: VerifySettings,
    found: Sequence[PactVerification],
    step: Step,
    *,
    log: str,
    states: StatesCheck | None,
    published: bool,
) -> VerifyOutcome:
    failed = sum(each.fate is Fate.FAILED for each in found)
    pending = sum(each.fate is Fate.PENDING for each in found)
    version = chosen_version(settings.version, settings.branch, step.commit) if published else settings.version or ""
    outcome = VerifyOutcome(
        headline=_headline(settings.provider, version, len(found), failed, pending),
        next_step=_next_step(settings, found, states, pending=bool(pending)),
        exit_code=1 if failed else 0,
        outputs={
            "result": "failed" if failed else "passed",
            "verified": str(len(found)),
            "failed": str(failed),
            "pending": str(pending),
            "report": _report(found, step) if step.runner.on_github else "",
        },
        annotations=(*_without_states(settings, found), *(doubts(version, step.commit) if published else ())),
        provider=settings.provider,
        version=version,
        verifications=tuple(found),
        provider_log=log,
        states=states,
    )
    if settings.junit:
        write(step.folder / settings.junit, junit(outcome), "junit")
    return outcome


def _headline(provider: str, version: str, count: int, failed: int, pending: int) -> str:
    name = f"{provider} {short(version)}".strip()
    pacts = f"{count} pact{'s' if count > 1 else ''}"
    if failed:
        return f"{name} does not honour {failed} of {pacts}."
    return (
        f"{name} honours {pacts}."
        if not pending
        else f"{name} honours {count - pending} of {pacts}, the rest is pending."
    )


def _next_step(
    settings: VerifySettings, found: Sequence[PactVerification], states: StatesCheck | None, *, pending: bool
) -> str:
    failed = [each for each in found if each.fate is Fate.FAILED]
    if not failed:
        return (
            "What is pending does not fail this build: tell the consumer's team when it can be had." if pending else ""
        )
    if any(each.held_back for each in failed):
        return (
            "Give each state in the table a handler, or mend it; where a name is spelled wrong, agree on one with the "
            "consumer's team. Then verify again: the pacts that need it were not replayed."
        )
    broken = [each for pact in failed for each in pact.result.interactions if not each.passed and not each.pending]
    return _about_states(settings, broken, states) or (
        "Mend the provider so that it does what is expected of it, or agree on a change with the consumer's team."
        if any(each.mismatches for each in broken)
        else "Mend what kept the interactions from being compared, and verify again."
    )


def _about_states(settings: VerifySettings, broken: Sequence[InteractionResult], states: StatesCheck | None) -> str:
    """Say what to do about provider states, where they may be what is wrong."""
    if states and not states.unchecked and any(each.error.startswith("The provider state ") for each in broken):
        return (
            "Let the states be set up more than once (`INSERT OR REPLACE` for `INSERT`): they were, in the trial "
            "before the verification, and not again. Or leave that trial out: check-states: false."
        )
    if states and states.idle:
        return (
            "Look first at the provider states in the table that changed nothing: what they name was not put in place "
            "(not committed, or no handler has the name), and that may be all that is wrong. Then verify again."
        )
    if _states_not_set_up(settings, broken):
        return (
            "Give `provider-states-url`, where the provider puts the data of its states in place: the pacts ask for "
            "states, and none was set up. What fails even so is for the provider or the consumer's team to mend."
        )
    return ""


def _states_not_set_up(settings: VerifySettings, interactions: Iterable[InteractionResult]) -> set[str]:
    """Give the provider states that interactions ask for, where there is nobody to set them up."""
    if settings.provider_states_url:
        return set()
    return {state for each in interactions for state in each.provider_states if state}


def _without_states(settings: VerifySettings, found: Sequence[PactVerification]) -> tuple[Annotation, ...]:
    """Warn where interactions that ask for provider states ran without them."""
    states = _states_not_set_up(settings, (each for pact in found for each in pact.result.interactions))
    if not states:
        return ()
    named = ", ".join(sorted(states)[:3])
    message = (
        f"The pacts ask for provider states ({named}{', …' if len(states) > 3 else ''}), and `provider-states-url` is "  # noqa: PLR2004
        "not given: they were not set up."
    )
    return (Annotation("warning", message, title="Provider states were not set up"),)


def _report(found: Sequence[PactVerification], step: Step) -> str:
    listed = [{"fate": each.fate, **asdict(each)} for each in found]
    return write_json("report", listed, step.runner.temporary_folder)

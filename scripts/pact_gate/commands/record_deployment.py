"""Record what happened to a version in an environment, after it happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pact_gate.broker.client import Broker, Document, Environment, Presence, unknown
from pact_gate.commands.step import Step
from pact_gate.model.commit import chosen_version, short
from pact_gate.model.errors import InputError
from pact_gate.model.gate import Target, TargetKind
from pact_gate.model.outcome import Annotation, Outcome
from pact_gate.settings.inputs import Inputs
from pact_gate.settings.versions import RecordSettings, record_settings


def run(inputs: Inputs, step: Step) -> Outcome:
    """Record the state that the settings name."""
    settings = record_settings(inputs)
    if settings.state in ("deployed", "released"):
        return _begin(settings, step)
    return _end(settings, step)


def _begin(settings: RecordSettings, step: Step) -> Outcome:
    version = chosen_version(settings.version, settings.branch, step.commit)
    known = _version(step.broker, settings.pacticipant, version)
    if settings.environment not in step.broker.recordable(known):
        _make_environment(settings, step.broker)
        known = _version(step.broker, settings.pacticipant, version)
    doubt = _without_contracts(settings, step.broker, version, known)
    if doubt and not settings.allow_without_contracts:
        raise InputError(
            doubt,
            "Publish this commit's pacts under this version (actions/publish) before it is deployed. If it needs no "
            "other service any more, set `allow-without-contracts: true`.",
        )
    released = settings.state == "released"
    step.broker.record(known, settings.environment, released=released, instance=settings.application_instance)
    outcome = _outcome(settings, [version], f"{settings.state} {'in' if released else 'to'}")
    return replace(outcome, annotations=(Annotation("warning", doubt, "Recorded without contracts"),) if doubt else ())


def _version(broker: Broker, pacticipant: str, version: str) -> Document:
    known = broker.version(pacticipant, version)
    if known is not None:
        return known
    names = broker.pacticipants()
    if pacticipant not in names:
        raise unknown("pacticipant", pacticipant, names)
    raise InputError(
        f"The broker knows no version {version} of {pacticipant}: recorded without its contracts, it would be passed "
        "over by every other service's gate.",
        "Record the version that the gate was asked about, the commit's full SHA; publish its pacts, or create it with "
        "actions/create-version, before it is deployed.",
    )


def _without_contracts(settings: RecordSettings, broker: Broker, version: str, known: Document) -> str:
    """Say what it would mean to record a version without contracts, empty where nothing is lost.

    A provider's gate asks about the contracts of what is deployed: a consumer without any is not met, so the provider
    may break it. A version that has pacts costs no request, a service that only provides one; a consumer's version
    without pacts three more, and one for each version that it is compared with.
    """
    name = settings.pacticipant
    if broker.has_pacts(known) or name not in {consumer for consumer, _ in broker.integrations()}:
        return ""
    for earlier, where in _earlier(settings, broker):
        document = broker.version(name, earlier)
        if document and broker.has_pacts(document):
            return (
                f"The version {short(version)} of {name} has no contracts, and {short(earlier)}, {where}, has some: "
                f"from now on the gate of no provider would see what {name} needs."
            )
    return ""


def _earlier(settings: RecordSettings, broker: Broker) -> Iterator[tuple[str, str]]:
    """Name the versions that this one takes the place of, and where they are.

    Those in the environment, of its own application instance where that has one; where there are none, the head of the
    main branch. Versions that were recorded without contracts on purpose are no reason to refuse the next one.
    """
    environment = broker.environment(settings.environment)
    listed = (broker.released if settings.state == "released" else broker.deployed)(environment, settings.pacticipant)
    same = [presence for presence in listed if presence.instance == settings.application_instance]
    for presence in same or listed:
        yield presence.version, f"which is {settings.state} in {settings.environment}"
    head = None if listed else broker.head(Target(TargetKind.MAIN_BRANCH), settings.pacticipant)
    if head:
        yield head, "the head of its main branch"


def _make_environment(settings: RecordSettings, broker: Broker) -> None:
    if settings.create_environment:
        broker.create_environment(settings.environment)
        return
    raise unknown("environment", settings.environment, broker.environments())


def _end(settings: RecordSettings, step: Step) -> Outcome:
    released = settings.state == "support-ended"
    environment = step.broker.environment(settings.environment)
    found = _present(settings, step.broker, environment, released=released)
    for presence in found:
        step.broker.end(presence, released=released)
    return _outcome(settings, [presence.version for presence in found], settings.state.replace("-", " ") + " in")


def _present(settings: RecordSettings, broker: Broker, environment: Environment, *, released: bool) -> list[Presence]:
    """Find what ends: of a release the version must be named, of a deployment there is one an instance."""
    if released and not settings.version:
        raise InputError("The input `version` is missing: several releases are supported at once.", "Name the version.")
    listed = (broker.released if released else broker.deployed)(environment, settings.pacticipant)
    found = [
        presence
        for presence in listed
        if settings.version in (None, presence.version) and settings.application_instance == presence.instance
    ]
    if not found:
        what = "released and supported" if released else "deployed"
        there = ", ".join(_told(presence) for presence in listed) or "nothing"
        raise InputError(
            f"That version of {settings.pacticipant} is not {what} in {settings.environment}.",
            f"What is {what} there: {there}. Check `version`, `environment` and `application-instance`.",
        )
    return found


def _told(presence: Presence) -> str:
    return presence.version + (f" (application instance {presence.instance})" if presence.instance else "")


def _outcome(settings: RecordSettings, versions: Sequence[str], what: str) -> Outcome:
    named = " and ".join(short(version) for version in versions)
    instance = (("application instance", settings.application_instance),) if settings.application_instance else ()
    return Outcome(
        headline=f"{settings.pacticipant} {named} is {what} {settings.environment}.",
        facts=(
            ("pacticipant", settings.pacticipant),
            ("version", ", ".join(versions)),
            ("environment", settings.environment),
            ("state", settings.state),
            *instance,
        ),
        outputs={"version": ", ".join(versions)},
    )

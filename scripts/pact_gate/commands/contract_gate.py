"""The gate of a pull request, all of it in one step that always answers: publish, have verified, wait, decide, tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from pact_gate.commands import can_i_deploy, fetch_pacts, publish, trigger_verification
from pact_gate.commands.announcing import Announcement
from pact_gate.commands.step import Step
from pact_gate.model.errors import PactGateError
from pact_gate.model.gate import Decision, Verdict
from pact_gate.model.outcome import GateOutcome, Outcome, TriggerOutcome
from pact_gate.settings.contract_gate import ContractGateSettings, contract_gate_settings
from pact_gate.settings.github import AnnounceSettings
from pact_gate.settings.inputs import Inputs

_PASSED = ("success", "skipped")


def run(inputs: Inputs, step: Step) -> Iterator[Outcome]:
    """Give the outcome of each part as it comes; the last one is the gate's.

    The jobs before it decide whether there is anything to ask: where one failed there is no contract, and where all
    were skipped there is no new one.
    """
    settings = contract_gate_settings(inputs)
    step.runner.mask(filter(None, [settings.trigger.github_token]))
    try:
        decided = _by_needs(settings, step)
        if decided:
            yield _told(settings, decided, step)
            return
        yield from _prepared(settings, step)
        asked = _triggered(settings, step)
    except PactGateError as error:
        _announcement(settings, step).broke(error)
        raise
    yield asked
    gate = replace(settings.gate, triggered=asked.triggered, runs_token=settings.trigger.github_token)
    yield can_i_deploy.answer(gate, step)


# --- the jobs before it


def _by_needs(settings: ContractGateSettings, step: Step) -> Decision | None:
    """Decide by the results of the jobs that this one needs, and of the run that it follows, where they say enough.

    GitHub skips a job as well when one that it needs has failed, of which `needs` says nothing here: the run does.
    """
    followed = dict([step.commit.ended] if step.commit.ended else [])
    needs = settings.needs or followed
    results = [*followed.items(), *settings.needs.items()]
    failed = {name: result for name, result in results if result not in _PASSED}
    skipped = set(needs.values()) == {"skipped"}
    if skipped and not failed and settings.this_run:
        failed = step.github.failed_jobs(*settings.this_run)
    if failed:
        return _not_tested(failed, settings, step)
    if skipped:
        reason = f"This change concerns no contract: {', '.join(needs)} skipped, so there is nothing new to publish."
        return Decision(Verdict.YES, reason, "", compared_nothing=True)
    return None


def _not_tested(failed: Mapping[str, str], settings: ContractGateSettings, step: Step) -> Decision:
    """Say no. Where the broker has a failed result, as of a verification that was one of those jobs, say which."""
    told = ", ".join(f"{name} ({result})" for name, result in failed.items())
    reason = f"What must succeed before the gate can ask did not: {told}."
    decision = Decision(Verdict.NOT_TESTED, reason, "Mend what it failed at, or run it again; the gate follows.")
    try:
        known = can_i_deploy.answer(replace(settings.gate, timeout=0, announce=AnnounceSettings()), step).decision
    except PactGateError:  # of a version that nobody tested the broker may know nothing
        return decision
    return known if known.verdict is Verdict.FAILED else decision


def _told(settings: ContractGateSettings, decision: Decision, step: Step) -> GateOutcome:
    """Tell what was decided without asking.

    Where a pull request without secrets is skipped here, another workflow tells its commit how the contracts stand. And
    whether a run was skipped that this one follows, says the pull request: a stranger's would give itself a success.
    """
    yes = decision.verdict is Verdict.YES
    question = can_i_deploy.question_of(settings.gate, step)
    outcome = can_i_deploy.outcome_of(settings.gate, question, decision, 0.0, step)
    if yes and (step.commit.without_secrets or step.commit.ended):
        return outcome
    return _announcement(settings, step, comment=not yes).answered(outcome)


def _announcement(settings: ContractGateSettings, step: Step, *, comment: bool = False) -> Announcement:
    told = settings.gate.announce if comment else settings.gate.announce._replace(comment="never")
    return Announcement(told, can_i_deploy.question_of(settings.gate, step), step)


# --- the parts


def _prepared(settings: ContractGateSettings, step: Step) -> Iterator[Outcome]:
    """Publish the pacts that the jobs before have kept."""
    if settings.fetch:
        folder = step.runner.new_folder("pacts")
        fetched = fetch_pacts.fetch(settings.fetch._replace(folder=str(folder)), step)
        yield fetched
        yield publish.publish(replace(settings.publish, pacts=(fetched.outputs["pacts"],)), step)


def _triggered(settings: ContractGateSettings, step: Step) -> TriggerOutcome:
    """Have the providers verify. Whom nobody can ask, the gate's answer tells: it may have the result even so."""
    asked = trigger_verification.trigger(settings.trigger, step)
    warnings = tuple(replace(each, level="warning") for each in asked.annotations)
    return replace(asked, exit_code=0, annotations=warnings)

"""Break-glass: whether a no may pass, who let it, and which overrides are still open.

Who may is no question for the workflow's author: a GitHub environment with required reviewers decides. The job that
asks waits for them, and GitHub keeps who let it go on.
"""

from __future__ import annotations

from datetime import UTC, datetime

from pact_gate.commands.step import Step
from pact_gate.model.errors import GitHubError, InputError
from pact_gate.model.gate import Decision, Question, Verdict
from pact_gate.model.override import LABEL, Override, Overrides, is_of_run, still_open
from pact_gate.model.runs import Issue
from pact_gate.report import override as report
from pact_gate.settings.gate import OverrideSettings


def overrides(settings: OverrideSettings, question: Question, decision: Decision, step: Step) -> Overrides:
    """Give what there is of overrides beside a decision. A yes needs none.

    To GitHub one request for the open ones; three more where a no is to pass: for the environment, for who let this run
    go on, and for the record. What cannot be recorded does not pass.
    """
    wanted = decision.verdict is not Verdict.YES and settings.reason is not None
    try:
        # Only what a run has written: anybody else's issue could say anything.
        records = [each for each in step.github.open_issues(settings.repository, LABEL) if each.by_bot]
    except (GitHubError, InputError) as error:  # the latter: there is no token
        step.log(f"Whether overrides are open is not known: {error.cause} {error.next_step}")
        return Overrides(refused=f"{error.cause} {error.next_step}" if wanted else "")
    mine = next((each for each in records if is_of_run(each.body, question, step.commit.build_url or "")), None)
    before = (still_open(each.body, each.url, question) for each in records if each is not mine)
    found = Overrides(still_open=tuple(each for each in before if each))
    if not wanted:
        return found
    try:
        return found._replace(granted=_granted(settings, question, decision, mine, step))
    except (GitHubError, InputError) as error:
        return found._replace(refused=f"{error.cause} {error.next_step}")


def _granted(
    settings: OverrideSettings, question: Question, decision: Decision, mine: Issue | None, step: Step
) -> Override:
    """Let it pass if a reviewer has, and record that; a run that is started again finds its own record."""
    approver = _approver(settings, step)
    override = Override(approver, settings.reason or "", settings.until or datetime.now(UTC), mine.url if mine else "")
    if mine:
        return override
    text = report.body(question, decision, override, step.commit.build_url or "")
    issue = step.github.open_issue(settings.repository, report.title(question), text, LABEL)
    return override._replace(issue_url=issue.url)


def _approver(settings: OverrideSettings, step: Step) -> str:
    """Name who let this run go on for the environment; whoever started it does not count, whatever the rules say.

    A run that was started again keeps the reviews of its earlier attempts, and GitHub does not tell them apart: its
    commit, its workflow and its inputs are the same. So one rejection is enough.
    """
    name = settings.environment
    environment = step.github.environment(settings.repository, name)
    if environment is None or not environment.has_reviewers:
        raise InputError(
            f"The environment {name} has no required reviewers, so nobody has decided.",
            f"Create the environment {name} (Settings, Environments), and name its required reviewers.",
        )
    reviews = [
        each
        for each in step.github.reviews(settings.repository, settings.run_id)
        if environment.name in each.environments
    ]
    rejected = next((each for each in reviews if each.state == "rejected"), None)
    if rejected:
        raise InputError(
            f"{rejected.login or 'A reviewer'} has rejected it.",
            "If it is to be asked again, start a new run: this one keeps the rejection.",
        )
    let = [each.login for each in reviews if each.state == "approved" and each.by_person and each.login]
    if not let:
        raise InputError(
            f"No reviewer of the environment {name} has let this run go on.",
            f"Give the job that asks `environment: {name}`, and let one of the reviewers approve it.",
        )
    others = [login for login in let if login.lower() not in settings.started_by]
    if not others:
        raise InputError(
            f"Only {let[0]} has approved it, who started this run.",
            "Another reviewer must approve it. Turn on “Prevent self-review” for the environment.",
        )
    return others[0]

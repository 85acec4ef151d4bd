"""The gates: what is asked, what is waited for, and who may override."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from pact_gate.model.errors import InputError
from pact_gate.model.gate import Target, TargetKind
from pact_gate.model.override import MOST_DAYS
from pact_gate.settings.github import AnnounceSettings, announce_settings, this_run
from pact_gate.settings.inputs import Inputs, OnEmpty, wrong

if TYPE_CHECKING:
    from pact_gate.model.runs import Triggered


_NOBODY = AnnounceSettings()


class OverrideSettings(NamedTuple):
    """Break-glass: the GitHub environment whose reviewers decide, and in which run; with a `reason`, it is asked for.

    `started_by` are the logins, in lower case, of who started the run; `until` is in UTC.
    """

    environment: str
    repository: str
    run_id: int
    started_by: frozenset[str]
    reason: str | None = None
    until: datetime | None = None


class NotCoveredSettings(NamedTuple):
    """The team's own checks: the file that names them (None: `pact-gate.yml` if there is one), and whose they are."""

    config: str | None = None
    repository: str | None = None


def override_settings(inputs: Inputs, now: datetime) -> OverrideSettings | None:
    """Read the inputs of an override; None where no environment is named."""
    environment, reason, until = (inputs.text(f"override-{name}") for name in ("environment", "reason", "until"))
    if reason is not None and (environment is None or until is None):
        missing = "override-environment" if environment is None else "override-until"
        raise InputError(
            f"The input `override-reason` asks for an override, and `{missing}` is missing.",
            "Give the environment whose reviewers decide, and until when it holds.",
        )
    if environment is None:
        return None
    if reason is not None and inputs.flag("dry-run"):
        raise InputError("A dry run passes whatever the answer is: it needs no override.", "Leave one of the two out.")
    run = this_run(inputs)
    actors = (inputs.variable(name) for name in ("GITHUB_ACTOR", "GITHUB_TRIGGERING_ACTOR"))
    started_by = frozenset(actor.lower() for actor in actors if actor)
    if run["repository"] is None or run["this_run"] is None or not started_by:
        raise InputError("Nobody can override a gate outside of GitHub Actions.", "Leave out `override-environment`.")
    when = None if until is None else _until(until, now)
    return OverrideSettings(environment, run["repository"], run["this_run"], started_by, reason, when)


def _until(value: str, now: datetime) -> datetime:
    """Read until when an override holds: a time, or the end of a day, in UTC where it does not say."""
    latest = now + timedelta(days=MOST_DAYS)
    try:
        day = date.fromisoformat(value)
        when = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
        latest = latest.replace(hour=23, minute=59, second=59)
    except ValueError:
        try:
            when = datetime.fromisoformat(value)
        except ValueError:
            raise wrong(
                "override-until", value, "is no date or time", "Write 2026-01-31 or 2026-01-31T18:00Z."
            ) from None
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
    if not now < when <= latest:
        what = "is over" if when <= now else f"is more than {MOST_DAYS} days ahead"
        raise wrong("override-until", value, what, f"An override holds for at most {MOST_DAYS} days.")
    return when


@dataclass(frozen=True)
class GateSettings:
    """A gate. `timeout` and `interval` are seconds; 0 asks once.

    `triggered` are the runs that it follows, with `runs_token` where the step's own token does not see them.
    `explains_all` looks behind every row, and behind a yes as well; `only` keeps to rows with these services.
    """

    pacticipants: tuple[tuple[str, str | None], ...]
    target: Target
    version: str | None = None
    branch: str | None = None
    ignore: tuple[str, ...] = ()
    timeout: float = 0
    interval: float = 10
    dry_run: bool = False
    on_empty: OnEmpty = "pass"
    triggered: tuple[Triggered, ...] = ()
    runs_token: str | None = field(default=None, repr=False)
    announce: AnnounceSettings = _NOBODY
    override: OverrideSettings | None = None
    not_covered: NotCoveredSettings | None = None
    explains_all: bool = False
    only: tuple[str, ...] = ()


def gate_settings(inputs: Inputs) -> GateSettings:
    """Read the inputs that the root action and `actions/can-i-deploy` have in common."""
    return replace(
        _question(inputs),
        timeout=inputs.number("timeout", 0),
        interval=max(1.0, inputs.number("interval", 10)),
        dry_run=inputs.flag("dry-run"),
        on_empty=inputs.choice("on-empty", "pass", "fail"),  # type: ignore[arg-type]
    )


def can_i_deploy_settings(inputs: Inputs) -> GateSettings:
    """Read the inputs of `actions/can-i-deploy`: those of every gate, and what needs GitHub."""
    return replace(
        gate_settings(inputs),
        triggered=_triggered(inputs),
        announce=announce_settings(inputs),
        override=override_settings(inputs, datetime.now(UTC)),
        not_covered=_not_covered(inputs),
    )


def _not_covered(inputs: Inputs) -> NotCoveredSettings | None:
    config = inputs.text("config")
    if inputs.flag("not-covered"):
        return NotCoveredSettings(config, inputs.variable("GITHUB_REPOSITORY"))
    if config:
        raise InputError("The input `config` is read for `not-covered` alone.", "Add not-covered: true.")
    return None


def explain_settings(inputs: Inputs) -> GateSettings:
    """Read the inputs of `actions/explain`: a question that is asked once, and whose answer is no gate."""
    return replace(_question(inputs), explains_all=True, only=inputs.names("only"))


def _question(inputs: Inputs) -> GateSettings:
    """Read what is asked, and of whom."""
    named = inputs.required("pacticipant", "whose version is to be deployed")
    return GateSettings(
        pacticipants=tuple(_pacticipant(line.strip()) for line in named.splitlines() if line.strip()),
        target=_target(inputs),
        version=inputs.text("version"),
        branch=inputs.text("branch"),
        ignore=inputs.names("ignore"),
    )


def _triggered(inputs: Inputs) -> tuple[Triggered, ...]:
    text = inputs.text("runs")
    if text is None:
        return ()
    from pact_gate.model import runs  # noqa: PLC0415 - most gates follow none, and all of them would pay for it

    try:
        return runs.from_json(text)
    except ValueError as error:
        raise InputError(
            "The input `runs` does not hold what actions/trigger-verification gives.",
            "Write runs: ${{ steps.ID.outputs.runs }}, with the id of its step.",
        ) from error


def _pacticipant(line: str) -> tuple[str, str | None]:
    """Split `name@version`; a name may begin with an @, as npm's scoped packages do."""
    name, _, version = line.rpartition("@")
    return (name, version) if name and version else (line, None)


def _target(inputs: Inputs) -> Target:
    found = [
        Target(kind, name)
        for kind, name in (
            (TargetKind.ENVIRONMENT, inputs.text("to-environment")),
            (TargetKind.BRANCH, inputs.text("to-branch")),
            (TargetKind.TAG, inputs.text("to-tag")),
            (TargetKind.MAIN_BRANCH, "" if inputs.flag("to-main-branch") else None),
        )
        if name is not None
    ]
    if len(found) != 1:
        raise InputError(
            "The gate must know where the version is to go: "
            + ("no target is given." if not found else "more than one target is given."),
            "Give one of `to-environment`, `to-main-branch: true`, `to-branch`, `to-tag`.",
        )
    return found[0]

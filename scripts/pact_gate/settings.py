"""Floor 1: what the user asked for, read once into one frozen object per command.

An action hands each input over as the environment variable `PACT_GATE_<INPUT>`; on a command line the same input is a
flag. A field's name is its input's name with underscores, so an error can name the input, and a test can hold the
`action.yml` files against these classes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from typing import Any, Literal
from urllib.parse import urlsplit

from pact_gate.model import runs, selectors
from pact_gate.model.errors import InputError
from pact_gate.model.gate import Target, TargetKind
from pact_gate.model.override import MOST_DAYS
from pact_gate.model.plan import Work, work_from_json
from pact_gate.model.repository import is_repository
from pact_gate.model.runs import Triggered

PREFIX = "PACT_GATE_"
_LAST_PORT = 65_535
_MAIN_BRANCHES = Target(TargetKind.MAIN_BRANCH)
_UNBROKEN = r"[!-~]+"  # what a token is made of
_LAUNCHERS = frozenset(("PACT_GATE_CACHE", "PACT_GATE_PYTHON"))
_CREDENTIALS = frozenset(("PACT_BROKER_TOKEN", "PACT_BROKER_USERNAME", "PACT_BROKER_PASSWORD"))
_RUNNERS_FILES = frozenset(("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"))
_EVENT = ("GITHUB_ACTIONS", "GITHUB_EVENT_NAME", "GITHUB_EVENT_PATH")
_SECRET_HEADER = re.compile(r"auth|token|key|secret|cookie|session", re.IGNORECASE)

OnEmpty = Literal["pass", "fail"]


def environment_of_others(environment: Mapping[str, str]) -> dict[str, str]:
    """Give the environment for a process that is no part of this step, such as the provider under test.

    Without the step's inputs, the broker's credentials, and the files by which a step speaks to the runner: such a
    process could set `result: passed` for it.
    """
    kept_back = _CREDENTIALS | _RUNNERS_FILES | {name for name in environment if name.startswith(PREFIX)} - _LAUNCHERS
    return {name: value for name, value in environment.items() if name not in kept_back}


class Inputs:
    """The inputs by name, with one reader per kind of value. An empty input is one that was not given."""

    def __init__(self, given: Mapping[str, str], environment: Mapping[str, str]) -> None:
        named = {key.removeprefix(PREFIX): value for key, value in environment.items() if key.startswith(PREFIX)}
        self._values = {key.lower().replace("_", "-"): value for key, value in named.items()} | dict(given)
        self._environment = environment

    def text(self, name: str, *, variable: str = "") -> str | None:
        """Give the input, else the environment variable that Pact's other tools take for it, else None."""
        value = self._values.get(name, "").strip() or self._environment.get(variable, "").strip()
        return value or None

    def variable(self, name: str) -> str | None:
        """Give an environment variable of the runner's."""
        return self._environment.get(name, "").strip() or None

    def required(self, name: str, why: str) -> str:
        """Give an input that has no default."""
        value = self.text(name)
        if value is None:
            raise InputError(
                f"The input `{name}` is missing: {why}.",
                f"Add `{name}: …` to the step's `with:` (on a command line: --{name} …).",
            )
        return value

    def required_lines(self, name: str, why: str) -> tuple[str, ...]:
        """Give the lines of an input that has no default."""
        self.required(name, why)
        return self.lines(name)

    def lines(self, name: str) -> tuple[str, ...]:
        """Give the input's lines, without the empty ones and without what surrounds them."""
        return tuple(line.strip() for line in (self.text(name) or "").splitlines() if line.strip())

    def names(self, name: str) -> tuple[str, ...]:
        """Give a list whose items stand on lines of their own or between commas."""
        return tuple(
            dict.fromkeys(item.strip() for line in self.lines(name) for item in line.split(",") if item.strip())
        )

    def flag(self, name: str) -> bool:
        """Give a boolean of YAML 1.2's core schema, as GitHub's own actions read it."""
        value = self.text(name)
        if value is None:
            return False
        if value.lower() not in ("true", "false"):
            raise _wrong(name, value, "is neither true nor false", "Write true or false.")
        return value.lower() == "true"

    def choice(self, name: str, *options: str) -> str:
        """Give one of the options; the first is the default."""
        value = self.text(name) or options[0]
        if value not in options:
            near = get_close_matches(value, options, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise _wrong(name, value, "is not one of its values", f"Write one of: {', '.join(options)}.{hint}")
        return value

    def number(self, name: str, default: float) -> float:
        """Give a length of time in seconds, written as a number or with s, m or h behind it."""
        value = self.text(name)
        if value is None:
            return default
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", value)
        if not found:
            raise _wrong(name, value, "is no length of time", "Write seconds, or a number with s, m or h: 90, 90s, 2m.")
        return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]

    def yaml(self, name: str) -> Any:
        """Give the input read as YAML, None where it is not given."""
        value = self.text(name)
        if value is None:
            return None
        import yaml  # noqa: PLC0415 - few steps have such an input, and all of them would pay for it

        try:
            return yaml.safe_load(value)
        except (yaml.YAMLError, ValueError, RecursionError) as error:  # the last two: a 13th month, 1,000 brackets
            where = str(error).splitlines()[0]
            raise InputError(f"The input `{name}` is no YAML: {where}.", "Mind indentation and quotes.") from error


def _wrong(name: str, value: str, what: str, next_step: str) -> InputError:
    return InputError(f"The input `{name}` is {value!r}, which {what}.", next_step)


@dataclass(frozen=True)
class BrokerSettings:
    """Which broker, who we are there, and how long all attempts at one request may take together (seconds)."""

    broker_url: str | None = None
    broker_token: str | None = field(default=None, repr=False)
    broker_username: str | None = None
    broker_password: str | None = field(default=None, repr=False)
    broker_timeout: float = 60

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be printed."""
        return tuple(secret for secret in (self.broker_token, self.broker_password) if secret)


def broker_settings(inputs: Inputs) -> BrokerSettings:
    """Read the broker's address and credentials; Pact's usual variables stand behind the inputs."""
    url = inputs.text("broker-url", variable="PACT_BROKER_BASE_URL")
    token = inputs.text("broker-token", variable="PACT_BROKER_TOKEN")
    username = inputs.text("broker-username", variable="PACT_BROKER_USERNAME")
    password = inputs.text("broker-password", variable="PACT_BROKER_PASSWORD")
    if token and username:
        raise InputError(
            "Both a token and a username are given for the broker.",
            "PactFlow takes `broker-token`, a Pact Broker mostly a name and a password: leave the other out.",
        )
    if token and not re.fullmatch(_UNBROKEN, token):
        raise _no_token("broker-token")
    return BrokerSettings(url and _broker_url(url), token, username, password, inputs.number("broker-timeout", 60))


def _no_token(name: str) -> InputError:
    return InputError(
        f"The input `{name}` holds what no token does: a space, a line break or a letter with an accent.",
        "Copy the token again, alone, into the secret.",
    )


def _broker_url(url: str) -> str:
    scheme, _, rest = url.partition(":")
    if _holds_credentials(scheme, url):
        raise InputError(
            "The input `broker-url` holds a user name or a password, which would be shown wherever the address is.",
            "Give them as `broker-username` and `broker-password`, from a secret (for git: let git know them).",
        )
    if scheme in ("sqlite", "git"):
        if not rest:
            raise InputError(
                f"The input `broker-url` is {url!r}: it names no {'file' if scheme == 'sqlite' else 'branch'}.",
                "Write for example sqlite:.pact/broker.sqlite3 or git:pact-broker.",
            )
        return url
    if not _is_http(url) or re.search(r"[?#\s]", url):
        raise InputError(
            f"The input `broker-url` is {url!r}, which is no address of a broker.",
            "Write https://… for a Pact Broker or PactFlow, or git:BRANCH or sqlite:PATH for the embedded broker.",
        )
    return url.rstrip("/")


def _holds_credentials(scheme: str, url: str) -> bool:
    """Say whether a URL names somebody. A path of a file may have an @, a git branch too; ssh's user is no secret."""
    if scheme == "git":
        return bool(re.search(r"(?<!ssh:)//[^@#]*@|//[^@#/]*:[^@#]*@", url))
    return scheme != "sqlite" and "@" in url


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # half a bracket of an IPv6 address, a port that is none
        return False


@dataclass(frozen=True)
class GitHubSettings:
    """GitHub's API, who we are there, and the repository (`owner/name`) that this run belongs to."""

    github_token: str | None = field(default=None, repr=False)
    api_url: str = "https://api.github.com"
    server_url: str = "https://github.com"
    repository: str | None = None


def github_settings(inputs: Inputs) -> GitHubSettings:
    """Read the token; where the API is, the runner says in its variables."""
    token = inputs.text("github-token", variable="GITHUB_TOKEN")
    if token and not re.fullmatch(_UNBROKEN, token):
        raise _no_token("github-token")
    return GitHubSettings(
        token,
        inputs.variable("GITHUB_API_URL") or GitHubSettings.api_url,
        inputs.variable("GITHUB_SERVER_URL") or GitHubSettings.server_url,
        inputs.variable("GITHUB_REPOSITORY"),
    )


CommentMode = Literal["never", "on-change", "always"]


@dataclass(frozen=True)
class AnnounceSettings:
    """What a pull request is told of the gate, in which `repository`."""

    statuses: bool = False
    comment: CommentMode = "never"
    repository: str | None = None


def announce_settings(inputs: Inputs) -> AnnounceSettings:
    """Read what is to be told."""
    return AnnounceSettings(
        statuses=inputs.flag("statuses"),
        comment=inputs.choice("comment", "never", "on-change", "always"),  # type: ignore[arg-type]
        repository=inputs.variable("GITHUB_REPOSITORY"),
    )


@dataclass(frozen=True)
class VersionSettings:
    """Which version of what, where it is not the event's commit."""

    version: str | None = None
    branch: str | None = None
    tags: tuple[str, ...] = ()
    build_url: str | None = None


def version_settings(inputs: Inputs) -> VersionSettings:
    """Read what says which version is meant."""
    return VersionSettings(
        inputs.text("version"), inputs.text("branch"), inputs.names("tags"), inputs.text("build-url")
    )


@dataclass(frozen=True)
class PublishSettings(VersionSettings):
    """`actions/publish`. `pacts` are globs; `pacticipant` is the only consumer allowed, where one is named."""

    pacticipant: str | None = None
    pacts: tuple[str, ...] = ("pacts/*.json",)
    tag_with_branch: bool = False
    on_conflict: Literal["fail", "merge"] = "fail"
    on_empty: OnEmpty = "fail"


def publish_settings(inputs: Inputs) -> PublishSettings:
    """Read the inputs of `actions/publish`."""
    return PublishSettings(
        **vars(version_settings(inputs)),
        pacticipant=inputs.text("pacticipant"),
        pacts=inputs.lines("pacts") or PublishSettings.pacts,
        tag_with_branch=inputs.flag("tag-with-branch"),
        on_conflict=inputs.choice("on-conflict", "fail", "merge"),  # type: ignore[arg-type]
        on_empty=inputs.choice("on-empty", "fail", "pass"),  # type: ignore[arg-type]
    )


@dataclass(frozen=True)
class OverrideSettings:
    """Break-glass: the GitHub environment whose reviewers decide, and in which run; with a `reason`, it is asked for.

    `started_by` are the logins, in lower case, of who started the run; `until` is in UTC.
    """

    environment: str
    repository: str
    run_id: int
    started_by: frozenset[str]
    reason: str | None = None
    until: datetime | None = None


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
    run = _this_run(inputs)
    if run["repository"] is None or run["this_run"] is None:
        raise InputError("Nobody can override a gate outside of GitHub Actions.", "Leave out `override-environment`.")
    actors = (inputs.variable(name) for name in ("GITHUB_ACTOR", "GITHUB_TRIGGERING_ACTOR"))
    started_by = frozenset(actor.lower() for actor in actors if actor)
    when = None if until is None else _until(until, now)
    return OverrideSettings(environment, run["repository"], run["this_run"], started_by, reason, when)


def _until(value: str, now: datetime) -> datetime:
    """Read until when an override holds: a time, or the end of a day, in UTC where it does not say."""
    try:
        day = date.fromisoformat(value)
        when = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
    except ValueError:
        try:
            when = datetime.fromisoformat(value)
        except ValueError:
            raise _wrong(
                "override-until", value, "is no date or time", "Write 2026-01-31 or 2026-01-31T18:00Z."
            ) from None
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
    if not now < when <= now + timedelta(days=MOST_DAYS + 1):
        what = "is over" if when <= now else f"is more than {MOST_DAYS} days ahead"
        raise _wrong("override-until", value, what, f"An override holds for at most {MOST_DAYS} days.")
    return when


@dataclass(frozen=True)
class GateSettings:
    """A gate. `timeout` and `interval` are seconds; 0 asks once.

    `triggered` are the runs that it follows, with `runs_token` where the step's own token does not see them.
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
    announce: AnnounceSettings = AnnounceSettings()
    override: OverrideSettings | None = None


def gate_settings(inputs: Inputs) -> GateSettings:
    """Read the inputs that the root action and `actions/can-i-deploy` have in common."""
    named = inputs.required("pacticipant", "whose version is to be deployed")
    return GateSettings(
        pacticipants=tuple(_pacticipant(line.strip()) for line in named.splitlines() if line.strip()),
        target=_target(inputs),
        version=inputs.text("version"),
        branch=inputs.text("branch"),
        ignore=inputs.names("ignore"),
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
    )


def _triggered(inputs: Inputs) -> tuple[Triggered, ...]:
    try:
        return runs.from_json(inputs.text("runs") or "[]")
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


@dataclass(frozen=True)
class VerifySettings(VersionSettings):
    """`actions/verify`. Times are seconds; `publish_results` is None where the place decides (GitHub: yes)."""

    provider: str = ""
    provider_url: str | None = None
    start: str | None = None
    ready_url: str | None = None
    ready_timeout: float = 60
    provider_states_url: str | None = None
    messages_url: str | None = None
    selectors: tuple[selectors.Selector, ...] = selectors.DEFAULT
    enable_pending: bool = False
    wip_since: str | None = None
    pact_url: str | None = None
    pacts: tuple[str, ...] = ()
    publish_results: bool | None = None
    request_headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    filter_description: str | None = None
    filter_state: str | None = None
    filter_no_state: bool = False
    filter_consumers: tuple[str, ...] = ()
    on_empty: OnEmpty = "fail"
    junit: str | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be printed: the values of headers whose names say so."""
        values = [value for name, value in self.request_headers if _SECRET_HEADER.search(name)]
        # The token alone as well as with its scheme (`Bearer …`): a provider may log just that.
        return tuple(filter(None, dict.fromkeys(part for each in values for part in (each, each.rpartition(" ")[2]))))

    @property
    def filtered(self) -> bool:
        """Say whether only a part of each pact is verified."""
        return bool(self.filter_description or self.filter_state or self.filter_no_state)


def verify_settings(inputs: Inputs) -> VerifySettings:
    """Read the inputs of `actions/verify`."""
    selected = inputs.yaml("selectors")
    settings = VerifySettings(
        **vars(version_settings(inputs)),
        provider=inputs.required("provider", "which provider is verified"),
        provider_url=_url(inputs, "provider-url"),
        start=inputs.text("start"),
        ready_url=_url(inputs, "ready-url"),
        ready_timeout=inputs.number("ready-timeout", 60),
        provider_states_url=_url(inputs, "provider-states-url"),
        messages_url=_url(inputs, "messages-url"),
        selectors=selectors.DEFAULT if selected is None else selectors.validated(selected),
        enable_pending=inputs.flag("enable-pending"),
        wip_since=_date(inputs, "wip-since"),
        pact_url=_url(inputs, "pact-url"),
        pacts=inputs.lines("pacts"),
        publish_results=inputs.flag("publish-results") if inputs.text("publish-results") else None,
        request_headers=tuple(_header(line) for line in inputs.lines("request-headers")),
        filter_description=_pattern(inputs, "filter-description"),
        filter_state=_pattern(inputs, "filter-state"),
        filter_no_state=inputs.flag("filter-no-state"),
        filter_consumers=inputs.names("filter-consumers"),
        on_empty=inputs.choice("on-empty", "fail", "pass"),  # type: ignore[arg-type]
        junit=inputs.text("junit"),
    )
    _check_verify(settings)
    return settings


def _check_verify(settings: VerifySettings) -> None:
    if not settings.provider_url and not settings.messages_url:
        raise InputError(
            "Neither `provider-url` nor `messages-url` is given: there is nothing to send a request to.",
            "Give the address at which the provider listens, for example provider-url: http://127.0.0.1:8000.",
        )
    if settings.pact_url and settings.pacts:
        raise InputError(
            "Both `pact-url` and `pacts` are given.", "Leave one out: one pact of the broker, or local files."
        )
    if settings.filtered and settings.publish_results:
        raise InputError(
            "The results of a filtered verification cannot be published: only a part of each pact is verified, and the "
            "broker would take it for the whole.",
            "Leave `publish-results` out, or the filters.",
        )
    if settings.pacts and settings.publish_results:
        raise InputError(
            "The results for local pact files cannot be published: the broker does not know those files.",
            "Leave `publish-results` out, or verify from the broker (without `pacts`).",
        )


def _url(inputs: Inputs, name: str) -> str | None:
    value = inputs.text(name)
    if value is not None and not _is_http(value):
        shown = value.rpartition("@")[2]  # before an @ there may be a password
        raise _wrong(name, shown, "is no http address", "Write for example http://127.0.0.1:8000.")
    return value


def _date(inputs: Inputs, name: str) -> str | None:
    value = inputs.text(name)
    try:
        return None if value is None else date.fromisoformat(value).isoformat()
    except ValueError:
        raise _wrong(name, str(value), "is no date", "Write it as 2026-01-31.") from None


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
        raise InputError("A line of the input `request-headers` is no header.", "Write one header a line: Name: value.")
    return name, value.strip()


def _pattern(inputs: Inputs, name: str) -> str | None:
    value = inputs.text(name)
    try:
        return None if value is None else re.compile(value).pattern
    except (re.error, OverflowError, RecursionError) as error:
        raise _wrong(name, str(value), f"is no regular expression: {error}", "Mend the pattern.") from error


Via = Literal["dispatch", "webhook", "call", "pull"]


@dataclass(frozen=True)
class TriggerSettings(GitHubSettings):
    """`actions/trigger-verification`.

    `repositories` are pairs of a provider and `owner/name`; an empty `ref` is the default branch. Only `providers` are
    asked, where some are named.
    """

    pacticipants: tuple[str, ...] = ()
    version: str | None = None
    branch: str | None = None
    via: Via = "dispatch"
    event: Literal["workflow_dispatch", "repository_dispatch"] = "workflow_dispatch"
    workflow: str = ""
    ref: str = ""
    repositories: tuple[tuple[str, str], ...] = ()
    providers: tuple[str, ...] = ()


def trigger_settings(inputs: Inputs) -> TriggerSettings:
    """Read the inputs of `actions/trigger-verification`."""
    settings = TriggerSettings(
        **vars(github_settings(inputs)),
        pacticipants=inputs.required_lines("pacticipant", "whose pacts are to be verified"),
        version=inputs.text("version"),
        branch=inputs.text("branch"),
        via=inputs.choice("via", "dispatch", "webhook", "call", "pull"),  # type: ignore[arg-type]
        event=inputs.choice("event", "workflow_dispatch", "repository_dispatch"),  # type: ignore[arg-type]
        workflow=inputs.text("workflow") or "contract-requested.yml",
        ref=inputs.text("ref") or "",
        repositories=tuple(map(_provider_repository, inputs.lines("repositories"))),
        providers=inputs.lines("providers"),
    )
    if not re.fullmatch(r"[\w.-]+\.ya?ml|[0-9]+", settings.workflow, re.ASCII):
        raise _wrong(
            "workflow",
            settings.workflow,
            "is no workflow's file",
            "Write its file's name alone: contract-requested.yml.",
        )
    return settings


def _provider_repository(line: str) -> tuple[str, str]:
    provider, _, repository = (part.strip() for part in line.rpartition("="))
    if not provider or not is_repository(repository):
        raise _wrong(
            "repositories", line, "names no provider and repository", "Write one a line: products=acme/products."
        )
    return provider, repository


@dataclass(frozen=True)
class RequestedSettings:
    """`actions/requested-versions`.

    No version is the commit of this run. `again` is a run that somebody has started anew.
    """

    provider: str
    pact_url: str
    provider_versions: tuple[str, ...] = ()
    again: bool = False


def requested_settings(inputs: Inputs) -> RequestedSettings:
    """Read the inputs of `actions/requested-versions`."""
    inputs.required("pact-url", "which pact is to be verified")
    return RequestedSettings(
        provider=inputs.required("provider", "which provider is verified"),
        pact_url=_url(inputs, "pact-url") or "",
        provider_versions=inputs.names("provider-versions"),
        again=(inputs.variable("GITHUB_RUN_ATTEMPT") or "1") != "1",
    )


@dataclass(frozen=True)
class ReconcileSettings(GitHubSettings):
    """`actions/reconcile`. `target` is what the gates of pull requests ask about."""

    pacticipants: tuple[str, ...] = ()
    target: Target = _MAIN_BRANCHES
    consumer_branches: bool = False
    rerun: bool = True
    delete_branches: bool = False


def reconcile_settings(inputs: Inputs) -> ReconcileSettings:
    """Read the inputs of `actions/reconcile`."""
    environment = inputs.text("to-environment")
    return ReconcileSettings(
        **vars(github_settings(inputs)),
        pacticipants=inputs.required_lines("pacticipant", "which services are to be looked after"),
        target=Target(TargetKind.ENVIRONMENT, environment) if environment else _MAIN_BRANCHES,
        consumer_branches=inputs.flag("consumer-branches"),
        rerun=inputs.flag("rerun") if inputs.text("rerun") else True,
        delete_branches=inputs.flag("delete-branches"),
    )


State = Literal["deployed", "undeployed", "released", "support-ended"]


@dataclass(frozen=True)
class RecordSettings:
    """`actions/record-deployment`."""

    pacticipant: str
    environment: str
    state: State = "deployed"
    version: str | None = None
    branch: str | None = None
    application_instance: str | None = None
    create_environment: bool = False
    allow_without_contracts: bool = False


def record_settings(inputs: Inputs) -> RecordSettings:
    """Read the inputs of `actions/record-deployment`."""
    return RecordSettings(
        pacticipant=inputs.required("pacticipant", "what was deployed"),
        environment=inputs.required("environment", "where it was deployed to"),
        state=inputs.choice("state", "deployed", "undeployed", "released", "support-ended"),  # type: ignore[arg-type]
        version=inputs.text("version"),
        branch=inputs.text("branch"),
        application_instance=inputs.text("application-instance"),
        create_environment=inputs.flag("create-environment"),
        allow_without_contracts=inputs.flag("allow-without-contracts"),
    )


@dataclass(frozen=True)
class CreateVersionSettings(VersionSettings):
    """`actions/create-version`."""

    pacticipant: str = ""
    tag_with_branch: bool = False


def create_version_settings(inputs: Inputs) -> CreateVersionSettings:
    """Read the inputs of `actions/create-version`."""
    return CreateVersionSettings(
        **vars(version_settings(inputs)),
        pacticipant=inputs.required("pacticipant", "whose version is created"),
        tag_with_branch=inputs.flag("tag-with-branch"),
    )


@dataclass(frozen=True)
class FetchSettings:
    """`actions/fetch-pacts`. `run_id` is None for the run that the event is about; `pacticipants` may be consumers."""

    pacticipants: tuple[str, ...]
    artifact: str = "pacts"
    run_id: int | None = None
    workflow: str | None = None
    folder: str = "pacts"
    on_empty: OnEmpty = "fail"
    repository: str | None = None
    this_run: int | None = None
    event: str = ""
    event_path: str = ""


def fetch_settings(inputs: Inputs) -> FetchSettings:
    """Read the inputs of `actions/fetch-pacts`, and what the runner says of this run."""
    inputs.required("pacticipant", "whose pacts may be taken")
    run_id = inputs.text("run-id")
    if run_id and not re.fullmatch(r"[0-9]{1,18}", run_id):
        raise _wrong("run-id", run_id, "is no run's id", "Write the number in the run's address: …/actions/runs/123.")
    return FetchSettings(
        pacticipants=inputs.lines("pacticipant"),
        artifact=inputs.text("artifact") or FetchSettings.artifact,
        run_id=int(run_id) if run_id else None,
        workflow=inputs.text("workflow"),
        folder=inputs.text("folder") or FetchSettings.folder,
        on_empty=inputs.choice("on-empty", "fail", "pass"),  # type: ignore[arg-type]
        **_this_run(inputs),
    )


def _this_run(inputs: Inputs) -> dict[str, Any]:
    this_run = inputs.variable("GITHUB_RUN_ID") or ""
    return {
        "repository": inputs.variable("GITHUB_REPOSITORY"),
        "this_run": int(this_run) if this_run.isdecimal() else None,
        "event": inputs.variable("GITHUB_EVENT_NAME") or "",
        "event_path": inputs.variable("GITHUB_EVENT_PATH") or "",
    }


@dataclass(frozen=True)
class ContractGateSettings:
    """`actions/contract-gate`: the settings of its parts, and the results of the jobs before it by their ids.

    Without an artifact there is nothing to `fetch`, and nothing to publish. `this_run` is a repository and a run's id.
    """

    gate: GateSettings
    publish: PublishSettings
    trigger: TriggerSettings
    fetch: FetchSettings | None = None
    needs: Mapping[str, str] = field(default_factory=dict)
    this_run: tuple[str, int] | None = None


def contract_gate_settings(inputs: Inputs) -> ContractGateSettings:
    """Read the inputs of `actions/contract-gate`. The providers' repositories may need a token of their own."""
    trigger, needs, run = trigger_settings(inputs), _needs(inputs), _this_run(inputs)
    return ContractGateSettings(
        gate=replace(gate_settings(inputs), announce=announce_settings(inputs)),
        publish=PublishSettings(tags=inputs.names("tags"), on_empty="pass"),
        trigger=replace(trigger, github_token=inputs.text("trigger-token") or trigger.github_token),
        fetch=_fetch_settings(inputs, trigger.pacticipants, needs),
        needs=needs,
        this_run=(run["repository"], run["this_run"]) if run["repository"] and run["this_run"] else None,
    )


def _fetch_settings(inputs: Inputs, pacticipants: tuple[str, ...], needs: Mapping[str, str]) -> FetchSettings | None:
    """Read what is taken from the jobs before: nothing without an artifact, and maybe nothing where one was skipped."""
    artifact, workflow = inputs.text("artifact"), inputs.text("artifact-workflow")
    if artifact is None:
        return None
    on_empty: OnEmpty = "pass" if "skipped" in needs.values() else "fail"
    return FetchSettings(pacticipants, artifact, workflow=workflow, on_empty=on_empty, **_this_run(inputs))


def _needs(inputs: Inputs) -> Mapping[str, str]:
    """Read `toJSON(needs)`: https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#needs-context."""
    try:
        return {str(name): str(job["result"]) for name, job in json.loads(inputs.text("needs") or "{}").items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            "The input `needs` does not hold the jobs before this one and their results.",
            "Write needs: ${{ toJSON(needs) }}.",
        ) from error


@dataclass(frozen=True)
class PlanSettings:
    """`actions/plan`.

    `work` is what actions/trigger-verification gives, `event` the runner's variables that say what this run is about.
    """

    config: str = "pact-gate.yml"
    all: bool = False
    environment: str | None = None
    work: tuple[Work, ...] = ()
    event: Mapping[str, str] = field(default_factory=dict)


def plan_settings(inputs: Inputs) -> PlanSettings:
    """Read the inputs of `actions/plan`, and which event this run is about."""
    try:
        work = work_from_json(inputs.text("work") or "[]")
    except ValueError as error:
        raise InputError(
            "The input `work` does not hold what actions/trigger-verification gives.",
            "Write work: ${{ steps.ID.outputs.work }}, with the id of its step.",
        ) from error
    return PlanSettings(
        config=inputs.text("config") or PlanSettings.config,
        all=inputs.flag("all"),
        environment=inputs.text("environment"),
        work=work,
        event={name: inputs.variable(name) or "" for name in _EVENT},
    )


@dataclass(frozen=True)
class ServeSettings:
    """`actions/broker` and `pact-gate broker serve`.

    Port 0 is any free one. Webhooks may call only `webhook_hosts`.
    """

    database: str = ".pact-gate/broker.sqlite3"
    port: int = 9292
    webhook_hosts: tuple[str, ...] = ()


def serve_settings(inputs: Inputs, *, default_port: str = "9292") -> ServeSettings:
    """Read the inputs of `actions/broker`. A person gets a port to remember; a job any free one."""
    port = inputs.text("port") or default_port
    if not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > _LAST_PORT:
        raise _wrong("port", port, "is no port", "Write a number from 0 (any free one) to 65535.")
    return ServeSettings(
        inputs.text("database") or ServeSettings.database,
        int(port),
        inputs.names("webhook-hosts"),
    )


_BROKER = ("broker-url", "broker-token", "broker-username", "broker-password", "broker-timeout")
_VERSION = (*_BROKER, "version", "branch")
_CREATE_VERSION = (*_VERSION, "pacticipant", "tags", "tag-with-branch", "build-url")
_PUBLISH = (*_CREATE_VERSION, "pacts", "on-conflict", "on-empty")
_TARGET = ("to-environment", "to-main-branch", "to-branch", "to-tag")
_ASKED = (*_VERSION, "pacticipant", *_TARGET, "ignore", "timeout", "interval", "dry-run", "on-empty")
_GATE = (*_ASKED, "runs", "statuses", "comment", "github-token")
_OVERRIDE = ("override-environment", "override-reason", "override-until")
_TRIGGER = (*_VERSION, "pacticipant", "via", "event", "workflow", "ref", "repositories", "providers", "github-token")
_RECORD = ("environment", "state", "application-instance", "create-environment", "allow-without-contracts")
_RECONCILE = ("to-environment", "consumer-branches", "rerun", "delete-branches")
_PROVIDER = ("provider", "provider-url", "start", "ready-url", "ready-timeout", "provider-states-url", "messages-url")
_SELECTION = ("selectors", "enable-pending", "wip-since", "pact-url", "pacts", "on-empty")
_FILTERS = ("filter-description", "filter-state", "filter-no-state", "filter-consumers")
_RESULTS = ("publish-results", "tags", "build-url", "junit")

# The inputs that each command knows, those of its action: with any other, a typo would be an input that is not given.
KNOWN: Mapping[str, frozenset[str]] = {
    "gate": frozenset(_PUBLISH + _ASKED),
    "publish": frozenset(_PUBLISH),
    "verify": frozenset((*_VERSION, *_PROVIDER, *_SELECTION, *_FILTERS, *_RESULTS, "request-headers")),
    "can-i-deploy": frozenset((*_GATE, *_OVERRIDE)),
    "trigger-verification": frozenset(_TRIGGER),
    "contract-gate": frozenset((*_TRIGGER, *_GATE, "needs", "artifact", "artifact-workflow", "tags", "trigger-token"))
    - {"runs"},
    "settle-statuses": frozenset(("github-token",)),
    "requested-versions": frozenset((*_BROKER, "provider", "pact-url", "provider-versions")),
    "reconcile": frozenset((*_BROKER, "pacticipant", *_RECONCILE, "github-token")),
    "record-deployment": frozenset((*_VERSION, "pacticipant", *_RECORD)),
    "create-version": frozenset(_CREATE_VERSION),
    "fetch-pacts": frozenset(("pacticipant", "artifact", "run-id", "workflow", "folder", "on-empty", "github-token")),
    "plan": frozenset(("config", "all", "environment", "work")),
    "broker": frozenset(("database", "port", "webhook-hosts")),
}
LISTS = frozenset(
    (
        "pacticipant",
        "repositories",
        "providers",
        "pacts",
        "tags",
        "ignore",
        "request-headers",
        "filter-consumers",
        "webhook-hosts",
    )
)

"""What a provider is verified against, and how."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from pact_gate.model import selectors
from pact_gate.model.errors import InputError
from pact_gate.settings.inputs import Inputs, OnEmpty, url_input, wrong
from pact_gate.settings.versions import VersionSettings, version_settings

_SECRET_HEADER = re.compile(r"auth|token|key|secret|cookie|session", re.IGNORECASE)


@dataclass(frozen=True)
class VerifySettings(VersionSettings):
    """`actions/verify`. Times are seconds; `publish_results` is None where the place decides (GitHub: yes)."""

    provider: str = ""
    provider_url: str | None = None
    start: str | None = None
    ready_url: str | None = None
    ready_timeout: float = 60
    provider_states_url: str | None = None
    check_states: bool = True
    state_check: str | None = None
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
        provider_url=url_input(inputs, "provider-url"),
        start=inputs.text("start"),
        ready_url=url_input(inputs, "ready-url"),
        ready_timeout=inputs.number("ready-timeout", 60),
        provider_states_url=url_input(inputs, "provider-states-url"),
        check_states=inputs.flag("check-states") if inputs.text("check-states") else True,
        state_check=inputs.text("state-check"),
        messages_url=url_input(inputs, "messages-url"),
        selectors=selectors.DEFAULT if selected is None else selectors.validated(selected),
        enable_pending=inputs.flag("enable-pending"),
        wip_since=_date(inputs, "wip-since"),
        pact_url=url_input(inputs, "pact-url"),
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
    if settings.state_check and not (settings.provider_states_url and settings.check_states):
        raise InputError(
            "`state-check` is given, and no provider state is tried.",
            "Give `provider-states-url` and leave `check-states` out, or leave `state-check` out.",
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


def _date(inputs: Inputs, name: str) -> str | None:
    value = inputs.text(name)
    try:
        return None if value is None else date.fromisoformat(value).isoformat()
    except ValueError:
        raise wrong(name, str(value), "is no date", "Write it as 2026-01-31.") from None


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
        raise wrong(name, str(value), f"is no regular expression: {error}", "Mend the pattern.") from error

"""Which pacts are compared with which OpenAPI document, and what is published of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pact_gate.model import selectors
from pact_gate.model.errors import InputError
from pact_gate.settings.inputs import Inputs, OnEmpty
from pact_gate.settings.versions import VersionSettings, version_settings

FailOn = Literal["error", "warning", "never"]


@dataclass(frozen=True)
class CompareSettings(VersionSettings):
    """`actions/compare-openapi`. The version is the provider's; `consumer_version` names one pact of the broker."""

    openapi: str = ""
    provider: str = ""
    pacts: tuple[str, ...] = ()
    consumer: str | None = None
    consumer_version: str | None = None
    selectors: tuple[selectors.Selector, ...] = selectors.DEFAULT
    fail_on: FailOn = "error"
    on_empty: OnEmpty = "fail"
    json: str | None = None
    publish_contract: bool = False
    publish_results: bool = False


def compare_settings(inputs: Inputs) -> CompareSettings:
    """Read the inputs of `actions/compare-openapi`."""
    selected = inputs.yaml("selectors")
    settings = CompareSettings(
        **vars(version_settings(inputs)),
        openapi=inputs.required("openapi", "which OpenAPI document the pacts are compared with"),
        provider=inputs.required("provider", "whose document it is, as the pacts name it"),
        pacts=inputs.lines("pacts"),
        consumer=inputs.text("consumer"),
        consumer_version=inputs.text("consumer-version"),
        selectors=selectors.DEFAULT if selected is None else selectors.validated(selected),
        fail_on=inputs.choice("fail-on", "error", "warning", "never"),  # type: ignore[arg-type]
        on_empty=inputs.choice("on-empty", "fail", "pass"),  # type: ignore[arg-type]
        json=inputs.text("json"),
        publish_contract=inputs.flag("publish-contract"),
        publish_results=inputs.flag("publish-results"),
    )
    _check(settings)
    return settings


def _check(settings: CompareSettings) -> None:
    if bool(settings.consumer) != bool(settings.consumer_version):
        raise InputError(
            "Of `consumer` and `consumer-version` one is missing: together they name one pact of the broker.",
            "Give both, or neither.",
        )
    if settings.pacts and settings.consumer:
        raise InputError(
            "Both `pacts` and `consumer-version` are given.", "Leave one out: local files, or a pact of the broker."
        )
    if settings.pacts and settings.publish_results:
        raise InputError(
            "The results for local pact files cannot be published: the broker does not know those files.",
            "Leave `publish-results` out, or compare with the broker's pacts (without `pacts`).",
        )

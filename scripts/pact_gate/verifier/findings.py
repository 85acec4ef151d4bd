"""The verifier's results document as results of interactions.

Its shape is that of the JSON report of Pact's verifier
(https://github.com/pact-foundation/pact-reference/tree/master/rust/pact_verifier_cli#json-report).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pact_gate.model.verification import InteractionResult, Mismatch

_UNITS = {"ns": 1e-9, "µs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1.0}
_DURATION = re.compile(r"([\d.]+)(ns|µs|us|ms|s)")
_MISSING_KEYS = "Actual map is missing the following keys: "
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def interactions_of(results: Mapping[str, Any]) -> tuple[InteractionResult, ...]:
    """Return the result of each interaction that ran, in the order in which they ran."""
    return tuple(_interaction(each) for each in results.get("interactionResults", ()))


def failure_of(results: Mapping[str, Any]) -> str:
    """Return why no interaction ran although the verifier reports errors, for example an unreadable pact."""
    if results.get("interactionResults"):
        return ""
    return "; ".join(_text(each.get("mismatch", {}).get("message")) for each in results.get("errors", ()))


def _interaction(found: Mapping[str, Any]) -> InteractionResult:
    mismatch = found.get("mismatch") or {}
    return InteractionResult(
        description=found.get("description", ""),
        provider_states=tuple(found.get("providerStates", ())),
        passed=found.get("result") == "OK",
        seconds=_seconds(found.get("duration", "")),
        interaction_id=found.get("interactionId") or None,
        mismatches=tuple(each for raw in mismatch.get("mismatches", ()) for each in _mismatches(raw)),
        error=_text(mismatch.get("message")),
        pending=bool(found.get("pending")),
    )


def _mismatches(raw: Mapping[str, Any]) -> Iterator[Mismatch]:
    kind, message = _text(raw.get("type")), _text(raw.get("mismatch"))
    place = _place(raw)
    if message.startswith(_MISSING_KEYS):
        # The verifier names the object that lacks keys; a person looks for the field.
        actual = json.loads(raw["actual"])
        for key in sorted(set(json.loads(raw["expected"])) - set(actual)):
            yield Mismatch(kind, place + _step(key), key, _text(raw["actual"]), _MISSING_KEYS + key)
        return
    yield Mismatch(kind, place, _text(raw.get("expected")), _text(raw.get("actual")), message)


def _place(raw: Mapping[str, Any]) -> str:
    if raw.get("type") == "StatusMismatch":
        return "status"
    place = _text(raw.get("path") or raw.get("key"))
    return "$" if place == "/" else place  # "/" is the verifier's word for a body that is not there at all


def _step(key: str) -> str:
    return f".{key}" if _PLAIN_KEY.fullmatch(key) else f"[{key!r}]"


def _seconds(duration: str) -> float:
    """Read a duration as Rust writes one, such as `24ms` or `1.026s`."""
    return sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(duration))


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

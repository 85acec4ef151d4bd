"""The addresses of resources, as a Pact Broker has them. `base` is the address under which the caller reached us."""

from __future__ import annotations

import base64
import binascii
import functools
import urllib.parse
from typing import Any

from pact_gate.embedded import nested


def at(base: str, *segments: object) -> str:
    """`base` and path segments; a name may hold slashes, spaces and any letter."""
    return "/".join([base, *map(_quoted, map(str, segments))])


@functools.lru_cache(maxsize=1024)
def _quoted(segment: str) -> str:
    """One answer names the same services, branches and relations thousands of times."""
    return urllib.parse.quote(segment, safe="")


def version_at(base: str, pacticipant: str, number: str, *more: str) -> str:
    """The address of a pacticipant's version, or of something under it."""
    return at(base, "pacticipants", pacticipant, "versions", number, *more)


def branch_at(base: str, pacticipant: str, branch: str, *more: str) -> str:
    """The address of a pacticipant's branch, or of something under it."""
    return at(base, "pacticipants", pacticipant, "branches", branch, *more)


def pair_at(base: str, provider: str, consumer: str, *more: str) -> str:
    """The address of what is between a provider and a consumer."""
    return at(base, "pacts", "provider", provider, "consumer", consumer, *more)


def content_at(base: str, provider: str, consumer: str, sha: str, metadata: dict[str, Any] | None = None) -> str:
    """The permalink of what a pact says; `metadata`, which must come back with a result, says what led to it."""
    permalink = pair_at(base, provider, consumer, "pact-version", sha)
    return f"{permalink}/metadata/{encode_metadata(metadata)}" if metadata else permalink


def result_at(
    base: str, provider: str, consumer: str, sha: str, number: object, metadata: dict[str, Any] | None = None
) -> str:
    """The address of a result for a content."""
    return f"{content_at(base, provider, consumer, sha, metadata)}/verification-results/{number}"


def matrix_at(base: str, provider: str, consumer: str) -> str:
    """The address of the matrix of a provider and a consumer."""
    return at(base, "matrix", "provider", provider, "consumer", consumer)


def encode_metadata(metadata: dict[str, Any]) -> str:
    """Metadata as one path segment: a nested query string in URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(nested.build(metadata).encode()).decode().rstrip("=")


def decode_metadata(segment: str) -> dict[str, Any]:
    """Read a segment of `encode_metadata`. A segment that is none means nothing, as for a Pact Broker: {}."""
    try:
        text = base64.b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True).decode()
        return nested.parse(text)
    except (ValueError, binascii.Error):
        return {}

"""What of a webhook may be shown: what is known to be harmless. All else may be a secret, whatever it is called.

Harmless are parameters that are yet to be filled in, values too short to be a secret, and ordinary words where a name
says that words stand there (`ref`, `text`, ...) or in a path. A name that sounds like a secret makes all below it one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

STARS = "**********"
PARAMETER = re.compile(r"\$\{pactbroker\.([A-Za-z]+)\}")

_SECRET = re.compile(
    r"token|secret|pass|pwd|credential|signature|auth|key|cookie|session|bearer|(?<![a-z])(sig|code|pin|pat|otp)(?![a-z])",
    re.IGNORECASE,
)
# Under these stand words: what a call is about, or what is to be read.
_NAMES = frozenset(
    (
        "action",
        "branch",
        "cause",
        "channel",
        "color",
        "consumer",
        "context",
        "delay",
        "description",
        "environment",
        "event",
        "event_name",
        "event_type",
        "eventname",
        "eventtype",
        "fallback",
        "format",
        "job",
        "message",
        "name",
        "owner",
        "pipeline",
        "project",
        "provider",
        "ref",
        "repo",
        "repository",
        "state",
        "status",
        "subject",
        "summary",
        "target",
        "text",
        "title",
        "type",
        "username",
        "version",
        "workflow",
    )
)
_HEADERS = frozenset(
    (
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "content-encoding",
        "content-language",
        "content-type",
        "prefer",
        "user-agent",
        "x-github-api-version",
        "x-requested-with",
    )
)
# What follows these in a path is what a service gives to those alone who may call it.
_BEFORE_A_SECRET = frozenset(
    (
        "catch",
        "hook",
        "hooks",
        "incoming",
        "services",
        "webhook",
        "webhooks",
    )
)
# And after these, so many segments are the names of things.
_BEFORE_NAMES = {"job": 1, "pipelines": 1, "projects": 1, "repos": 2, "repositories": 2, "workflows": 1}
_SCHEMES = frozenset(("basic", "bearer", "token"))  # of the header Authorization

_BETWEEN = re.compile(r"[\s\-_./:,;|]+")
_SHORT = re.compile(r"[a-z]{0,4}|\d{1,4}")
_WORDS = re.compile(r"[^\W_]+")
_WORD = re.compile(r"[A-Z]?[a-z]{1,16}(?:[A-Z][a-z]{2,15})*|[A-Z]{1,4}|v?\d{1,4}")
_MOST_LETTERS = 24
_CAPITALS = re.compile(r"[A-Z]{2,12}")
_FIELD_NAME = re.compile(r"(?:[\w.\[\]-]|\$\{[\w.]+\}){1,100}")


def is_harmless(names: Sequence[str], text: str) -> bool:
    """Whether a value may be shown that stands under these names, the outermost first."""
    if STARS in text:
        return False
    rest = PARAMETER.sub(" ", text)
    if is_secret_name(names):
        return _is_scheme(rest)
    if names and _last_part(names[-1]) in _NAMES:
        return _are_ordinary(_WORDS.findall(rest))
    return _SHORT.fullmatch(_BETWEEN.sub("", rest)) is not None


def is_harmless_header(name: str, value: str) -> bool:
    """Whether a header's value may be shown."""
    return STARS not in value and (name.lower() in _HEADERS or _is_scheme(PARAMETER.sub(" ", value)))


def is_secret_name(names: Iterable[str]) -> bool:
    """Whether all below these names is secret."""
    return any(_SECRET.search(name) for name in names)


def is_field_name(name: str, value: str) -> bool:
    """Whether this is the name of a field in a form, and not the first part of a secret that has a `=` in it."""
    words = _WORDS.findall(PARAMETER.sub(" ", name))
    if not _FIELD_NAME.fullmatch(name) or not words:
        return False
    if not value.strip("="):  # as at the end of Base64
        return not value and name.islower() and _are_ordinary(words)
    return _are_ordinary(word for word in words if not _CAPITALS.fullmatch(word))


def harmless_segments(segments: Sequence[str]) -> int:
    """How many of a path's segments, each decoded, may be shown: what comes after the first that may not is hidden."""
    is_given, names = False, 0
    for count, segment in enumerate(segments):
        if STARS in segment or not (names or _is_harmless_segment(segment, is_given=is_given)):
            return count
        is_given = is_given or (not names and (segment.lower() in _BEFORE_A_SECRET or is_secret_name([segment])))
        names = names - 1 if names else 0 if is_given else _BEFORE_NAMES.get(segment.lower(), 0)
    return len(segments)


def _is_harmless_segment(segment: str, *, is_given: bool) -> bool:
    rest = PARAMETER.sub(" ", segment)
    words = _WORDS.findall(rest)
    return not rest.strip() or (not is_given and bool(words) and _are_ordinary(words))


def _is_scheme(rest: str) -> bool:
    return all(word.lower() in _SCHEMES for word in _BETWEEN.split(rest) if word)


def _last_part(name: str) -> str:
    """The innermost name of `a[b]` or `a.b`, in lower case."""
    return re.split(r"[\[\].]+", name.lower().rstrip("]"))[-1]


def _are_ordinary(words: Iterable[str]) -> bool:
    return all(
        (len(word) <= _MOST_LETTERS and _WORD.fullmatch(word)) if word.isascii() else word.isalpha() for word in words
    )

"""Why there is no result: the causes that a gate tells apart, and what it says of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_SHORTEST_SHA = 7  # characters; git shortens to no less by default
_HEX = re.compile(r"[0-9a-f]+")
_DIGIT = re.compile(r"\d")
_SEPARATORS = re.compile(r"[-_.\s]+")
_ENDING = re.compile(r"(service|svc)$")
_BEFORE_A_VERSION = re.compile(r"v|[a-z][a-z0-9._/@-]*[-_/@]v?")  # v1.2, products-1.2, refs/tags/v1.2, sha-82a7291


class Cause(StrEnum):
    """Why a row has no result, in the order in which a person has to act: what stands first hides what follows."""

    PROVIDER_NAME = "provider-name"
    VERSION_SPELLING = "version-spelling"
    BRANCH_AS_VERSION = "branch-as-version"
    MERGE_COMMIT = "merge-commit"
    OTHER_VERSION = "other-version"
    NEVER_VERIFIED = "never-verified"
    NOT_PUBLISHED = "not-published"
    WORK_IN_PROGRESS = "work-in-progress"
    OTHER_CONTENT = "other-content"
    NOT_ASKED = "not-asked"
    NOT_THERE = "not-there"
    WITHOUT_PACTS = "version-without-pacts"


@dataclass(frozen=True)
class Explanation:
    """A cause: the sentence that says what is so, the one that says what to do, and a command that does it.

    `command` is to be copied into a shell, in a checkout of the service `of` where one is named; what is not known here
    stands in it in capitals.
    """

    cause: Cause
    sentence: str
    mend: str
    command: str = ""
    of: str = ""


def is_same_name(one: str, other: str) -> bool:
    """Say whether two names differ in case, dashes, underscores, dots, spaces or a `-service` behind them alone."""
    return one != other and _plain_name(one) == _plain_name(other)


def _plain_name(name: str) -> str:
    plain = _SEPARATORS.sub("", name.casefold())
    return _ENDING.sub("", plain) or plain


def is_same_version(one: str, other: str) -> bool:
    """Say whether two versions are one in two spellings: a short SHA, another case, something put before it."""
    if one == other:
        return False
    short, long = sorted((one.strip().casefold(), other.strip().casefold()), key=len)
    if short == long:
        return True
    if _HEX.fullmatch(short) and len(short) >= _SHORTEST_SHA and _HEX.fullmatch(long) and long.startswith(short):
        return True
    return (
        bool(_DIGIT.search(short))
        and long.endswith(short)
        and bool(_BEFORE_A_VERSION.fullmatch(long.removesuffix(short)))
    )

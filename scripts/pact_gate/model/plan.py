"""What a run in a repository with several pacticipants has to do."""

from __future__ import annotations

import json
from typing import NamedTuple


class Work(NamedTuple):
    """A verification that is missing: of the pact at `pact_url`, by this version of its provider.

    An empty `version` is the head of the provider's default branch, which the broker does not know.
    """

    provider: str
    version: str
    pact_url: str


def work_from_json(text: str) -> tuple[Work, ...]:
    """Read what actions/trigger-verification gives as `work`.

    Raises:
        ValueError: it has not given this.
    """
    try:
        return tuple(
            Work(*(str(each[key]) for key in ("provider", "provider-version", "pact-url"))) for each in json.loads(text)
        )
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("This is no work.") from error


class Concerned(NamedTuple):
    """A pacticipant that a change concerns, and the changed `files` that do it; none where nobody knows what changed.

    `is_asked` says whether the gate is asked about it.
    """

    name: str
    is_consumer: bool
    is_provider: bool
    is_asked: bool
    files: tuple[str, ...] = ()

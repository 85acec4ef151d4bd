"""What a question about the matrix and its answer are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

NOTHING = -1  # the id of a version or pacticipant that is not there
DEFAULT_LIMIT = 100


class Selector(NamedTuple):
    """One selector of a question, as it was asked."""

    pacticipant: str | None
    version: str | None = None
    latest: bool = False
    tag: str | None = None
    branch: str | None = None
    main_branch: bool = False
    environment: str | None = None

    @property
    def is_name_only(self) -> bool:
        """Whether any version of the pacticipant will do."""
        return not (self.version or self.latest or self.tag or self.branch or self.main_branch or self.environment)


class Question(NamedTuple):
    """What is asked: versions, where they are to go, and which of the rows are wanted."""

    selectors: tuple[Selector, ...]
    ignored: tuple[Selector, ...] = ()
    latestby: str | None = None
    success: frozenset[bool | None] | None = None
    limit: str | None = None
    latest: bool = False
    tag: str | None = None
    main_branch: bool | None = None
    environment: str | None = None

    @property
    def has_destination(self) -> bool:
        """Whether the versions that are somewhere else have to be found, too."""
        return bool(self.latest or self.tag or self.environment or self.main_branch)

    @property
    def listed(self) -> int:
        """How many rows are listed at most."""
        return int(self.limit) if self.limit else DEFAULT_LIMIT

    @property
    def only_browses(self) -> bool:
        """Whether this is a page of the history of two pacticipants: a question on which nobody can deploy.

        Of such a page a Pact Broker looks at that many pacts and counts only the rows that it lists, and so do we.
        Everything else is decided on all rows.
        """
        names_alone = all(selector.is_name_only for selector in self.selectors)
        return bool(self.limit) and names_alone and not self.latestby and not self.has_destination


class Resolved(NamedTuple):
    """A selector and one version that it found; `version_id` None is any version, NOTHING is none."""

    asked: Selector
    pacticipant_id: int
    name: str
    specified: bool
    version_id: int | None = None
    number: str | None = None
    branch: str | None = None
    ignored: bool = False
    one_of_many: bool = False

    @property
    def exists(self) -> bool:
        """Whether there is such a version; a pacticipant that is not there counts as any version of it."""
        return self.version_id != NOTHING


class Integration(NamedTuple):
    """A consumer and a provider that have to do with each other; `required`: the consumer cannot go without."""

    consumer_id: int
    consumer: str
    provider_id: int
    provider: str
    required: bool


class Row(NamedTuple):  # a frozen dataclass takes four times as long to make, and an answer has hundreds
    """A pact and, where there is one, a result for its content. Times in microseconds since 1970."""

    consumer_id: int
    consumer: str
    consumer_version_id: int
    consumer_version: str
    provider_id: int
    provider: str
    publication_id: int
    revision: int
    sha: str
    pact_created_at: int
    provider_version_id: int | None
    provider_version: str | None
    result_id: int | None
    success: bool | None
    verified_at: int | None
    acted_at: int


@dataclass(frozen=True)
class Summary:
    """The answer and the facts that it rests on."""

    question: Question
    rows: list[Row]
    ignored_rows: list[Row]
    resolved: list[Resolved]
    ignored: list[Resolved]
    integrations: list[Integration]
    missing: list[Integration] = field(default_factory=list)

    @property
    def deployable(self) -> bool | None:
        """Whether all is well; None where something is not known yet, which comes before something that failed."""
        if any(not one.exists for one in self.resolved if one.specified and not one.ignored):
            return False
        if self.missing or any(row.success is None for row in self.rows):
            return None
        return all(row.success for row in self.rows)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows passed, failed, are not known, and were ignored."""
        counts = {
            "success": sum(row.success is True for row in self.rows),
            "failed": sum(row.success is False for row in self.rows),
            "unknown": len(self.missing) + sum(row.success is None for row in self.rows),
        }
        return {**counts, "ignored": len(self.ignored_rows)} if self.ignored else counts

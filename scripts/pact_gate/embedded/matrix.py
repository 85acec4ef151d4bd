"""The matrix: which consumer versions work with which provider versions, and what may be deployed.

The steps are those of a Pact Broker 2.122: the selectors of the question are resolved to versions; where a destination
is given, the pacticipants that integrate with them are added, in the versions that are there; all pacts between the
chosen versions are joined with the results for their contents; of these the latest are kept (`latestby`).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pact_gate.embedded import estate

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


def answer(db: sqlite3.Connection, question: Question) -> Summary:
    """Answer a question that was checked."""
    ignored = [one for selector in question.ignored for one in _resolve(db, selector, specified=False)]
    specified = [
        _ignoring(ignored, one) for selector in question.selectors for one in _resolve(db, selector, specified=True)
    ]
    pairs = (_involving if question.has_destination or len(specified) == 1 else _between)(db, specified)
    owners = _owners(db, pairs)
    integrations = _integrations(pairs, owners)
    resolved = specified + _inferred(db, question, specified, integrations, owners, ignored)
    rows = _rows(db, question, resolved)
    kept = [row for row in rows if not _is_ignored(ignored, row)]
    passed_over = [row for row in rows if _is_ignored(ignored, row)]
    there = {(row.consumer_id, row.provider_id) for row in rows}
    missing = [one for one in integrations if one.required and (one.consumer_id, one.provider_id) not in there]
    return Summary(
        question, sorted(kept, key=_order), sorted(passed_over, key=_order), resolved, ignored, integrations, missing
    )


def _resolve(db: sqlite3.Connection, selector: Selector, *, specified: bool) -> list[Resolved]:
    name = selector.pacticipant or ""
    owner = estate.pacticipant(db, name)
    if owner is None:
        return [Resolved(selector, NOTHING, name, specified)]
    return _resolve_of(db, [owner], selector, specified=specified)


def _resolve_of(
    db: sqlite3.Connection, owners: Sequence[sqlite3.Row], selector: Selector, *, specified: bool
) -> list[Resolved]:
    """The versions of each owner that a selector finds, whichever pacticipant that names."""
    if selector.is_name_only:
        return [Resolved(selector, owner["id"], owner["name"], specified) for owner in owners]
    found = _versions(db, owners, selector)
    resolved: list[Resolved] = []
    for owner in owners:
        one = (selector, owner["id"], owner["name"], specified)
        versions = found.get(owner["id"], [])
        if not versions:
            resolved.append(Resolved(*one, NOTHING, selector.version, selector.branch))
        branch = selector.branch or (owner["main_branch"] if selector.main_branch else None)
        many = len(versions) > 1
        resolved += [Resolved(*one, row["id"], row["number"], branch, one_of_many=many) for row in versions]
    return resolved


def _versions(
    db: sqlite3.Connection, owners: Sequence[sqlite3.Row], selector: Selector
) -> dict[int, list[sqlite3.Row]]:
    """The versions that meet every condition of a selector, by the pacticipant whose they are.

    Each condition but the number's finds versions of the pacticipant alone; with that asked as well, SQLite would walk
    through all of them. A tag's versions are walked through from the newest, the others are few.
    """
    values = {
        "owners": _ids(owner["id"] for owner in owners),
        "number": selector.version,
        "tag": selector.tag,
        "environment": selector.environment,
        "branch": selector.branch,
    }
    on_branch = "x.id IN (SELECT head_version_id FROM branches WHERE pacticipant_id = owner.id AND name = {})"
    if not selector.latest:
        on_branch = """x.id IN (SELECT bv.version_id FROM branches b JOIN branch_versions bv ON bv.branch_id = b.id
                                WHERE b.pacticipant_id = owner.id AND b.name = {})"""
    conditions = {
        "x.pacticipant_id = owner.id AND x.number = :number": selector.version,
        "t.pacticipant_id = owner.id AND t.name = :tag": selector.tag,
        _IN_ENVIRONMENT: selector.environment,
        on_branch.format(":branch"): selector.branch,
        on_branch.format("owner.main_branch"): selector.main_branch,
    }
    where = " AND ".join(text for text, wanted in conditions.items() if wanted) or "x.pacticipant_id = owner.id"
    tagged = "tags t CROSS JOIN versions x ON x.id = t.version_id" if selector.tag else "versions x"
    newest = f"ORDER BY {'t.version_id' if selector.tag else 'x.id'} DESC LIMIT 1" if selector.latest else ""
    query = f"""SELECT owner.id AS owner, v.id, v.number FROM pacticipants owner CROSS JOIN versions v
                ON v.id IN (SELECT x.id FROM {tagged} WHERE {where} {newest})
                WHERE owner.id IN (SELECT value FROM json_each(:owners)) ORDER BY v.id"""
    found: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(query, values):
        found.setdefault(row["owner"], []).append(row)
    return found


_PLACE = "(SELECT id FROM environments WHERE name = :environment)"
_IN_ENVIRONMENT = f"""x.id IN (
    SELECT d.version_id FROM deployments d
    WHERE d.environment_id = {_PLACE} AND d.pacticipant_id = owner.id AND d.current = 1
    UNION ALL SELECT r.version_id FROM releases r
    WHERE r.environment_id = {_PLACE} AND r.pacticipant_id = owner.id AND r.support_ended_at IS NULL)"""


def _ignoring(ignored: Sequence[Resolved], one: Resolved) -> Resolved:
    hit = ignored and any(_covers(other, one.pacticipant_id, one.version_id) for other in ignored)
    return one._replace(ignored=True) if hit and one.pacticipant_id != NOTHING else one


def _covers(ignored: Resolved, pacticipant_id: int, version_id: int | None) -> bool:
    """Whether a version is to be ignored; of two that are not there, neither stands for the other."""
    if ignored.pacticipant_id != pacticipant_id:
        return False
    return ignored.asked.is_name_only or ignored.version_id == version_id != NOTHING


def _is_ignored(ignored: Sequence[Resolved], row: Row) -> bool:
    return any(
        _covers(one, row.consumer_id, row.consumer_version_id) or _covers(one, row.provider_id, row.provider_version_id)
        for one in ignored
    )


_Pairs = dict[tuple[int, int], bool]  # a consumer's and a provider's id: whether the consumer cannot go without


def _owners(db: sqlite3.Connection, pairs: _Pairs) -> dict[int, sqlite3.Row]:
    query = "SELECT * FROM pacticipants WHERE id IN (SELECT value FROM json_each(?))"
    return {row["id"]: row for row in db.execute(query, (_ids({one for pair in pairs for one in pair}),))}


def _integrations(pairs: _Pairs, owners: dict[int, sqlite3.Row]) -> list[Integration]:
    names = {owner_id: owner["name"] for owner_id, owner in owners.items()}
    made = [Integration(one, names[one], other, names[other], required) for (one, other), required in pairs.items()]
    return sorted(made, key=lambda one: (one.consumer, one.provider))


def _involving(db: sqlite3.Connection, specified: list[Resolved]) -> _Pairs:
    """The integrations of the specified versions as consumers (required), and of the pacticipants as providers."""
    found: _Pairs = {}
    for one in specified:
        for row in db.execute(
            "SELECT consumer_id, provider_id FROM integrations WHERE provider_id = ?", (one.pacticipant_id,)
        ):
            found.setdefault((row["consumer_id"], row["provider_id"]), False)
        if one.version_id is None:
            query, value = (
                "SELECT DISTINCT provider_id FROM publications WHERE consumer_id = ? AND current = 1",
                one.pacticipant_id,
            )
        else:
            query, value = (
                "SELECT DISTINCT provider_id FROM publications WHERE version_id = ? AND current = 1",
                one.version_id,
            )
        for row in db.execute(query, (value,)):
            found[one.pacticipant_id, row["provider_id"]] = True
    return found


def _between(db: sqlite3.Connection, specified: list[Resolved]) -> _Pairs:
    """The integrations among the specified: all are required."""
    providers = json.dumps(sorted({one.pacticipant_id for one in specified}))
    found: _Pairs = {}
    for one in specified:
        column, value = (
            ("version_id", one.version_id) if one.version_id is not None else ("consumer_id", one.pacticipant_id)
        )
        query = f"""SELECT DISTINCT provider_id FROM publications WHERE {column} = ? AND current = 1
                    AND provider_id IN (SELECT value FROM json_each(?))"""
        for row in db.execute(query, (value, providers)):
            found[one.pacticipant_id, row["provider_id"]] = True
    return found


def _inferred(
    db: sqlite3.Connection,
    question: Question,
    specified: list[Resolved],
    integrations: list[Integration],
    owners: dict[int, sqlite3.Row],
    ignored: list[Resolved],
) -> list[Resolved]:
    """The other pacticipants of the integrations, in the versions that are at the destination."""
    if not question.has_destination:
        return []
    known = {one.pacticipant_id for one in specified}
    ids = dict.fromkeys(each for one in integrations for each in (one.consumer_id, one.provider_id))
    there = Selector(
        None,
        latest=question.latest,
        tag=question.tag,
        main_branch=bool(question.main_branch),
        environment=question.environment,
    )
    found = _resolve_of(db, [owners[each] for each in ids if each not in known], there, specified=False)
    return [_ignoring(ignored, one) for one in found]


def _rows(db: sqlite3.Connection, question: Question, resolved: list[Resolved]) -> list[Row]:
    rows = _one_sided(db, question, resolved[0]) if len(resolved) == 1 else _two_sided(db, question, resolved)
    rows.sort(key=lambda row: (row.acted_at, row.publication_id, row.result_id or 0), reverse=True)
    if question.only_browses:
        rows = rows[: question.listed]
    if question.latestby == "cp":
        rows = _as_first_verified(db, rows)
    if question.latestby in _GROUPS:
        rows = _latest(rows, _GROUPS[question.latestby])
    return [row for row in rows if question.success is None or row.success in question.success]


def _as_first_verified(db: sqlite3.Connection, rows: list[Row]) -> list[Row]:
    """The newest first, where who verifies again does not make a row newer: of a pair's results the first counts.

    It makes a difference only where the rows of several consumer versions are held against one another.
    """
    query = """SELECT p.id, r.provider_version_id, max(cv.created_at, min(r.created_at))
        FROM json_each(?) asked CROSS JOIN publications p ON p.id = asked.value
        JOIN versions cv ON cv.id = p.version_id JOIN results r ON r.content_id = p.content_id
        GROUP BY p.id, r.provider_version_id"""
    found = db.execute(query, (_ids({row.publication_id for row in rows}),))
    first = {(publication_id, version_id): acted_at for publication_id, version_id, acted_at in found}

    def key(row: Row) -> tuple[int, int, int]:
        acted_at = first.get((row.publication_id, row.provider_version_id or NOTHING), row.acted_at)
        return (acted_at, row.publication_id, row.result_id or 0)

    return sorted(rows, key=key, reverse=True)


_GROUPS: dict[str, Callable[[Row], tuple[Any, ...]]] = {
    "cvpv": lambda row: (row.consumer_id, row.consumer_version_id, row.provider_id, row.provider_version_id),
    "cvp": lambda row: (row.consumer_id, row.consumer_version_id, row.provider_id),
    "cp": lambda row: (row.consumer_id, row.provider_id),
}

LATEST_BY = tuple(_GROUPS)


def _latest(rows: list[Row], group: Callable[[Row], tuple[Any, ...]]) -> list[Row]:
    """Of each group the row of the newest provider version; the newest row, if that one has no result."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(group(row), []).append(row)
    return [_latest_of(members) for members in groups.values()]


def _latest_of(rows: list[Row]) -> Row:
    if rows[0].provider_version_id is None:
        return rows[0]
    return max(reversed(rows), key=lambda row: row.provider_version_id or 0)


# A row's columns, in its order: those of the pact, and those of a result for what it says.
_OF_PACT = """p.consumer_id, consumer.name, p.version_id, cv.number, p.provider_id, provider.name,
    p.id AS publication_id, p.revision, k.sha, p.created_at"""
_OF_RESULT = "pv.id, pv.number, r.id AS result_id, r.success, r.created_at"
_PACT_COLUMNS, _RESULT_COLUMNS = slice(10), slice(5)
_NAMES = """JOIN pacticipants consumer ON consumer.id = p.consumer_id
    JOIN pacticipants provider ON provider.id = p.provider_id
    JOIN versions cv ON cv.id = p.version_id JOIN contents k ON k.id = p.content_id"""


def _published_at(question: Question) -> str:
    return "cv.created_at AS published_at" if question.latestby else "p.created_at AS published_at"


def _one_sided(db: sqlite3.Connection, question: Question, one: Resolved) -> list[Row]:
    """The pacts of one selector as consumer, verified by anyone or no one, and the results of it as provider."""
    current = "AND {}.current = 1" if question.latestby else ""
    own, made = (
        ("p.version_id", "r.provider_version_id") if one.version_id is not None else ("p.consumer_id", "r.provider_id")
    )
    value = one.version_id if one.version_id is not None else one.pacticipant_id
    select = f"SELECT {_OF_RESULT}, {_OF_PACT}, {_published_at(question)}"
    names = f"{_NAMES} LEFT JOIN versions pv ON pv.id = r.provider_version_id"
    as_consumer = f"""{select} FROM publications p
                      LEFT JOIN results r ON r.content_id = p.content_id {current.format("r")}
                      {names} WHERE {own} = ? {current.format("p")}"""
    as_provider = f"""{select} FROM results r JOIN publications p ON p.content_id = r.content_id {current.format("p")}
                      {names} WHERE {made} = ? {current.format("r")}"""
    found = {
        (row["publication_id"], row["result_id"]): row
        for query in (as_consumer, as_provider)
        for row in db.execute(query, (value,))
    }
    return [
        _row(row[_RESULT_COLUMNS.stop :], row if row["result_id"] is not None else None, row["published_at"])
        for row in found.values()
    ]


def _two_sided(db: sqlite3.Connection, question: Question, resolved: list[Resolved]) -> list[Row]:
    """The pacts between the resolved versions, each with the results by those of them that are providers."""
    ids = {one.pacticipant_id for one in resolved}
    specified = {one.pacticipant_id for one in resolved if one.specified}
    any_version = {one.pacticipant_id for one in resolved if one.version_id is None}
    versions = {one.version_id for one in resolved if one.version_id is not None}
    published = _published(db, question, any_version, versions, ids)
    if question.only_browses:
        published = sorted(published, key=lambda pact: int(pact["published_at"]), reverse=True)[: question.listed]
    results = _results(db, question, published, resolved)
    rows: list[Row] = []
    for pact in published:
        if pact["consumer_id"] in specified or pact["provider_id"] in specified:
            found = results.get(pact["content_id"], (None,))
            rows += [_row(pact, result, pact["published_at"]) for result in found]
    return rows


def _published(
    db: sqlite3.Connection, question: Question, any_version: set[int], versions: set[int], providers: set[int]
) -> list[sqlite3.Row]:
    current = "AND p.current = 1" if question.latestby else ""
    query = f"""SELECT {_OF_PACT}, p.content_id, {_published_at(question)}
        FROM publications p {_NAMES}
        WHERE p.{{by}} IN (SELECT value FROM json_each(?)) AND {{of}} IN (SELECT value FROM json_each(?)) {current}"""
    found: dict[int, sqlite3.Row] = {}
    # The + keeps SQLite from trying each version with each provider (sqlite.org/optoverview.html#uplus).
    for by, of, values in (("consumer_id", "p.provider_id", any_version), ("version_id", "+p.provider_id", versions)):
        if values:
            rows = db.execute(query.format(by=by, of=of), (_ids(values), _ids(providers)))
            found.update((row["publication_id"], row) for row in rows)
    return list(found.values())


def _results(
    db: sqlite3.Connection, question: Question, published: list[sqlite3.Row], resolved: list[Resolved]
) -> dict[int, list[sqlite3.Row | None]]:
    """Results for the pacts' contents by the resolved versions of their providers, by content."""
    versions: dict[int, set[int | None]] = {}
    for one in resolved:
        versions.setdefault(one.pacticipant_id, set()).add(one.version_id)
    asked = {(row["content_id"], version) for row in published for version in versions.get(row["provider_id"], ())}
    current = "AND r.current = 1" if question.latestby else ""
    query = f"""SELECT {_OF_RESULT}, r.content_id
        FROM json_each(?) asked CROSS JOIN results r ON r.content_id = json_extract(asked.value, '$[0]') {current}
        JOIN versions pv ON pv.id = r.provider_version_id"""
    of_any = [pair for pair in asked if pair[1] is None]
    of_one = [pair for pair in asked if pair[1] is not None]
    rows = db.execute(query, (json.dumps(of_any),)).fetchall()
    rows += db.execute(
        f"{query} WHERE r.provider_version_id = json_extract(asked.value, '$[1]')", (json.dumps(of_one),)
    )
    found: dict[int, dict[int, sqlite3.Row | None]] = {}
    for row in rows:
        found.setdefault(row["content_id"], {})[row["result_id"]] = row
    return {content_id: list(by_id.values()) for content_id, by_id in found.items()}


def _ids(values: Iterable[int]) -> str:
    return json.dumps(sorted(values))


def _row(pact: Sequence[Any], result: Sequence[Any] | None, published_at: int) -> Row:
    """A row of what begins with the columns of a pact, and of a result."""
    of_pact = pact[_PACT_COLUMNS]
    if result is None:
        return Row._make((*of_pact, None, None, None, None, None, published_at))
    version_id, number, result_id, success, verified_at = result[_RESULT_COLUMNS]
    acted_at = max(published_at, verified_at)
    return Row._make((*of_pact, version_id, number, result_id, bool(success), verified_at, acted_at))


def _order(row: Row) -> tuple[Any, ...]:
    """By consumer and provider, the newest versions first, and rows without a result before those with one."""
    unverified = row.provider_version_id is None
    return (
        row.consumer,
        -row.consumer_version_id,
        -row.revision,
        row.provider,
        not unverified,
        -(row.provider_version_id or 0),
        -(row.result_id or 0),
    )

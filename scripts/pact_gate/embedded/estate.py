"""Pacticipants, their versions, branches, tags and labels: reading and writing the rows."""

from __future__ import annotations

import re
import sqlite3

from pact_gate.embedded.contents import dumps
from pact_gate.embedded.rows import insert, one, required
from pact_gate.embedded.store import now

_MAIN_BRANCHES = ("develop", "main", "master")
_TAG_IS_BRANCH_WITHIN = 10_000_000  # microseconds after the version was made
_TOUCHED_AFTER = 60_000_000  # microseconds: a branch in use is not written at every request
_EMPTY_WORDS = {"api", "provider", "service"}


def pacticipant(db: sqlite3.Connection, name: str) -> sqlite3.Row | None:
    """The pacticipant of exactly this name."""
    return one(db, "SELECT * FROM pacticipants WHERE name = ?", name)


def ensure_pacticipant(db: sqlite3.Connection, name: str) -> sqlite3.Row:
    """The pacticipant of this name, made if it is not there."""
    return pacticipant(db, name) or create_pacticipant(db, name, {})


def create_pacticipant(db: sqlite3.Connection, name: str, fields: dict[str, str | None]) -> sqlite3.Row:
    """Make a pacticipant; one that exists already stays as it is. `fields` are columns."""
    time = now()
    columns = {"name": name, "likeness": likeness(name), "created_at": time, "updated_at": time, **fields}
    insert(db, "INSERT OR IGNORE", "pacticipants", columns)
    return required(pacticipant(db, name))


def update_pacticipant(db: sqlite3.Connection, row_id: int, fields: dict[str, str | None]) -> sqlite3.Row:
    """Set columns of a pacticipant."""
    settings = ", ".join(f"{column} = :{column}" for column in [*fields, "updated_at"])
    db.execute(f"UPDATE pacticipants SET {settings} WHERE id = :id", {**fields, "updated_at": now(), "id": row_id})
    return required(one(db, "SELECT * FROM pacticipants WHERE id = ?", row_id))


def likeness(name: str) -> str:
    """What is left of a name when case, plurals, separators and words like "service" are taken away."""
    return dumps(
        [
            word.removesuffix("s")
            for word in words(name.replace("::", "/"))
            if word.removesuffix("s") not in _EMPTY_WORDS
        ]
    )


def lookalikes(db: sqlite3.Connection, name: str) -> list[str]:
    """Existing names of which a new one is probably a slip of the pen; none if the name itself exists."""
    if pacticipant(db, name):
        return []
    found = db.execute("SELECT name FROM pacticipants WHERE likeness = ? ORDER BY name", (likeness(name),))
    return [row["name"] for row in found]


def words(name: str) -> list[str]:
    """The lower-case words of a name in any spelling: `order-service`, `OrderService`, `order service`."""
    name = re.sub(r"(?<=[A-Z])(?=[A-Z][a-z])|(?<=[a-z\d])(?=[A-Z])", "_", name)
    return [word for word in re.split(r"[\s_\-]+", name.lower()) if word]


def display_name(name: str) -> str:
    """A name for people."""
    return " ".join(word[:1].upper() + word[1:] for word in words(name.replace(".", " "))) or name


def version(db: sqlite3.Connection, pacticipant_id: int, number: str) -> sqlite3.Row | None:
    """The version with exactly this number."""
    return one(db, "SELECT * FROM versions WHERE pacticipant_id = ? AND number = ?", pacticipant_id, number)


def version_of(db: sqlite3.Connection, name: str, number: str) -> sqlite3.Row | None:
    """The same by the pacticipant's name."""
    known = pacticipant(db, name)
    return version(db, known["id"], number) if known else None


def ensure_version(db: sqlite3.Connection, pacticipant_id: int, number: str, *, in_passing: bool = True) -> sqlite3.Row:
    """The version with this number, made if it is not there.

    One that was made `in_passing`, by a tag, a branch or a result, is shown with an `updatedAt`, as by a Pact Broker.
    """
    known = version(db, pacticipant_id, number)
    if known:
        return known
    time = now()
    columns = {"pacticipant_id": pacticipant_id, "number": number, "created_at": time, "updated_at": time + in_passing}
    insert(db, "INSERT OR IGNORE", "versions", columns)
    return required(version(db, pacticipant_id, number))


def set_build_url(db: sqlite3.Connection, version_id: int, build_url: str | None) -> None:
    """Say which build made the version."""
    db.execute("UPDATE versions SET build_url = ?, updated_at = ? WHERE id = ?", (build_url, now(), version_id))


def latest_version(
    db: sqlite3.Connection, pacticipant_id: int, *, tag: str | None = None, branch: str | None = None
) -> sqlite3.Row | None:
    """The newest version; the newest with a tag; or the head of a branch."""
    if branch is not None:
        query = """SELECT v.* FROM branches b JOIN versions v ON v.id = b.head_version_id
                   WHERE b.pacticipant_id = ? AND b.name = ?"""
        return one(db, query, pacticipant_id, branch)
    if tag is not None:
        query = """SELECT v.* FROM tags t JOIN versions v ON v.id = t.version_id
                   WHERE t.pacticipant_id = ? AND t.name = ? ORDER BY t.version_id DESC LIMIT 1"""
        return one(db, query, pacticipant_id, tag)
    return one(db, "SELECT * FROM versions WHERE pacticipant_id = ? ORDER BY id DESC LIMIT 1", pacticipant_id)


def latest_main_version(db: sqlite3.Connection, owner: sqlite3.Row) -> sqlite3.Row | None:
    """The head of the main branch; where no version is on it, the newest version tagged with its name."""
    main = owner["main_branch"]
    if main is None:
        return None
    return latest_version(db, owner["id"], branch=main) or latest_version(db, owner["id"], tag=main)


def delete_version(db: sqlite3.Connection, version_id: int) -> None:
    """Delete a version with all that hangs on it; its branches get the newest of their other versions as head."""
    headless = [row["id"] for row in db.execute("SELECT id FROM branches WHERE head_version_id = ?", (version_id,))]
    db.execute("DELETE FROM versions WHERE id = ?", (version_id,))
    for branch_id in headless:
        _find_head(db, branch_id)


def branch(db: sqlite3.Connection, pacticipant_id: int, name: str) -> sqlite3.Row | None:
    """The branch of this name."""
    return one(db, "SELECT * FROM branches WHERE pacticipant_id = ? AND name = ?", pacticipant_id, name)


def branch_version(db: sqlite3.Connection, branch_id: int, version_id: int) -> sqlite3.Row | None:
    """The row that says that the version is on the branch."""
    return one(db, "SELECT * FROM branch_versions WHERE branch_id = ? AND version_id = ?", branch_id, version_id)


def put_on_branch(db: sqlite3.Connection, made: sqlite3.Row, name: str) -> sqlite3.Row:
    """Put a version on a branch; a version that was not yet on it becomes the head. Answers the branch's row."""
    owner_id, version_id, time = made["pacticipant_id"], made["id"], now()
    columns = {"pacticipant_id": owner_id, "name": name, "created_at": time, "updated_at": time}
    insert(db, "INSERT OR IGNORE", "branches", columns)
    row = required(branch(db, owner_id, name))
    if branch_version(db, row["id"], version_id) is None:
        insert(db, "INSERT", "branch_versions", {"branch_id": row["id"], "version_id": version_id, "created_at": time})
        db.execute("UPDATE branches SET head_version_id = ? WHERE id = ?", (version_id, row["id"]))
    db.execute(
        "UPDATE branches SET updated_at = ? WHERE id = ? AND updated_at < ?", (time, row["id"], time - _TOUCHED_AFTER)
    )
    _guess_main_branch(db, owner_id, name)
    return row


def take_off_branch(db: sqlite3.Connection, branch_id: int, version_id: int) -> None:
    """Take a version off a branch; the newest of the others becomes the head."""
    db.execute("DELETE FROM branch_versions WHERE branch_id = ? AND version_id = ?", (branch_id, version_id))
    head = one(db, "SELECT head_version_id FROM branches WHERE id = ?", branch_id)
    if head and head["head_version_id"] == version_id:
        _find_head(db, branch_id)


def tag(db: sqlite3.Connection, made: sqlite3.Row, name: str) -> sqlite3.Row | None:
    """The tag of this name on a version."""
    query = "SELECT * FROM tags WHERE pacticipant_id = ? AND name = ? AND version_id = ?"
    return one(db, query, made["pacticipant_id"], name, made["id"])


def put_tag(db: sqlite3.Connection, made: sqlite3.Row, name: str) -> sqlite3.Row:
    """Tag a version. The first tag of a new version that is on no branch is taken for its branch, too."""
    if _tag_names_branch(db, made):
        put_on_branch(db, made, name)
    _guess_main_branch(db, made["pacticipant_id"], name)
    attach_tag(db, made, name)
    return required(tag(db, made, name))


def attach_tag(db: sqlite3.Connection, made: sqlite3.Row, name: str) -> None:
    """Tag a version, and no more."""
    columns = {"pacticipant_id": made["pacticipant_id"], "name": name, "version_id": made["id"], "created_at": now()}
    insert(db, "INSERT OR IGNORE", "tags", columns)


def tags_of(db: sqlite3.Connection, version_id: int) -> list[str]:
    """The names of a version's tags, oldest first."""
    found = db.execute("SELECT name FROM tags WHERE version_id = ? ORDER BY created_at, id", (version_id,))
    return [row["name"] for row in found]


def branches_of(db: sqlite3.Connection, version_id: int) -> list[str]:
    """The names of the branches that a version is on, in the order in which it was put on them."""
    query = """SELECT b.name FROM branch_versions bv JOIN branches b ON b.id = bv.branch_id
               WHERE bv.version_id = ? ORDER BY bv.id"""
    return [row["name"] for row in db.execute(query, (version_id,))]


def labels_of(db: sqlite3.Connection, pacticipant_id: int) -> list[str]:
    """The names of a pacticipant's labels."""
    found = db.execute("SELECT name FROM labels WHERE pacticipant_id = ? ORDER BY name", (pacticipant_id,))
    return [row["name"] for row in found]


def _tag_names_branch(db: sqlite3.Connection, made: sqlite3.Row) -> bool:
    if now() - made["created_at"] > _TAG_IS_BRANCH_WITHIN:
        return False
    query = """SELECT EXISTS (SELECT 1 FROM tags WHERE version_id = :id)
                   OR EXISTS (SELECT 1 FROM branch_versions WHERE version_id = :id)"""
    return not db.execute(query, {"id": made["id"]}).fetchone()[0]


def _guess_main_branch(db: sqlite3.Connection, pacticipant_id: int, name: str) -> None:
    if name in _MAIN_BRANCHES:
        query = "UPDATE pacticipants SET main_branch = ?, updated_at = ? WHERE id = ? AND main_branch IS NULL"
        db.execute(query, (name, now(), pacticipant_id))


def _find_head(db: sqlite3.Connection, branch_id: int) -> None:
    query = """UPDATE branches SET head_version_id =
               (SELECT max(version_id) FROM branch_versions WHERE branch_id = :id) WHERE id = :id"""
    db.execute(query, {"id": branch_id})

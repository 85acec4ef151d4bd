"""The tables of the embedded broker, as numbered migrations.

`PRAGMA user_version` is the number of migrations that a file has seen. A migration is never changed once it was
released: add one. Times are whole microseconds since 1970 in UTC. `versions.id` only grows, so it is also the order in
which a pacticipant's versions were made, which is what "latest" means.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable

APPLICATION_ID = 0x50474254  # "PGBT", kept in the file's header (sqlite.org/pragma.html#pragma_application_id)

_FIRST = """
CREATE TABLE pacticipants (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    likeness TEXT NOT NULL,
    display_name TEXT,
    repository_url TEXT,
    repository_name TEXT,
    repository_namespace TEXT,
    main_branch TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE INDEX pacticipants_likeness ON pacticipants (likeness);

CREATE TABLE labels (
    pacticipant_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (pacticipant_id, name)
) WITHOUT ROWID;
CREATE INDEX labels_name ON labels (name);

CREATE TABLE versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pacticipant_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    number TEXT NOT NULL,
    build_url TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (pacticipant_id, number)
);
CREATE INDEX versions_order ON versions (pacticipant_id, id);

-- The head is the version that was put on the branch last, not the newest version on it.
CREATE TABLE branches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pacticipant_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    name TEXT NOT NULL,
    head_version_id INTEGER REFERENCES versions ON DELETE SET NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (pacticipant_id, name)
);
CREATE INDEX branches_head ON branches (head_version_id);

CREATE TABLE branch_versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    branch_id INTEGER NOT NULL REFERENCES branches ON DELETE CASCADE,
    version_id INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    UNIQUE (branch_id, version_id)
);
CREATE INDEX branch_versions_version ON branch_versions (version_id);

CREATE TABLE tags (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pacticipant_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    name TEXT NOT NULL,
    version_id INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    UNIQUE (pacticipant_id, name, version_id)
);
CREATE INDEX tags_version ON tags (version_id, name);

-- What a pact says, once for all versions that publish it. The big column stands last, so that reading the others does
-- not walk through it.
CREATE TABLE contents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    consumer_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    provider_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    sha TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    json TEXT NOT NULL,
    UNIQUE (provider_id, consumer_id, sha)
);
CREATE INDEX contents_consumer ON contents (consumer_id);

-- A pact of a consumer version. `current` is 1 for its last revision; merging makes new revisions.
CREATE TABLE publications (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    consumer_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    provider_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    version_id INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
    content_id INTEGER NOT NULL REFERENCES contents ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    current INTEGER NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX publications_current ON publications (version_id, provider_id) WHERE current = 1;
CREATE INDEX publications_version ON publications (version_id);
CREATE INDEX publications_pair ON publications (provider_id, consumer_id, version_id);
CREATE INDEX publications_consumer ON publications (consumer_id, provider_id);
CREATE INDEX publications_content ON publications (content_id);

CREATE TABLE integrations (
    consumer_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    provider_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (provider_id, consumer_id)
) WITHOUT ROWID;
CREATE INDEX integrations_consumer ON integrations (consumer_id);

-- A verification result; it belongs to the content. `current` is 1 for the last one of a provider version.
CREATE TABLE results (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    content_id INTEGER NOT NULL REFERENCES contents ON DELETE CASCADE,
    consumer_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    provider_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    provider_version_id INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
    success INTEGER NOT NULL,
    wip INTEGER NOT NULL,
    pending INTEGER NOT NULL,
    current INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    build_url TEXT,
    verified_by TEXT,
    test_results TEXT
);
CREATE UNIQUE INDEX results_current ON results (content_id, provider_version_id) WHERE current = 1;
CREATE INDEX results_content ON results (content_id, provider_version_id, success);
CREATE INDEX results_version ON results (provider_version_id);
CREATE INDEX results_pair ON results (provider_id, consumer_id);
CREATE INDEX results_consumer ON results (consumer_id);

-- The tags that provider versions had when they passed a content. A tag that is added later does not count, and a
-- result that is deleted does not take it back.
CREATE TABLE result_tags (
    content_id INTEGER NOT NULL REFERENCES contents ON DELETE CASCADE,
    tag TEXT NOT NULL,
    wip INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (content_id, tag, wip)
) WITHOUT ROWID;

CREATE TABLE environments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    production INTEGER NOT NULL,
    contacts TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);

CREATE TABLE deployments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    environment_id INTEGER NOT NULL REFERENCES environments ON DELETE CASCADE,
    pacticipant_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    version_id INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
    instance TEXT,
    current INTEGER NOT NULL,
    undeployed_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX deployments_current ON deployments (environment_id, pacticipant_id, ifnull(instance, ''))
    WHERE current = 1;
CREATE INDEX deployments_version ON deployments (version_id, environment_id);
CREATE INDEX deployments_pacticipant ON deployments (pacticipant_id, current);
CREATE INDEX deployments_environment ON deployments (environment_id, pacticipant_id);

CREATE TABLE releases (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    environment_id INTEGER NOT NULL REFERENCES environments ON DELETE CASCADE,
    pacticipant_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    version_id INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
    support_ended_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (version_id, environment_id)
);
CREATE INDEX releases_environment ON releases (environment_id, pacticipant_id);
CREATE INDEX releases_pacticipant ON releases (pacticipant_id);

CREATE TABLE webhooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    description TEXT,
    consumer_id INTEGER REFERENCES pacticipants ON DELETE CASCADE,
    consumer_label TEXT,
    provider_id INTEGER REFERENCES pacticipants ON DELETE CASCADE,
    provider_label TEXT,
    enabled INTEGER NOT NULL,
    events TEXT NOT NULL,
    request TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE INDEX webhooks_consumer ON webhooks (consumer_id);
CREATE INDEX webhooks_provider ON webhooks (provider_id);

CREATE TABLE triggered_webhooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    webhook_id INTEGER REFERENCES webhooks ON DELETE SET NULL,
    webhook_uuid TEXT NOT NULL,
    publication_id INTEGER NOT NULL REFERENCES publications ON DELETE CASCADE,
    result_id INTEGER REFERENCES results ON DELETE CASCADE,
    consumer_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    provider_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    event TEXT NOT NULL,
    context TEXT NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER,
    created_at INTEGER NOT NULL
);
CREATE INDEX triggered_webhooks_due ON triggered_webhooks (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX triggered_webhooks_webhook ON triggered_webhooks (webhook_id);
CREATE INDEX triggered_webhooks_publication ON triggered_webhooks (publication_id);
CREATE INDEX triggered_webhooks_result ON triggered_webhooks (result_id);
CREATE INDEX triggered_webhooks_pair ON triggered_webhooks (consumer_id, provider_id);
CREATE INDEX triggered_webhooks_provider ON triggered_webhooks (provider_id);

CREATE TABLE webhook_executions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    triggered_id INTEGER NOT NULL REFERENCES triggered_webhooks ON DELETE CASCADE,
    success INTEGER NOT NULL,
    log TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX webhook_executions_triggered ON webhook_executions (triggered_id);
"""

_RESULT_TAGS = """
CREATE TABLE result_tags (
    content_id INTEGER NOT NULL REFERENCES contents ON DELETE CASCADE,
    tag TEXT NOT NULL,
    wip INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (content_id, tag, wip)
) WITHOUT ROWID;
"""


def _free_tags_of_results(db: sqlite3.Connection) -> None:
    """Let a tag of a result outlive it: the first files had a column for the result, and lost the tag with it.

    Both kinds of file say that they are of version 1: the first version was changed before it was released.
    """
    if all(row[1] != "result_id" for row in db.execute("PRAGMA table_info(result_tags)")):
        return
    rows = db.execute("SELECT content_id, tag, wip, created_at FROM result_tags").fetchall()
    db.execute("DROP TABLE result_tags")
    db.execute(_RESULT_TAGS)
    db.executemany("INSERT INTO result_tags VALUES (?, ?, ?, ?)", map(tuple, rows))


# What is asked daily is found without a walk through the history: what is in an environment now, the first version of
# a branch or tag, the last result of a content.
_SHORT_WAYS = (
    "DROP INDEX deployments_environment",
    "DROP INDEX releases_environment",
    "DROP INDEX releases_pacticipant",
    "CREATE INDEX deployments_environment ON deployments (environment_id, current, pacticipant_id)",
    "CREATE INDEX releases_environment ON releases (environment_id, support_ended_at, pacticipant_id)",
    "CREATE INDEX releases_pacticipant ON releases (pacticipant_id, support_ended_at)",
    "CREATE INDEX tags_first ON tags (pacticipant_id, name, created_at)",
    "CREATE INDEX branch_versions_first ON branch_versions (branch_id, id)",
    "CREATE INDEX results_last ON results (content_id, current, id)",
)


def _prepare_for_long_histories(db: sqlite3.Connection) -> None:
    """Shorten the ways, and compress what pacts say: as text, many left most of a second page empty.

    The column's type stays TEXT, which takes bytes as they are (sqlite.org/datatype3.html#type_affinity).
    """
    for statement in _SHORT_WAYS:
        db.execute(statement)
    db.execute("ALTER TABLE contents RENAME COLUMN json TO packed")
    for (content_id,) in db.execute("SELECT id FROM contents").fetchall():
        (text,) = db.execute("SELECT packed FROM contents WHERE id = ?", (content_id,)).fetchone()
        db.execute("UPDATE contents SET packed = ? WHERE id = ?", (zlib.compress(text.encode()), content_id))


# Delivery asks every few seconds, and after each request, which webhooks something waits for.
_WAITING_WEBHOOKS = """
CREATE INDEX triggered_webhooks_waiting ON triggered_webhooks (webhook_id, due_at) WHERE due_at IS NOT NULL;
"""


Migration = str | Callable[[sqlite3.Connection], None]
MIGRATIONS: tuple[Migration, ...] = (_FIRST, _free_tags_of_results, _prepare_for_long_histories, _WAITING_WEBHOOKS)

"""What is meant by somebody who typed a part of a version's number, or a name with a slip of the pen in it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from pact_gate.embedded import estate
from pact_gate.model.commit import is_full_sha

_CUT_SHA = re.compile(r"[0-9a-f]{7,40}")  # git cuts to no less by default
_OFFERED = 10
_COMPARED = 1_000  # names, and
_LENGTH = 60  # characters of each: more would take a second
_NAMES = 5
_LAST = "\U0010ffff"
_VERSIONS = """SELECT v.id, v.number, v.created_at FROM versions v
    WHERE v.pacticipant_id = (SELECT id FROM pacticipants WHERE name = ?)"""


@dataclass(frozen=True)
class Meant:
    """The version that is meant, if that is sure; otherwise the newest of those whose numbers begin so.

    They have `id`, `number` and `created_at`. `is_cut`: what was typed is a part of a commit's SHA.
    """

    number: str | None
    fitting: Sequence[sqlite3.Row] = ()
    is_cut: bool = False


def names(db: sqlite3.Connection, typed: str) -> Sequence[str]:
    """The pacticipants whose names look like one that is not there, the likeliest first."""
    wanted = typed[:_LENGTH].casefold()
    query = "SELECT name FROM pacticipants ORDER BY id DESC LIMIT ?"
    known = {row["name"][:_LENGTH].casefold(): row["name"] for row in db.execute(query, (_COMPARED,))}
    close = [known[each] for each in get_close_matches(wanted, known, _NAMES)]
    holding = [name for plain, name in sorted(known.items()) if wanted and (wanted in plain or plain in wanted)]
    return tuple(dict.fromkeys([*estate.lookalikes(db, typed), *close, *holding]))[:_NAMES]


def version(db: sqlite3.Connection, owner: str, typed: str) -> Meant:
    """The version of that number, or the only one whose number is a commit's SHA that begins so.

    What begins `1.2.3` is not taken for it: the gate would answer for `1.2.30`, of which nobody asked.
    """
    if estate.version_of(db, owner, typed) is not None:
        return Meant(typed)
    cut = _CUT_SHA.fullmatch(typed.lower())
    found = _beginning(db, owner, cut[0] if cut else typed)
    if cut and len(found) == 1 and is_full_sha(found[0]["number"]):
        return Meant(found[0]["number"])
    return Meant(None, found, is_cut=cut is not None)


def newest(db: sqlite3.Connection, owner: str) -> Sequence[sqlite3.Row]:
    """The newest versions, as in `Meant`."""
    return db.execute(f"{_VERSIONS} ORDER BY v.id DESC LIMIT ?", (owner, _OFFERED)).fetchall()


def _beginning(db: sqlite3.Connection, owner: str, text: str) -> Sequence[sqlite3.Row]:
    # The + keeps SQLite from walking through all versions, the newest first (sqlite.org/optoverview.html#uplus).
    query = f"{_VERSIONS} AND v.number >= ? AND v.number < ? ORDER BY +v.id DESC LIMIT ?"
    return db.execute(query, (owner, text, text + _LAST, _OFFERED)).fetchall()

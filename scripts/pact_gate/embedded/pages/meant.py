"""Which version is meant by somebody who typed a part of its number: pages and logs show commits cut."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

from pact_gate.embedded import estate
from pact_gate.model.commit import is_full_sha

_CUT_SHA = re.compile(r"[0-9a-f]{7,40}")  # git cuts to no less by default
_OFFERED = 10
_LAST = "\U0010ffff"


@dataclass(frozen=True)
class Meant:
    """The version that is meant, if that is sure; otherwise those of which the number may be the beginning."""

    number: str | None
    fitting: tuple[str, ...] = ()


def version(db: sqlite3.Connection, owner: str, typed: str) -> Meant:
    """Find the version of that number, or the only one whose number is a commit's SHA that begins so.

    What begins `1.2.3` is not taken for it: the gate would answer for `1.2.30`, of which nobody asked.
    """
    if estate.version_of(db, owner, typed) is not None:
        return Meant(typed)
    cut = _CUT_SHA.fullmatch(typed.lower())
    found = _beginning(db, owner, cut[0] if cut else typed)
    if cut and len(found) == 1 and is_full_sha(found[0]):
        return Meant(found[0])
    return Meant(None, tuple(found))


def _beginning(db: sqlite3.Connection, owner: str, text: str) -> list[str]:
    """The newest versions whose numbers begin with a text."""
    query = """SELECT v.number FROM versions v WHERE v.pacticipant_id = (SELECT id FROM pacticipants WHERE name = ?)
               AND v.number >= ? AND v.number < ? ORDER BY v.id DESC LIMIT ?"""
    return [row["number"] for row in db.execute(query, (owner, text, text + _LAST, _OFFERED))]

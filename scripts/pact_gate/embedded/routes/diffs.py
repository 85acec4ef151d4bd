"""What changed between two pacts, as text."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from pact_gate.embedded import contents, pact_documents, pacts
from pact_gate.embedded.documents import moment
from pact_gate.embedded.exchange import TEXT, Answer, Call, not_found
from pact_gate.embedded.routes.publishing import required as required_pact
from pact_gate.embedded.routing import Route, get

Pair = tuple[sqlite3.Row | None, sqlite3.Row]  # the older pact, if there is one, and the newer


def since_previous_distinct(call: Call) -> Pair:
    """A version's pact and the one before it that said something else. Raises Refusal (404)."""
    pact = required_pact(call)
    return pacts.previous_distinct(call.db, pact), pact


def since_version(call: Call) -> Pair:
    """The pacts of two versions. Raises Refusal (404)."""
    pact = required_pact(call)
    pair = pacts.Pair(pact["consumer_id"], pact["provider_id"])
    return pacts.of_version(call.db, pair, call.path["other"]), pact


def since_content(call: Call) -> Pair:
    """Two pacts by what they say. Raises Refusal (404)."""
    pair = pacts.pair_of(call.db, call.path["consumer"], call.path["provider"])
    pact = pacts.of_content(call.db, pair, call.path["sha"]) if pair else None
    if pair is None or pact is None:
        raise not_found("There is no such pact.")
    return pacts.of_content(call.db, pair, call.path["other"]), pact


def _text(find: Callable[[Call], Pair]) -> Callable[[Call], Answer]:
    return lambda call: _compared(call, *find(call))


def _compared(call: Call, old: sqlite3.Row | None, new: sqlite3.Row) -> Answer:
    if old is None:
        return Answer(200, f"There is nothing to compare it with: {pact_documents.name(new)}\n", media=TEXT)
    says, said = (pacts.content(call.db, pact["content_id"]) for pact in (new, old))
    changes = contents.difference(said, says, (f"version {old['version']}", f"version {new['version']}"))
    parts = (
        f"# From version {old['version']} to version {new['version']}: {new['consumer']} and {new['provider']}",
        f"Published {moment(old['created_at'])} and {moment(new['created_at'])}",
        changes or "They say the same.",
        "\n".join(pact_documents.pact_at(call.base, pact) for pact in (old, new)),
    )
    return Answer(200, "\n\n".join(parts) + "\n", media=TEXT)


_PAIR = "/pacts/provider/<provider>/consumer/<consumer>"

ROUTES: tuple[Route, ...] = (
    get(f"{_PAIR}/version/<version>/diff/previous-distinct", _text(since_previous_distinct), TEXT),
    get(f"{_PAIR}/version/<version>/diff/version/<other>", _text(since_version), TEXT),
    get(f"{_PAIR}/pact-version/<sha>/diff/pact-version/<other>", _text(since_content), TEXT),
)

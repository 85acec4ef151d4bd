"""Integrations: who has pacts with whom, as a list, as a graph and as tables."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Iterable

from pact_gate.embedded import documents, pacts, rows
from pact_gate.embedded.exchange import CSV, GRAPH, HAL, Answer, Call
from pact_gate.embedded.paging import page_of
from pact_gate.embedded.routes.pacticipants import required as required_pacticipant
from pact_gate.embedded.routes.pacticipants import required_pair
from pact_gate.embedded.routing import Route, delete, get
from pact_gate.embedded.urls import at

_MOST_DIGITS = 9
_DRAWN = "digraph { ranksep=3; ratio=auto; overlap=false; node [  shape = plaintext, fontname = Helvetica ];"
_Edge = tuple[int, str, int, str]  # a consumer and a provider, each with its id and its name


def _list(call: Call) -> Answer:
    page = page_of(call)
    wanted = call.parameter("q") or ""
    where = """FROM integrations i
               JOIN pacticipants c ON c.id = i.consumer_id JOIN pacticipants p ON p.id = i.provider_id
               WHERE instr(lower(c.name), lower(:q)) OR instr(lower(p.name), lower(:q)) OR :q = ''"""
    values = {"q": wanted, "limit": page.limit, "offset": page.offset}
    total = rows.required(call.db.execute(f"SELECT count(*) AS n {where}", values).fetchone())["n"]
    query = f"""SELECT c.name AS consumer, p.name AS provider {where}
                ORDER BY i.changed_at DESC, i.created_at LIMIT :limit OFFSET :offset"""
    found = call.db.execute(query, values).fetchall()
    if call.media == GRAPH:
        return Answer(200, _graph(found), media=GRAPH)
    items = (_integration(call.base, row) for row in found)
    document = documents.listed("integrations", items, call.url, "All integrations", **page.links(call, total))
    return Answer(200, {**page.facts(total), **document})


def _integration(base: str, row: sqlite3.Row) -> documents.Document:
    consumer, provider = row["consumer"], row["provider"]
    pair = ("provider", provider, "consumer", consumer)
    links = {
        "pb:dashboard": documents.link("What there is between the two", at(base, "dashboard", *pair)),
        "pb:matrix": documents.link("The matrix of the two", at("", "matrix", *pair)),
        "pb:group": {"href": at(base, "pacticipants", consumer)},
        "pb:delete_integration": documents.link("DELETE here what is between the two", at(base, "integrations", *pair)),
    }
    return {"consumer": {"name": consumer}, "provider": {"name": provider}, "_links": links}


def _graph(found: list[sqlite3.Row]) -> str:
    """The integrations in the language of Graphviz."""
    edges = (" -> ".join(row[role].replace(" ", "_") for role in ("consumer", "provider")) for row in found)
    return "\n".join([_DRAWN, *(f"  {edge}" for edge in edges), "}", ""])


def _relationships(call: Call) -> Answer:
    found = pacts.latest_of_all(call.db)
    edges = [(row["consumer_id"], row["consumer"], row["provider_id"], row["provider"]) for row in found]
    return Answer(200, _connections(edges), media=CSV)


def _group(call: Call) -> Answer:
    """Who is connected with a pacticipant, through however many others; `maxPacticipants` ends the search."""
    wanted = call.parameter("maxPacticipants") or ""
    most = int(wanted) if wanted.isdecimal() and len(wanted) < _MOST_DIGITS else None
    return Answer(200, _connections(_around(call.db, required_pacticipant(call)["id"], most)), media=CSV)


def _around(db: sqlite3.Connection, pacticipant_id: int, most: int | None) -> list[_Edge]:
    query = """SELECT i.consumer_id, c.name, i.provider_id, p.name FROM integrations i
               JOIN pacticipants c ON c.id = i.consumer_id JOIN pacticipants p ON p.id = i.provider_id
               WHERE ? IN (i.consumer_id, i.provider_id) ORDER BY i.created_at"""
    edges: dict[_Edge, None] = {}
    known, fresh = {pacticipant_id}, {pacticipant_id}
    while fresh and (most is None or len(known) < max(most, 2)):
        edges |= {tuple(row): None for one in sorted(fresh) for row in db.execute(query, (one,))}
        fresh = {end for consumer, _, provider, _ in edges for end in (consumer, provider)} - known
        known |= fresh
    return list(edges)


def _connections(edges: Iterable[_Edge]) -> str:
    """A line for each pacticipant: its id, its name, three numbers for a drawing, its place, and its providers' ids."""
    lines: dict[int, list[int | str]] = {}
    for consumer_id, consumer, provider_id, provider in edges:
        for one, name in ((consumer_id, consumer), (provider_id, provider)):
            lines.setdefault(one, [one, name, 1, 1, 0, len(lines) + 1])
        lines[consumer_id].append(provider_id)
    longest = max(map(len, lines.values()), default=0)
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(line + [0] * (longest - len(line)) for line in lines.values())
    return written.getvalue()


def _delete(call: Call) -> Answer:
    pacts.delete_integration(call.db, required_pair(call))
    return Answer(204)


def _delete_all(call: Call) -> Answer:
    for table in ("publications", "results", "contents", "versions", "webhooks", "pacticipants"):
        call.db.execute(f"DELETE FROM {table}")
    return Answer(204)


ROUTES: tuple[Route, ...] = (
    get("/integrations", _list, GRAPH, HAL),
    delete("/integrations", _delete_all),
    get("/relationships", _relationships, CSV),
    get("/groups/<pacticipant>", _group, CSV),
    delete("/integrations/provider/<provider>/consumer/<consumer>", _delete),
)

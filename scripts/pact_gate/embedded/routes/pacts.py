"""Lists of pacts, newest pacts, and provider states."""

from __future__ import annotations

import sqlite3
from typing import Any

from pact_gate.embedded import contents, pact_documents, pacts
from pact_gate.embedded.exchange import HAL, JSON, Answer, Call, not_found
from pact_gate.embedded.routes.pacticipants import required as required_pacticipant
from pact_gate.embedded.routes.pacticipants import required_pair
from pact_gate.embedded.routes.publishing import after_deletion
from pact_gate.embedded.routes.publishing import required as required_pact
from pact_gate.embedded.routing import Route, delete, get
from pact_gate.embedded.urls import encode_metadata


def _latest(call: Call) -> Answer:
    return _newest(call, untagged=False)


def _latest_untagged(call: Call) -> Answer:
    return _newest(call, untagged=True)


def _newest(call: Call, *, untagged: bool) -> Answer:
    row = required_newest(call, untagged=untagged)
    tag = "untagged" if untagged else call.path.get("tag")
    chosen: dict[str, Any] = {"cvt": [tag]} if tag else {}
    metadata = encode_metadata({**chosen, "cv": row["version_id"]})
    document = pact_documents.pact(call.db, call.base, row, metadata=metadata)
    return Answer(200, document, media=call.media, headers={"X-Pact-Consumer-Version": row["version"]})


def required_newest(call: Call, *, untagged: bool = False) -> sqlite3.Row:
    """The newest pact of the pair: of all, with the tag or on the branch in the path. Raises Refusal (404)."""
    tag, branch = call.path.get("tag"), call.path.get("branch")
    pair = pacts.pair_of(call.db, call.path["consumer"], call.path["provider"])
    row = pacts.latest(call.db, pair, tag=tag, branch=branch, untagged=untagged) if pair else None
    if row is None:
        raise not_found("There is no such pact.")
    return row


def _previous_distinct(call: Call) -> Answer:
    row = pacts.previous_distinct(call.db, required_pact(call))
    if row is None:
        raise not_found("No older pact says something else.")
    return Answer(200, pact_documents.pact(call.db, call.base, row))


def _all_of_pair(call: Call) -> Answer:
    found = pacts.between(call.db, required_pair(call))
    return Answer(200, pact_documents.pacts_of_pair(call.base, call.url, _names(call), found))


def _tagged_of_pair(call: Call) -> Answer:
    tag = call.path["tag"]
    found = pacts.between(call.db, required_pair(call), tag=tag)
    return Answer(200, pact_documents.pacts_of_pair(call.base, call.url, _names(call), found, tag=tag))


def _branch_of_pair(call: Call) -> Answer:
    return _on_branch_of_pair(call, heads=False)


def _heads_of_pair(call: Call) -> Answer:
    return _on_branch_of_pair(call, heads=True)


def _on_branch_of_pair(call: Call, *, heads: bool) -> Answer:
    pair = required_pair(call)
    found = pacts.on_branch(
        call.db, pair.provider_id, call.path.get("branch"), heads=heads, consumer_id=pair.consumer_id
    )
    return Answer(200, pact_documents.pacts_of_pair(call.base, call.url, _names(call), found))


def _names(call: Call) -> tuple[str, str]:
    return call.path["consumer"], call.path["provider"]


def _delete_all(call: Call) -> Answer:
    pacts.delete_between(call.db, required_pair(call))
    return Answer(204)


def _delete_some(call: Call) -> Answer:
    pair = required_pair(call)
    pacts.delete_between(call.db, pair, tag=call.path.get("tag"), branch=call.path.get("branch"))
    return after_deletion(call, pair)


def _all_of_provider(call: Call) -> Answer:
    provider = required_pacticipant(call, "provider")
    tag = call.path.get("tag")
    return _listed(call, "All pacts", pacts.for_provider(call.db, provider["id"], tag=tag))


def _latest_of_provider(call: Call) -> Answer:
    provider = required_pacticipant(call, "provider")
    tag = call.path.get("tag")
    return _listed(call, "Newest pacts", pacts.latest_for_provider(call.db, provider["id"], tag=tag))


def _branch_of_provider(call: Call) -> Answer:
    provider = required_pacticipant(call, "provider")
    return _listed(call, "All pacts", pacts.on_branch(call.db, provider["id"], call.path.get("branch"), heads=False))


def _heads_of_provider(call: Call) -> Answer:
    provider = required_pacticipant(call, "provider")
    return _listed(call, "Newest pacts", pacts.on_branch(call.db, provider["id"], call.path.get("branch"), heads=True))


def _listed(call: Call, what: str, found: list[sqlite3.Row]) -> Answer:
    path = call.path
    which = f" tagged {path['tag']}" if "tag" in path else f" on branch {path['branch']}" if "branch" in path else ""
    title = f"{what} of the provider {path['provider']} with consumer versions{which}"
    return Answer(200, pact_documents.pacts_of_provider(call.base, call.url, title, path["provider"], found))


def _latest_of_all(call: Call) -> Answer:
    return Answer(200, pact_documents.latest_pacts(call.base, pacts.latest_of_all(call.db)))


def _states(call: Call) -> Answer:
    provider = required_pacticipant(call, "provider")
    return _states_of(call, pacts.on_branch(call.db, provider["id"], call.path.get("branch"), heads=True))


def _states_in_environment(call: Call) -> Answer:
    provider = required_pacticipant(call, "provider")
    return _states_of(call, pacts.in_environment(call.db, provider["id"], call.path["environment"]))


def _states_of(call: Call, found: list[sqlite3.Row]) -> Answer:
    """Every provider state with its parameters, and the consumers that ask for it."""
    consumers: dict[str, set[str]] = {}
    states: dict[str, tuple[str, Any]] = {}
    for row in found:
        for name, parameters in contents.provider_states(pacts.content(call.db, row["content_id"])):
            key = contents.dumps([name, parameters])
            states[key] = (name, parameters)
            consumers.setdefault(key, set()).add(row["consumer"])
    listed = [
        {
            "name": name,
            **({"params": parameters} if parameters is not None else {}),
            "consumers": sorted(consumers[key]),
        }
        for key, (name, parameters) in states.items()
    ]
    return Answer(200, {"providerStates": sorted(listed, key=lambda state: str(state["name"]))})


_PROVIDER = "/pacts/provider/<provider>"
_PAIR = f"{_PROVIDER}/consumer/<consumer>"

ROUTES: tuple[Route, ...] = (
    get("/pacts/latest", _latest_of_all),
    get(_PROVIDER, _all_of_provider),
    get(f"{_PROVIDER}/tag/<tag>", _all_of_provider),
    get(f"{_PROVIDER}/latest", _latest_of_provider),
    get(f"{_PROVIDER}/latest/<tag>", _latest_of_provider),
    get(f"{_PROVIDER}/branch", _branch_of_provider),
    get(f"{_PROVIDER}/branch/latest", _heads_of_provider),
    get(f"{_PROVIDER}/branch/<branch>", _branch_of_provider),
    get(f"{_PROVIDER}/branch/<branch>/latest", _heads_of_provider),
    get(f"{_PROVIDER}/provider-states", _states),
    get(f"{_PROVIDER}/provider-states/branch/<branch>", _states),
    get(f"{_PROVIDER}/provider-states/environment/<environment>", _states_in_environment),
    get(f"{_PAIR}/latest", _latest, HAL, JSON),
    get("/pact/provider/<provider>/consumer/<consumer>/latest", _latest, HAL, JSON),
    get(f"{_PAIR}/latest/<tag>", _latest, HAL, JSON),
    get(f"{_PAIR}/latest-untagged", _latest_untagged, HAL, JSON),
    get(f"{_PAIR}/versions", _all_of_pair),
    delete(f"{_PAIR}/versions", _delete_all),
    get(f"{_PAIR}/tag/<tag>", _tagged_of_pair),
    delete(f"{_PAIR}/tag/<tag>", _delete_some),
    get(f"{_PAIR}/branch/versions", _branch_of_pair),
    get(f"{_PAIR}/branch/latest/versions", _heads_of_pair),
    get(f"{_PAIR}/branch/<branch>", _branch_of_pair),
    delete(f"{_PAIR}/branch/<branch>", _delete_some),
    get(f"{_PAIR}/branch/<branch>/latest", _latest, HAL, JSON),
    get(f"{_PAIR}/branch/<branch>/latest/versions", _heads_of_pair),
    get(f"{_PAIR}/version/<version>/previous-distinct", _previous_distinct),
)

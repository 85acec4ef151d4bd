"""What a pact file says: reading it, telling two of them apart, and merging them. Nothing here knows the database.

Two pacts are the same content when what a provider is verified against is the same: the interactions (in any order,
with keys in any order), the messages and the specification's version. So a Pact Broker sees it, too.
"""

from __future__ import annotations

import difflib
import hashlib
import itertools
import json
import re
import zlib
from collections.abc import Hashable
from typing import Any, NoReturn, cast

MOST_VALUES = 500_000  # of a body: in memory each takes up to a hundred times the bytes that it was sent in
_MOST_NESTING = 50  # as the Pact Broker
MOST_LINES = 20_000  # of each of two pacts that are compared: the time grows with their square
_LISTS = ("interactions", "messages")
# Up to the next comma or bracket that opens, outside of text. It matches whatever it is given, and looks at it once.
_UP_TO_VALUE = re.compile(r'(?:[^",\[{]++|"(?:[^"\\]++|\\.)*+"?)*+(?:([,\[{])|\Z)', re.DOTALL)
_REQUEST_PARTS = ("method", "path", "query", "body", "headers")


def parse(text: bytes | str) -> Any:
    """Read JSON. Raises ValueError for what is none, is no Unicode, or is nested too deeply to be handled safely."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    _check_depth(value)
    dumps(value).encode()  # a lone surrogate is JSON, but no text that can be stored
    return value


def has_too_many_values(*texts: bytes) -> bool:
    """Whether JSON holds more values than memory is given for; a list and an object count for two. It is not read."""
    if sum(text.count(mark) for text in texts for mark in (b",", b"[", b"{")) <= MOST_VALUES:
        return False
    decoded = (text.decode(json.detect_encoding(text), "replace") for text in texts)
    found = (match for text in decoded for match in _UP_TO_VALUE.finditer(text) if match[1])
    return next(itertools.islice(found, MOST_VALUES, None), None) is not None


def dumps(value: object) -> str:
    """JSON without a byte too many: this is what is stored and what is hashed.

    Raises ValueError for an infinite number, which is none of JSON's: `1e400` is read as one.
    """
    # What was read or built here cannot hold itself: looking for that takes a fifth of the time.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False)


def packed(pact: Any) -> bytes:
    """What is stored of a pact: its JSON, compressed."""
    return zlib.compress(dumps(_with_interaction_ids(pact)).encode())


def unpacked(stored: bytes) -> Any:
    """The pact that was stored, with an `_id` in each interaction. Raises ValueError where it is damaged."""
    try:
        return parse(zlib.decompress(stored))
    except (zlib.error, TypeError) as error:
        raise ValueError(f"no compressed JSON ({error})") from error


def sha(pact: Any) -> str:
    """The SHA-1 of what affects verification, 40 hex digits: the `pact-version` of the Pact Broker's URLs."""
    return _digest(dumps(_verifiable(pact)))


def provider_states(pact: Any) -> list[tuple[str, Any]]:
    """Name and parameters of every provider state that the pact asks for, in the order of the file."""
    return [state for interaction in _interactions(pact) for state in _provider_states_of(interaction)]


def name_of(pact: Any, role: str) -> str | None:
    """The name of the `consumer` or `provider` that the pact states, if it states one."""
    party = pact.get(role) if isinstance(pact, dict) else None
    name = party.get("name") if isinstance(party, dict) else None
    return name if isinstance(name, str) else None


def specification(pact: Any) -> Any:
    """The version of the specification that the pact states, if it states one; the older spellings count, too."""
    metadata = pact.get("metadata") if isinstance(pact, dict) else None
    if not isinstance(metadata, dict):
        return None
    for key in ("pactSpecification", "pact-specification"):
        if isinstance(metadata.get(key), dict) and metadata[key].get("version"):
            return metadata[key]["version"]
    return metadata.get("pactSpecificationVersion")


def difference(old: Any, new: Any, names: tuple[str, str], most_lines: int = MOST_LINES) -> str:
    """What differs, as a unified diff of the two, whatever the order of their interactions and keys."""
    one, other = (
        json.dumps(_comparable(pact), indent=2, sort_keys=True, ensure_ascii=False).splitlines() for pact in (old, new)
    )
    if max(len(one), len(other)) > most_lines:
        return "They differ, and are too long to be compared here." if one != other else ""
    return "\n".join(difflib.unified_diff(one, other, *names, lineterm="", n=2))


def conflicts(pact: Any, addition: Any) -> bool:
    """Whether an interaction of `addition` has the description and states of one in `pact`, but another request."""
    if not can_be_merged(pact, addition):
        return True
    requests: dict[Hashable, set[Hashable]] = {}
    for old in pact["interactions"]:
        requests.setdefault(_place(old), set()).add(_request_of(old))
    return any(requests.get(_place(new), set()) - {_request_of(new)} for new in addition["interactions"])


def merged(pact: Any, addition: Any) -> Any:
    """The pact with the interactions of `addition`; one of the same description and states is replaced."""
    interactions = list(pact["interactions"])
    places: dict[Hashable, int] = {}
    for index, old in enumerate(interactions):
        places.setdefault(_place(old), index)
    for new in addition["interactions"]:
        index = places.setdefault(_place(new), len(interactions))
        interactions[index : index + 1] = [new]
    return {**pact, "interactions": interactions}


def can_be_merged(*pacts: Any) -> bool:
    """Whether each is an object with a list of interactions."""
    return all(_has_interactions(pact) for pact in pacts)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(_MOST_NESTING + 1):
        level = [child for item in level if isinstance(item, dict | list) for child in _children(item)]
        if not level:
            return
    raise ValueError("nested too deeply")


def _children(value: dict[str, Any] | list[Any]) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value


def _digest(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _verifiable(pact: Any) -> Any:
    if not isinstance(pact, dict):
        return pact
    kept = {key: _in_order(pact[key]) for key in _LISTS if isinstance(pact.get(key), list)}
    if not kept:
        return pact
    version = specification(pact)
    return {**kept, "pact_specification_version": version} if version else kept


def _in_order(interactions: list[Any]) -> list[Any]:
    return sorted((_sorted_keys(item) for item in interactions), key=dumps)


def _sorted_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted_keys(value[key]) for key in sorted(value)}
    return [_sorted_keys(item) for item in value] if isinstance(value, list) else value


def _with_interaction_ids(pact: Any) -> Any:
    """The pact with an `_id` in each interaction and message that has none: how results name an interaction."""
    if not isinstance(pact, dict):
        return pact
    return {key: _identified(value) if key in _LISTS else value for key, value in pact.items()}


def _identified(interactions: Any) -> Any:
    if not isinstance(interactions, list):
        return interactions
    return [
        {"_id": _digest(dumps(_sorted_keys(item))), **item} if isinstance(item, dict) else item for item in interactions
    ]


def _interactions(pact: Any) -> list[dict[str, Any]]:
    if not isinstance(pact, dict):
        return []
    listed = [pact[key] for key in ("messages", "interactions") if isinstance(pact.get(key), list)]
    return [item for items in listed for item in items if isinstance(item, dict)]


def _provider_states_of(interaction: dict[str, Any]) -> list[tuple[str, Any]]:
    old, new = interaction.get("providerState"), interaction.get("providerStates")
    named = [state for state in new if isinstance(state, dict)] if isinstance(new, list) else []
    found = [(state.get("name"), state.get("params")) for state in named]
    return [(name, parameters) for name, parameters in [(old, None), *found] if isinstance(name, str)]


def _has_interactions(pact: Any) -> bool:
    return (
        isinstance(pact, dict)
        and isinstance(pact.get("interactions"), list)
        and all(isinstance(item, dict) for item in pact["interactions"])
    )


def _place(interaction: dict[str, Any]) -> Hashable:
    """Of one place are those whose descriptions and states are equal. Looked up, as there may be a hundred thousand."""
    return _hashable([interaction.get("description"), _states_of(interaction)])


def _hashable(value: Any) -> Hashable:
    """Something that is equal to that of another value if, and only if, the values are."""
    if isinstance(value, dict):
        return frozenset((key, _hashable(child)) for key, child in value.items())
    return tuple(map(_hashable, value)) if isinstance(value, list) else cast("Hashable", value)


def _states_of(interaction: dict[str, Any]) -> Any:
    found = (interaction.get(key) for key in ("provider_state", "providerState", "providerStates"))
    return next((states for states in found if states is not None), None)


def _request_of(interaction: dict[str, Any]) -> Hashable:
    request = interaction.get("request")
    return _hashable([request.get(part) for part in _REQUEST_PARTS] if isinstance(request, dict) else [])


def _comparable(pact: Any) -> Any:
    plain = _without_ids(pact)
    if not isinstance(plain, dict):
        return plain
    return {**plain, **{key: _in_order(plain[key]) for key in _LISTS if isinstance(plain.get(key), list)}}


def _without_ids(pact: Any) -> Any:
    if isinstance(pact, dict):
        return {key: _without_ids(value) for key, value in pact.items() if key != "_id"}
    return [_without_ids(item) for item in pact] if isinstance(pact, list) else pact

"""Pact files: what makes a file a pact, and how pacts of one consumer and provider are merged and compared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from math import isinf
from typing import Any, NamedTuple, NoReturn, TypeGuard

from pact_gate.model.errors import InputError, Place

Json = dict[str, Any]
_V4_BODY = frozenset(("content", "contentType", "contentTypeHint", "encoded"))


class Pact(NamedTuple):
    """One consumer's needs of one provider, as they stand in the files `paths`.

    `body` is what is published, byte for byte as the consumer's tests wrote it, unless several files were merged.
    `twice` says whether an object in it has a key twice: Python takes the last, others take the first.
    """

    consumer: str
    provider: str
    specification: str
    document: Json
    body: bytes
    paths: tuple[str, ...]
    twice: bool = False

    @property
    def interactions(self) -> list[Json]:
        """The interactions and messages, in the file's order."""
        return interactions(self.document)


def parse(body: bytes, path: str) -> Pact:
    """Read one pact file of any version of the specification (V1 to V4).

    Raises:
        InputError: the file is no JSON, no pact, or does not say whose pact it is; with its place.
    """
    document, twice = _json(body, path)
    if not isinstance(document, dict) or not ("interactions" in document or "messages" in document):
        _refuse(path, "is JSON, but no pact: it has neither `interactions` nor `messages`")
    for key in ("interactions", "messages"):
        listed = document.get(key, [])
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            _refuse(path, f"is no pact: its `{key}` is not a list of objects")
    return Pact(
        consumer=_name(document, "consumer", path),
        provider=_name(document, "provider", path),
        specification=_specification(document),
        document=document,
        body=body,
        paths=(path,),
        twice=twice,
    )


def merged(pacts: Iterable[Pact]) -> list[Pact]:
    """Give one pact for each consumer and provider, in the order of their names.

    Files for the same pair are merged if they agree: an interaction is told by its description and provider states,
    and must be the same wherever it stands.

    Raises:
        InputError: two files say different things of the same interaction, or follow different specifications.
    """
    pairs: dict[tuple[str, str], Pact] = {}
    for pact in pacts:
        pair = (pact.consumer, pact.provider)
        pairs[pair] = _merge(pairs[pair], pact) if pair in pairs else pact
    return [pairs[pair] for pair in sorted(pairs)]


class Comparison(NamedTuple):
    """How the interactions of two pact documents differ, in any order; `changed` are pairs of before and after."""

    added: tuple[Json, ...]
    removed: tuple[Json, ...]
    changed: tuple[tuple[Json, Json], ...]


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> Comparison:
    """Tell which interactions only one of two pact documents has, and which both have, but not alike."""
    old, new = ({_identity(each): each for each in interactions(document)} for document in (before, after))
    return Comparison(
        added=tuple(each for key, each in new.items() if key not in old),
        removed=tuple(each for key, each in old.items() if key not in new),
        changed=tuple((old[key], each) for key, each in new.items() if key in old and need(old[key]) != need(each)),
    )


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Say in sentences which interactions were added, removed or changed between two pact documents."""
    found = compared(before, after)
    sentences = [f"added: {told(each)}" for each in found.added]
    sentences += [f"removed: {told(each)}" for each in found.removed]
    return sentences + [f"changed: {told(each)}" for _, each in found.changed]


def contradictions(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Say in sentences which interactions two pact documents both have, but not alike."""
    return [f"changed: {told(each)}" for _, each in compared(before, after).changed]


def interactions(document: Mapping[str, Any]) -> list[Json]:
    """Give the interactions, then the messages, as far as they are any."""
    listed = (document.get(key) for key in ("interactions", "messages"))
    return [each for part in listed if isinstance(part, list) for each in part if isinstance(each, dict)]


def states(interaction: Mapping[str, Any]) -> list[Any]:
    """Give the provider states as a list: V1 and V2 have one name, under either of two keys."""
    listed = interaction.get("providerStates")
    if isinstance(listed, list):
        return listed
    single = interaction.get("providerState", interaction.get("provider_state", listed))
    return [{"name": single}] if single else []


def is_v4_body(body: Any) -> TypeGuard[Json]:
    """Say whether a body is V4's, which has its content beside its type and its encoding, and no JSON of somebody's."""
    return (
        isinstance(body, dict)
        and "content" in body
        and body.keys() <= _V4_BODY
        and ("contentType" in body or "encoded" in body)
    )


def needed(interaction: Json) -> Json:
    """Give what counts of an interaction.

    What says nothing about the provider is left out: V4's comments, and the keys that are made of the rest. `key` is
    V4's, `_id` the Pact Broker's.
    """
    return {key: value for key, value in interaction.items() if key not in ("comments", "key", "_id")}


def need(interaction: Json) -> str:
    """Give what counts of an interaction as JSON, in which 1, 1.0 and true are three things."""
    return json.dumps(needed(interaction), sort_keys=True)


def told(interaction: Mapping[str, Any]) -> str:
    """Name an interaction in a sentence, by its description and the names of its provider states."""
    names = [str(state.get("name")) for state in states(interaction) if isinstance(state, dict)]
    given = f" given {' and '.join(f'“{name}”' for name in names)}" if names else ""
    return f"“{interaction.get('description', '')}”{given}"


def _json(body: bytes, path: str) -> tuple[Any, bool]:
    """Read JSON, and say whether an object in it has a key twice."""
    twice = False

    def whole(pairs: list[tuple[str, Any]]) -> Json:
        nonlocal twice
        found = dict(pairs)
        if len(found) != len(pairs):
            twice = True
        return found

    try:
        text = body.decode("utf-8-sig")
        return json.loads(text, parse_constant=_no_constant, parse_float=_number, object_pairs_hook=whole), twice
    except UnicodeDecodeError as error:
        _refuse(path, f"is not UTF-8 (byte {error.start})")
    except json.JSONDecodeError as error:
        _refuse(path, f"is no JSON: {error.msg} in line {error.lineno}, column {error.colno}", error.lineno)
    except RecursionError:
        _refuse(path, "is nested too deeply to be read")
    except ValueError as error:  # NaN and Infinity, or a number larger than Python takes
        _refuse(path, f"is no JSON: {error}")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _number(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise ValueError(f"{text} is too large a number")
    return number


def _refuse(path: str, what: str, line: int | None = None) -> NoReturn:
    raise InputError(
        f"The file {path} {what}.",
        "The input `pacts` must match pact files alone: narrow it, or mend the consumer's test that wrote this file.",
        places=(Place(path, line),),
    )


def _name(document: Json, role: str, path: str) -> str:
    party = document.get(role)
    name = party.get("name") if isinstance(party, dict) else None
    if not isinstance(name, str) or not name.strip():
        _refuse(path, f"names no {role} (`{role}.name` is missing or empty)")
    try:
        name.encode()
    except UnicodeEncodeError:
        _refuse(path, f"names a {role} that cannot be written (half a character, as in \\ud800)")
    return name


def _specification(document: Json) -> str:
    """Give the specification's version; the older spellings of the key are those that pact-jvm and V1 files have."""
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        return "1.0.0"
    for key in ("pactSpecification", "pact-specification"):
        found = metadata.get(key)
        if isinstance(found, dict) and "version" in found:
            return str(found["version"])
    return str(metadata.get("pactSpecificationVersion", "1.0.0"))


def _identity(interaction: Json) -> tuple[str, str]:
    return str(interaction.get("description", "")), json.dumps(states(interaction), sort_keys=True)


def _merge(one: Pact, other: Pact) -> Pact:
    files = f"{_list(one.paths)} and {_list(other.paths)}"
    places = tuple(Place(path) for path in (*one.paths, *other.paths))
    if one.specification != other.specification:
        raise InputError(
            f"{files} are both pacts of {one.consumer} with {one.provider}, but follow different versions of the "
            f"specification ({one.specification} and {other.specification}).",
            "Let one test suite write this pact, or give each its own consumer name.",
            places=places,
        )
    known = {_identity(each): each for each in one.interactions}
    clashes = [each for each in other.interactions if need(known.get(_identity(each), each)) != need(each)]
    if clashes:
        raise InputError(
            f"{files} are both pacts of {one.consumer} with {one.provider}, but say different things of "
            f"{told(clashes[0])}.",
            "Give the interactions different descriptions or provider states, or delete the file that is out of date.",
            places=places,
        )
    document = dict(one.document)
    for key in ("interactions", "messages"):
        new = [each for each in other.document.get(key, []) if _identity(each) not in known]
        if new:
            document[key] = [*document.get(key, []), *new]
    body = json.dumps(document).encode()
    return Pact(one.consumer, one.provider, one.specification, document, body, (*one.paths, *other.paths))


def _list(paths: Sequence[str]) -> str:
    return ", ".join(paths)

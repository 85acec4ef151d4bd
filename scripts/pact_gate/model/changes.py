"""What changed in a contract, in words for the person who reviews the change."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pact_gate.model.needs import ANY, Need, Place, needs, parts, shown
from pact_gate.model.pact import Json, compared, states, told
from pact_gate.model.plain import cut

_NAME = 160  # characters of an interaction's name in a sentence
_KIND = 40
_PLACES = 5  # named in one sentence
_HTTP = frozenset({"method", "path", "query", "headers", "body", "status"})
_MESSAGE = frozenset({"contents", "metadata", "metaData"})
_IN_A_PART = _HTTP | _MESSAGE | {"matchingRules"}
_ABOUT_IT = frozenset({"description", "providerState", "provider_state", "providerStates", "pending", "type"})
_NO_NEED = frozenset({"comments", "interactionMarkup", "key", "_id"})  # documentation, and what is made of the rest
_IN_AN_INTERACTION = _ABOUT_IT | _NO_NEED | _MESSAGE | {"request", "response", "matchingRules"}


class ContractChange(NamedTuple):
    """What changed in one contract: `lines` of plain text that may quote others, none where it is the same.

    `before` is the consumer's version that it is compared with, None where there was no such contract.
    """

    consumer: str
    provider: str
    lines: tuple[str, ...]
    before: str | None


def changed(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> tuple[str, ...]:
    """Say what changed between two pact documents, one line for each change; none where they need the same.

    Without `before`, everything is new. What a broker adds, and the order of interactions and keys, does not count.
    """
    found = compared(before or {}, after)
    moved = [*_moved(found.added, found.removed)]
    stayed = {id(each) for pair in moved for each in pair}
    lines = [f"added: {_name(each)}" for each in found.added if id(each) not in stayed]
    lines += [f"removed: {_name(each)}" for each in found.removed if id(each) not in stayed]
    pairs = [*moved, *found.changed]
    namesakes = Counter(_description(new) for _, new in pairs)
    for old, new in pairs:
        name = _name(new) if namesakes[_description(new)] > 1 else cut(f"“{_description(new)}”", _NAME)
        lines += [f"{name} {change}" for change in _changes(old, new)]
    return tuple(lines)


def _moved(added: Sequence[Json], removed: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """Pair what is new with what is gone where only the provider states, a part of the identity, are others."""
    old, new = (Counter(map(_description, listed)) for listed in (removed, added))
    gone = {_description(each): each for each in removed}
    for each in added:
        name = _description(each)
        if old[name] == new[name] == 1:
            yield gone[name], each


def _description(interaction: Json) -> str:
    return str(interaction.get("description", ""))


def _name(interaction: Json) -> str:
    return cut(told(interaction), _NAME)


def _changes(old: Json, new: Json) -> list[str]:
    """Say what differs between an interaction before and after, each a sentence without its subject."""
    was, now = needs(old), needs(new)
    names = _names(now)
    lines = [
        *_about_it(old, new),
        *(f"now {_verb(place)} {_place(place)}{_new(now[place], names[place])}" for place in _topmost(now, was)),
        *(f"no longer {_verb(place)} {_place(place)}" for place in _topmost(was, now)),
        *(_otherwise(place, was[place], need) for place, need in now.items() if _differs(was.get(place), need)),
    ]
    examples = [place for place, need in now.items() if _only_another_example(was.get(place), need)]
    if examples:
        noun = "the example value" if len(examples) == 1 else "example values"
        where = f"{noun} of {_listed(examples)}; what it needs there is the same"
        lines.append(f"differs also by {where}" if lines else f"differs only by {where}")
    return lines or ["needs the same as before, it is only written otherwise"]


def _about_it(old: Json, new: Json) -> Iterator[str]:
    was, now = _given(old), _given(new)
    if was != now:
        yield f"is now given {now} (was: {was})"
    if bool(old.get("pending")) != bool(new.get("pending")):
        yield "is now pending: it may fail" if new.get("pending") else "is no longer pending: it must not fail any more"
    for key in _unlike(old, new, _IN_AN_INTERACTION):
        yield f"has other {shown(key, bare=True)}"
    before = dict(parts(old))
    for name, part in parts(new):
        if part is not new and name in before:
            for key in _unlike(before[name], part, _IN_A_PART):
                yield f"has other {shown(key, bare=True)} in its {name}"


def _unlike(old: Mapping[str, Any], new: Mapping[str, Any], known: Iterable[str]) -> list[str]:
    """Name what is not told place by place, as V3's generators or what a plugin keeps there."""
    keys = (old.keys() | new.keys()) - set(known)
    return sorted(key for key in keys if _json(old.get(key)) != _json(new.get(key)))


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _given(interaction: Json) -> str:
    return " and ".join(_state(each) for each in states(interaction)) or "no provider state"


def _state(state: Any) -> str:
    if not isinstance(state, dict):
        return shown(state)
    parameters = f" with {shown(state['params'])}" if state.get("params") else ""
    return f"“{cut(str(state.get('name')), _NAME)}”{parameters}"


def _topmost(these: Mapping[Place, Need], those: Mapping[Place, Need]) -> Iterator[Place]:
    """Give the places that only `these` have, but not what lies inside of one of them."""
    only = {place for place, need in these.items() if not _has(those.get(place), need)}
    for place in these:
        if place in only and not any(place[:end] in only for end in range(1, len(place))):
            yield place


def _has(those: Need | None, this: Need) -> bool:
    """A rule that is left behind at a place without an example needs nothing there."""
    return those is not None and (those.example is not None or this.example is None)


def _differs(was: Need | None, now: Need) -> bool:
    return was is not None and _has(was, now) and _has(now, was) and was.ask != now.ask


def _only_another_example(was: Need | None, now: Need) -> bool:
    return was is not None and was.ask == now.ask and _has(was, now) and _has(now, was) and was.example != now.example


def _otherwise(place: Place, was: Need, now: Need) -> str:
    if was.words == now.words:
        return f"now {_verb(place)} {_place(place)} by another rule ({now.words}, as before)"
    joint = "as" if place[0] == "request" else "to be"
    return f"now {_verb(place)} {_place(place)} {joint} {now.words} (was: {was.words})"


def _names(now: Iterable[Place]) -> defaultdict[Place, list[str]]:
    """Give the names that are right inside of each object."""
    names: defaultdict[Place, list[str]] = defaultdict(list)
    for *parent, last in filter(None, now):
        if isinstance(last, str):
            names[tuple(parent)].append(shown(last, bare=True))
    return names


def _new(need: Need, names: Sequence[str]) -> str:
    """Say what is needed at a place that is new."""
    if need.words != "an object" or not names:
        return f": {need.words}" if need.words else ""
    return f": an object with {', '.join(names[:_PLACES])}{', …' if len(names) > _PLACES else ''}"


def _verb(place: Place) -> str:
    return "sends" if place[0] == "request" else "needs"


def _place(place: Place) -> str:
    part, *rest = map(str, place[:2])
    path = place[2:]
    kind = rest[0] if rest else ""
    if kind == "query" and path:
        return f"query parameter {_path(path)}"
    if kind != "body":
        return f"{part} {cut(kind, _KIND)} {_path(path)}".strip()
    if path:
        return f"{part} field {_path(path, '$')}"
    return f"{part} contents" if part == "message" else f"{part} body"


def _path(tokens: Place, root: str = "") -> str:
    """Write the way to a field as Pact does: `$.items[0]['unit price']`."""
    path = root
    for token in tokens:
        if isinstance(token, int):
            path += "[*]" if token == ANY else f"[{token}]"
        elif not path:
            path = token
        else:
            path += f".{token}" if token.replace("-", "_").isidentifier() else f"['{token}']"
    return shown(path, bare=True) if path else ""


def _listed(places: Sequence[Place]) -> str:
    named = ", ".join(_place(place) for place in places[:_PLACES])
    return f"{named} and {len(places) - _PLACES} more" if len(places) > _PLACES else named

"""An interaction as the rules see it: the same for every version of the specification, HTTP and messages.

A pact may have anything anywhere. What has not the shape that it should is passed by: whether a pact is valid is not
asked here.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

from pact_gate.lint.document import Document, Way
from pact_gate.model.finding import Listed
from pact_gate.model.matching import Matcher, Matching, Rule, body_rules, matching, named_rules, path
from pact_gate.model.pact import is_v4_body
from pact_gate.model.pact import states as states_of

Json = dict[str, Any]
_MOST_LISTS = 10_000
_MOST_LEAVES = 50_000  # of one body; who reads more of it has another problem
Role = Literal["request", "response", "message"]

# Of the bodies, what a message or a response holds is the provider's to give; a request's is what the consumer sends.
PROVIDED = frozenset(("response", "message"))


class State(NamedTuple):
    """A provider state; `way` leads to its name."""

    name: str
    params: Json
    way: Way


class Leaf(NamedTuple):
    """A value that holds no others, and what decides on it. `way` starts at the interaction.

    `exact` says whether it is compared exactly, and nobody asked for that. `key` is its name, the last one on its way
    within the body: items of a list have the list's.
    """

    way: Way
    value: Any
    matcher: Matcher | None
    exact: bool
    key: str


class Text(NamedTuple):
    """A text, its field's name and that of what the field is in; `way` starts at the interaction."""

    parent: str
    name: str
    text: str
    way: Way


@dataclass(frozen=True)
class Part:
    """A request, a response, or a message's contents. `way` leads to it from the interaction."""

    role: Role
    raw: Json
    way: Way

    @property
    def rules(self) -> Any:
        """Its matching rules, as they stand there."""
        return self.raw.get("matchingRules")

    @property
    def body_key(self) -> str:
        """The key under which a body stands there, be it empty or null; empty where none does."""
        return next((key for key in ("body", "contents") if key in self.raw), "")

    @property
    def body(self) -> Any:
        """The body's content: JSON as such, anything else as text."""
        return self._body[0]

    @property
    def body_way(self) -> Way:
        """The way to the body's content, from the interaction."""
        return (*self.way, *self._body[1])

    @cached_property
    def _body(self) -> tuple[Any, Way]:
        """V4 keeps a body in `content`, beside its type and its encoding."""
        for key in ("contents", "body") if self.role == "message" or "contents" in self.raw else ("body",):
            if key in self.raw:
                body = self.raw[key]
                if is_v4_body(body):
                    return body["content"], (key, "content")
                return body, (key,)
        return None, ("body",)

    @cached_property
    def content_type(self) -> str:
        """The body's content type in lower case, without parameters; empty where none is named."""
        for key in ("contents", "body"):
            body = self.raw.get(key)
            if isinstance(body, dict) and isinstance(body.get("contentType"), str):
                return _media_type(body["contentType"])
        named = [value for name, value, _ in self.headers if name.lower().replace("-", "") == "contenttype"]
        return _media_type(named[0]) if named else ""

    @cached_property
    def headers(self) -> list[tuple[str, str, Way]]:
        """The headers, or a message's metadata, as name, value and way; a list of values is given one by one."""
        found: list[tuple[str, str, Way]] = []
        for group in ("headers", "metadata", "metaData"):
            listed = self.raw.get(group)
            for name, value in listed.items() if isinstance(listed, dict) else ():
                several = value if isinstance(value, list) else [value]
                for number, each in enumerate(several):
                    way = (*self.way, group, name, *((number,) if isinstance(value, list) else ()))
                    if isinstance(each, str):
                        found.append((name, each, way))
        return found

    @cached_property
    def ids(self) -> Counter[str]:
        """The ids in all of it, and how often each is there."""
        return ids_in(json.dumps(self.raw, ensure_ascii=False))

    @cached_property
    def header_rules(self) -> Mapping[str, Rule]:
        """The rules for headers and metadata, by name in lower case."""
        return named_rules(self.rules, "header", "headers", "metadata", "metaData")

    @cached_property
    def query_rules(self) -> Mapping[str, Rule]:
        """The rules for the parameters of the query, by name in lower case."""
        return named_rules(self.rules, "query")

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """Every value of a JSON body that holds no others, in the body's order; at most `_MOST_LEAVES`."""
        if not isinstance(self.body, dict | list):
            return ()
        gathered = _Leaves(self.body_way, self._generated())
        gathered.go(self.body_way, self.body, matching(body_rules(self.rules)))
        return tuple(gathered.found)

    def _generated(self) -> frozenset[Any]:
        """The paths of the body that have a generator of their own."""
        generators = self.raw.get("generators")
        if not isinstance(generators, dict):
            return frozenset()
        body = generators.get("body")
        listed = {path(key) for key in body} if isinstance(body, dict) else set()
        listed |= {found[1:] for key in generators if key.startswith("$.body") and (found := path(key))}
        return frozenset(listed - {None})


_NO_TEXTS = frozenset(("matchingRules", "generators"))
_ID = re.compile(
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|(?<![0-9A-Za-z])[0-9A-Za-z]{24,26}(?![0-9A-Za-z])"
)
_A_CARD = 10**12
SHORTEST = 8
"""Characters of what could be a secret or a person's."""


@dataclass(frozen=True)
class Interaction:
    """An interaction or a message of a pact. `index` counts within the list that `listed` names."""

    raw: Json
    listed: Listed
    index: int

    @property
    def way(self) -> Way:
        """The way to it from the document."""
        return (self.listed, self.index)

    @property
    def description(self) -> str:
        """Its description; empty where it has none that is text."""
        found = self.raw.get("description")
        return found if isinstance(found, str) else ""

    @cached_property
    def states(self) -> tuple[State, ...]:
        """Its provider states, whatever the specification's version."""
        listed = states_of(self.raw)
        key = next((each for each in ("providerStates", "providerState", "provider_state") if each in self.raw), "")
        found = []
        for number, each in enumerate(listed):
            if isinstance(each, dict) and isinstance(each.get("name"), str):
                params = each.get("params")
                way: Way = (key, number, "name") if isinstance(self.raw.get("providerStates"), list) else (key,)
                found.append(State(each["name"], params if isinstance(params, dict) else {}, way))
            elif isinstance(each, str):  # some libraries of V3 wrote names alone
                found.append(State(each, {}, (key, number)))
        return tuple(found)

    @cached_property
    def texts(self) -> tuple[Text, ...]:
        """Every text and number that is long enough for a secret or a card, but the patterns of its matching rules."""
        gathered = _Texts()
        gathered.go("", "", self.raw, ())
        return tuple(gathered.found[:_MOST_LEAVES])

    @cached_property
    def all_texts(self) -> str:
        """Its texts, a line each: what none of them holds is told at once."""
        return "\n".join([each.text for each in self.texts])

    @cached_property
    def lengths(self) -> frozenset[int]:
        """How long the lists are that the provider gives."""
        found: set[int] = set()
        waiting = [part.body for part in self.provided]
        for _ in range(_MOST_LISTS):
            each = waiting.pop() if waiting else None
            if isinstance(each, list):
                found.add(len(each))
            inner = each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
            waiting += [one for one in inner if isinstance(one, dict | list)]
        return frozenset(found)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """What it consists of: a request and a response, a message, or a request and several responses."""
        return tuple(self._parts())

    def _parts(self) -> Iterator[Part]:
        if "contents" in self.raw or self.listed == "messages":
            yield Part("message", self.raw, ())
        for role in ("request", "response"):
            found = self.raw.get(role)
            for way, each in _one_or_several(found, role):
                if isinstance(each, dict):
                    yield Part("request" if role == "request" else "response", each, way)

    @cached_property
    def request(self) -> Part | None:
        """Its request, if it has one."""
        return next((each for each in self.parts if each.role == "request"), None)

    @cached_property
    def provided(self) -> tuple[Part, ...]:
        """What the provider gives: its response, or its message."""
        return tuple(each for each in self.parts if each.role in PROVIDED)

    @property
    def status(self) -> int | None:
        """The response's status code."""
        response = self.raw.get("response")
        found = response.get("status") if isinstance(response, dict) else None
        return found if isinstance(found, int) and not isinstance(found, bool) else None


def interactions(document: Document) -> tuple[Interaction, ...]:
    """Give a pact's interactions and messages, in the file's order."""
    found: list[Interaction] = []
    for key in ("interactions", "messages"):
        listed = document.pact.document.get(key, [])
        found += [Interaction(each, key, index) for index, each in enumerate(listed)]
    return tuple(found)


def ids_in(text: str) -> Counter[str]:
    """Count the UUIDs in a text, and what else looks like an id that was drawn."""
    return Counter(_ID.findall(text))


def _media_type(text: str) -> str:
    return text.partition(";")[0].strip().lower()


def _one_or_several(found: Any, role: str) -> Iterator[tuple[Way, Any]]:
    """V4's synchronous messages may have several responses."""
    if isinstance(found, list):
        yield from (((role, number), each) for number, each in enumerate(found))
    elif found is not None:
        yield (role,), found


class _Texts:
    """Gathers them from the last to the first. No document is nested so deeply that this could not call itself."""

    def __init__(self) -> None:
        self.found: list[Text] = []

    def go(self, parent: str, name: str, value: Any, way: Way) -> None:
        """Go through a value. An item of a list has the list's name."""
        if (isinstance(value, str) and len(value) >= SHORTEST) or (isinstance(value, int) and value >= _A_CARD):
            self.found.append(Text(parent, name, str(value), way))
        elif isinstance(value, dict):
            for key in reversed(value):
                if key not in _NO_TEXTS:
                    self.go(name, key, value[key], (*way, key))
        elif isinstance(value, list):
            for number in reversed(range(len(value))):
                self.go(parent, name, value[number], (*way, number))


class _Leaves:
    """Gathers them in the body's order. No document is nested so deeply that this could not call itself."""

    def __init__(self, start: Way, generated: frozenset[Any]) -> None:
        self.found: list[Leaf] = []
        self._start = len(start)
        self._generated = generated

    def go(self, way: Way, value: Any, here: Matching, key: str = "") -> None:
        """Go through a value. An item of a list has the list's key."""
        if isinstance(value, dict):
            if "json_class" in value:
                self._of_ruby(way, value, here)
            else:
                self._members(way, value, here)
        elif isinstance(value, list):
            for number, each in enumerate(value):
                self.go((*way, number), each, here.into(number), key)
        elif len(self.found) < _MOST_LEAVES:
            exact = here.matcher is None and not (self._generated and self._has_generator(way[self._start :]))
            self.found.append(Leaf(way, value, here.matcher, exact, key))

    def _members(self, way: Way, value: Json, here: Matching) -> None:
        for name, each in value.items():
            self.go((*way, name), each, here.into(name), name)

    def _of_ruby(self, way: Way, value: Json, here: Matching) -> None:
        """Read Ruby's matchers, which old pacts of V1 have in their bodies as classes written as JSON."""
        data = value.get("data")
        if value["json_class"] == "Pact::Term" and isinstance(data, dict):
            self.go((*way, "data", "generate"), data.get("generate"), here.freed(), "generate")
        elif value["json_class"] in ("Pact::SomethingLike", "Pact::ArrayLike"):
            self.go((*way, "contents"), value.get("contents"), here.freed(), "contents")
        else:
            self._members(way, value, here)

    def _has_generator(self, way: Way) -> bool:
        return any(
            len(each) == len(way)
            and all(isinstance(one, tuple) or one == other for one, other in zip(each, way, strict=True))
            for each in self._generated
        )

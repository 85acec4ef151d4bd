"""What an interaction is called, and whether a provider can tell it from the others."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs

from pact_gate.lint.document import Document, Way
from pact_gate.lint.found import Found, Placed
from pact_gate.lint.interaction import Interaction, Part
from pact_gate.lint.rules.context import Context

_LONG = 200
_RANDOM = re.compile(
    r"(?P<uuid>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
    r"|(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d)|(?<!\d)(?P<epoch>1[5-9]\d{8}(?:\d{3})?)(?!\d)"
    r"|(?P<fraction>(?<!\d)0\.\d{8,})|(?<![0-9a-z])(?P<hex>(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{12,})(?![0-9a-z])"
    r"|(?P<object>@[0-9a-f]{6,8}\b)",
    re.IGNORECASE,
)


def long_description(interaction: Interaction, context: Context) -> Iterator[Found]:
    """Find descriptions that are no names any more."""
    length = len(interaction.description)
    if length > _LONG:
        message = (
            f"The description has {length} characters. It is the interaction's name, in every result and every log: "
            "say what is asked for, and leave the rest to the states."
        )
        yield Found("long-description", ("description",), message)


def random_description(interaction: Interaction, context: Context) -> Iterator[Found]:
    """Find descriptions that are others on each run: to the broker each is a new interaction."""
    found = _RANDOM.search(interaction.description)
    if found and not _is_repeated(found[0], interaction):
        message = (
            "The description holds what looks made at run time. It is the interaction's name: each run writes another "
            "contract, which nobody has verified. Give it a fixed one."
        )
        yield Found("random-description", ("description",), message)


def _is_repeated(text: str, interaction: Interaction) -> bool:
    """Say whether the states or the request say it as well: it is an id of the test's data then."""
    request = interaction.request
    rest = [[each.name, each.params] for each in interaction.states]
    return text in json.dumps([rest, request.raw.get("path") if request else None])


def indistinguishable(document: Document, every: Sequence[Interaction]) -> Iterator[Placed]:
    """Find interactions with the same states and the same request, of which a provider cannot know which is meant."""
    seen = list(map(_roughly, every))
    alike = Counter(seen)
    several = [each for each, rough in zip(every, seen, strict=True) if alike[rough] > 1]
    for interaction, other in _unlike_the_first(several, _asked, _answer):
        message = (
            f"This interaction has the request and the states of number {other.index + 1}, and another answer: no "
            "provider can give both. Give it another state."
        )
        yield interaction, Found("indistinguishable", (), message)


def _unlike_the_first(
    every: Iterable[Interaction], name: Callable[[Interaction], str], said: Callable[[Interaction], str]
) -> Iterator[tuple[Interaction, Interaction]]:
    """Give each interaction that says something else than the first of its name, and that one."""
    first: dict[str, Interaction] = {}
    known: dict[Way, str] = {}  # what the first ones say, written once: there may be very many like each
    for interaction in every:
        other = first.setdefault(name(interaction), interaction)
        if other is interaction:
            continue
        if other.way not in known:
            known[other.way] = said(other)
        if known[other.way] != said(interaction):
            yield interaction, other


def _roughly(interaction: Interaction) -> str:
    """Write what is quickly told of what a provider sees: interactions that differ in it can be told apart."""
    request = interaction.request
    path = request.raw.get("path", "/") if request is not None else interaction.description
    return f"{path}\n{[each.name for each in interaction.states]}"


def _asked(interaction: Interaction) -> str:
    """Write what a provider sees of an interaction before it answers."""
    states = [[each.name, each.params] for each in interaction.states]
    request = interaction.request
    if request is None:  # a message is asked for by its description
        seen: list[Any] = ["message", interaction.description]
    elif "method" in request.raw or "path" in request.raw:
        seen = _request(request)
    else:  # V4's synchronous message
        seen = ["synchronous", interaction.description, request.raw.get("contents")]
    return json.dumps([seen, states], sort_keys=True)


def _request(request: Part) -> list[Any]:
    raw = request.raw
    query = raw.get("query")
    headers = sorted((name.lower(), value) for name, value, _ in request.headers)
    return [
        str(raw.get("method", "get")).lower(),
        raw.get("path", "/"),
        parse_qs(query, keep_blank_values=True) if isinstance(query, str) else query or {},
        headers,
        request.body,
    ]


def _answer(interaction: Interaction) -> str:
    return json.dumps([each.raw if each.way else each.body for each in interaction.provided], sort_keys=True)


def description_reused(document: Document, every: Sequence[Interaction]) -> Iterator[Placed]:
    """Find one description over different requests: whoever reads a result cannot know which one failed."""
    asking = [each for each in every if each.request is not None and each.description]
    for interaction, other in _unlike_the_first(asking, lambda each: each.description, _text):
        message = (
            f"Number {other.index + 1} has this description too, and another request: results and logs name both "
            "alike. Say in each what it asks for."
        )
        yield interaction, Found("description-reused", ("description",), message)


def _text(interaction: Interaction) -> str:
    request = interaction.request
    return json.dumps(_request(request) if request else None, sort_keys=True)

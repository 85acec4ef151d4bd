"""Exact values where a type or a pattern was meant.

A response that is compared exactly breaks when the provider's test data change, though nothing did that the consumer
needs. What both sides know is meant exactly: enumerations, discriminators, codes, what the request or the provider
state said before. A request holds what the consumer really sends, so nothing is said about requests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pact_gate.lint.document import shown
from pact_gate.lint.found import Found
from pact_gate.lint.interaction import Interaction, Leaf, Part
from pact_gate.lint.matching import body_rules
from pact_gate.lint.rules import words
from pact_gate.lint.rules.context import Context, Said, field_of, said
from pact_gate.lint.rules.volatile import why_volatile

_ENUMERATED = re.compile(r"[A-Z]+[A-Z0-9]*(?:[_.:-][A-Z0-9]+)*")
_SINGLE_WORD = re.compile(r"[^\W\d_]+(?:[-_.][^\W\d_]+)*")
_FIXED_URL_KEYS = frozenset(("schema", "type", "rel", "profile", "context", "xmlns", "namespace", "vocab", "instance"))
_CHOSEN_HEADERS = frozenset(("location", "content-location", "etag", "last-modified", "date", "expires", "set-cookie"))
_TEXT = re.compile(r"text/|.*[/+]xml$|.*/(csv|yaml)$")
_BAD_REQUEST = 400
_INNER = re.compile(r"\d+|[0-9a-f-]{36}", re.IGNORECASE)


def exact_value(interaction: Interaction, context: Context) -> Iterator[Found]:
    """Find exact values that the provider chooses, in what it gives."""
    known = None
    for part in interaction.provided:
        for leaf in part.leaves:
            if leaf.exact and leaf.value is not None and not isinstance(leaf.value, bool):
                known = known or said(interaction)
                want = _want(leaf, interaction, known, context)
                if want and not why_volatile(leaf.value, leaf, interaction, context):
                    yield _found(leaf, want)
        known = known or said(interaction)
        yield from _header(part, known)
        yield from _text(part, interaction)


def _found(leaf: Leaf, want: str) -> Found:
    name = f"`{leaf.key}`" if leaf.key and isinstance(leaf.way[-1], str) else f"An item of `{leaf.key or 'the body'}`"
    message = (
        f"{name} is compared exactly: this contract breaks whenever the provider's test data change. "
        "Match its type or its pattern."
    )
    return Found("exact-value", leaf.way, message, want, leaf.value, leaf.key if isinstance(leaf.way[-1], str) else "")


def _want(leaf: Leaf, interaction: Interaction, known: Said, context: Context) -> str:
    """Say what to match instead; empty where exact is right, or where nobody can tell."""
    key, value = leaf.key, leaf.value
    by_id = words.is_identifier(key)
    if known.repeats(value, key, anywhere=by_id or isinstance(value, str)):
        return ""
    is_error = interaction.status is not None and interaction.status >= _BAD_REQUEST
    if is_error and not by_id:
        return ""
    if isinstance(value, str):
        return _want_text(value, key, freed=field_of(leaf.way) in context.freed, known=known)
    return _want_number(value, key)


def _want_number(value: Any, key: str) -> str:
    last = words.last(key)
    if not last or last in words.CLOSED or last in words.PAGING or value == 0:
        return ""
    return "integer" if isinstance(value, int) else "decimal"


def _want_text(text: str, key: str, *, freed: bool, known: Said) -> str:
    last = words.last(key)
    shape = _shape(text, last)
    if shape is not None or not text.strip() or last in words.CLOSED or key.startswith(("@", "$", "__")):
        return shape or ""
    if text.startswith("/"):  # a link to another resource: what is not known before are the names in it
        return "regex" if any(each not in known.tokens for each in _INNER.findall(text)) else ""
    if words.is_identifier(key):
        return "string"
    if _ENUMERATED.fullmatch(text) or words.VERSION.fullmatch(text):
        return "string" if freed and last in words.TEXTS else ""
    if last in words.TEXTS or freed or " " in text.strip():
        return "string"
    return "" if _SINGLE_WORD.fullmatch(text) else "string"


def _shape(text: str, last: str) -> str | None:
    """Name what a text's shape says of it; None where it says nothing."""
    if words.UUID.fullmatch(text):
        return "uuid"
    if words.DATETIME.fullmatch(text):
        return "datetime"
    if words.DATE.fullmatch(text):
        return "date"
    if words.ABSOLUTE_URL.fullmatch(text):
        return "" if last in _FIXED_URL_KEYS else "url"
    return None


def _header(part: Part, known: Said) -> Iterator[Found]:
    if part.role != "response":
        return
    for name, value, way in part.headers:
        if name.lower() not in _CHOSEN_HEADERS or name.lower() in part.header_rules:
            continue
        chosen = [each for each in _INNER.findall(value) if each.lower() not in known.tokens]
        if chosen:
            message = (
                f"The header `{name}` is compared exactly, but the provider chooses what is in it. Match its pattern."
            )
            yield Found("exact-value", way, message, "regex", value, name)


def _text(part: Part, interaction: Interaction) -> Iterator[Found]:
    """A body that is no JSON is compared as a whole, unless a rule speaks of it."""
    body = part.body
    if not isinstance(body, str) or not _TEXT.match(part.content_type) or body_rules(part.rules):
        return
    if interaction.status is not None and interaction.status >= _BAD_REQUEST:
        return
    if re.search(r"\d", body) or body.lstrip().startswith("<"):
        message = (
            f"The body `{shown(part.body_way)}` is compared exactly, as one text, and it carries data. "
            "Match it by a pattern, or by the paths in it."
        )
        yield Found("exact-value", part.body_way, message)

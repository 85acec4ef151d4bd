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
from pact_gate.lint.rules import words
from pact_gate.lint.rules.context import Context, Said, field_of, said
from pact_gate.lint.rules.volatile import why_volatile
from pact_gate.model.matching import body_rules

_ENUMERATED = re.compile(r"[A-Z]{2}[A-Z0-9]*(?:[_.:-][A-Z][A-Z0-9]*)*")
_WORDS_OF_A_SENTENCE = 4  # "Internal Server Error" is a reason phrase
_DIGITS_OF_A_NUMBER = 5  # a code of more is one's own, not one of a list
_SINGLE_WORD = re.compile(r"[^\W\d_]+(?:[-_.:/+][^\W\d_]+)*")
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
        f"{name} is compared exactly: the contract breaks when the provider's test data change. Match its type or "
        "its pattern."
    )
    return Found("exact-value", leaf.way, message, want, leaf.value, leaf.key if isinstance(leaf.way[-1], str) else "")


def _want(leaf: Leaf, interaction: Interaction, known: Said, context: Context) -> str:
    """Say what to match instead; empty where exact is right, or where nobody can tell."""
    key, value = leaf.key, leaf.value
    if known.repeats(value, key, anywhere=words.is_identifier(key) or len(words.as_text(value)) > 1):
        return ""
    is_error = interaction.status is not None and interaction.status >= _BAD_REQUEST
    if is_error and not words.is_identifier(key):
        return _want_of_an_error(value)
    if isinstance(value, str):
        return _want_text(value, leaf, known, context)
    return "" if words.last(key) in words.COUNTS and _counts(value, interaction, known) else _want_number(value, key)


def _want_of_an_error(value: Any) -> str:
    """An error's codes and short texts are known to both sides; its sentences and its time are not."""
    if not isinstance(value, str):
        return ""
    shape = words.shape(value)
    if shape in ("uuid", "datetime"):
        return shape
    return "string" if len(value.split()) >= _WORDS_OF_A_SENTENCE else ""


def _counts(value: Any, interaction: Interaction, known: Said) -> bool:
    """Say whether a number is that of a list's items, or one that a state gives."""
    return words.as_text(value) in known.tokens or value in interaction.lengths


def _want_number(value: Any, key: str) -> str:
    last = words.last(key)
    if not last or last in words.CLOSED or last in words.PAGING or value == 0:
        return ""
    return "integer" if isinstance(value, int) else "decimal"


def _want_text(text: str, leaf: Leaf, known: Said, context: Context) -> str:
    key, last = leaf.key, words.last(leaf.key)
    shape = words.shape(text)
    if shape == "url" and last in _FIXED_URL_KEYS:
        return ""
    if shape or not text.strip() or key.startswith(("@", "$", "__")):
        return shape
    if last in words.CLOSED:
        return "string" if text.isdigit() and len(text) >= _DIGITS_OF_A_NUMBER else ""
    if text.startswith("/"):  # a link to another resource: what is not known before are the names in it
        return "regex" if any(each not in known.tokens for each in _INNER.findall(text)) else ""
    return "string" if _is_data(text, key) or field_of(leaf.way) in context.freed else ""


def _is_data(text: str, key: str) -> bool:
    """Say whether a text is the provider's to choose, and not one of a few that both sides know."""
    named = words.last(key) in words.TEXTS or words.is_identifier(key)
    if _ENUMERATED.fullmatch(text) or len(text) == 1:
        return named and "_" not in text
    if words.VERSION.fullmatch(text):
        return named or text.isdigit()
    return named or not _SINGLE_WORD.fullmatch(text) or (text[0].isupper() and bool(key))


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

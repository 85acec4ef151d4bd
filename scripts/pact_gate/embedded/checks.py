"""Is a request's body what it must be? Every check adds sentences to a list of what is wrong, by field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pact_gate.embedded.exchange import Refusal, invalid

LONGEST_NAME = 1_000  # characters
MOST_ITEMS = 1_000  # of a list that is looked up one by one
_URL = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*")


class Checks:
    """What is wrong with a body, by field."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body
        self.errors: dict[str, list[str]] = {}

    def add(self, key: str, sentence: str) -> None:
        """Note that something is wrong with a field."""
        self.errors.setdefault(key, []).append(sentence)

    def within(self, key: str, own: Checks) -> None:
        """Note what is wrong with an object that the body holds under a key."""
        for name, sentences in own.errors.items():
            for sentence in sentences:
                self.add(f"{key}.{name}", sentence)

    def text(
        self, key: str, *rules: Callable[[str], str | None], required: bool = False, nullable: bool = True
    ) -> None:
        """A field of text. `rules` answer what is wrong with it, or None."""
        value = self.body.get(key)
        must_be_filled = required or not nullable
        wrong: list[str | None]
        if key not in self.body:
            wrong = ["is missing"] if required else []
        elif value is None or value == "":
            wrong = ["must be filled"] if must_be_filled else [rule(value) for rule in rules if value == ""]
        else:
            wrong = [rule(value) for rule in rules] if isinstance(value, str) else ["must be a string"]
        for sentence in dict.fromkeys(wrong):
            if sentence:
                self.add(key, sentence)

    def flag(self, key: str, *, required: bool = False, allowed: Iterable[bool] = (True, False)) -> None:
        """A field that is true or false."""
        value = self.body.get(key)
        if key not in self.body:
            if required:
                self.add(key, "is missing")
        elif not isinstance(value, bool) or value not in allowed:
            self.add(key, f"must be one of: {', '.join(str(one).lower() for one in allowed)}")

    def list_of_objects(self, key: str, *, required: bool = False) -> list[dict[str, Any]]:
        """A field that is a list of objects; [] where it is none or wrong."""
        value = self.body.get(key)
        if key not in self.body:
            if required:
                self.add(key, "is missing")
            return []
        if not isinstance(value, list):
            self.add(key, "must be an array")
            return []
        wrong = [index for index, item in enumerate(value) if not isinstance(item, dict)]
        for index in wrong[:MOST_ITEMS]:
            self.add(key, f"must be an object (at index {index})")
        return [] if wrong else value

    def few(self, key: str, number: int, most: int = MOST_ITEMS) -> None:
        """A list that makes work. Raises Refusal (400) at once if it is too long: nothing of it is looked at."""
        if number > most:
            self.add(key, f"cannot hold more than {most} different ones")
            raise self.refusal()

    def names(self, key: str, given: Sequence[str], most: int = MOST_ITEMS) -> None:
        """A list of names: neither too many different ones, as `few` has it, nor one that is too long."""
        self.few(key, len(set(given)), most)
        for sentence in filter(None, map(short, given)):
            self.add(key, sentence)

    def refuse(self) -> None:
        """Raise Refusal (400) if anything is wrong."""
        if self.errors:
            raise self.refusal()

    def refusal(self) -> Refusal:
        """The refusal with all that is wrong."""
        return invalid(self.errors)


def not_blank(value: str) -> str | None:
    """Text must be more than white space."""
    return "cannot be blank" if not value.strip() else None


def not_blank_if_given(value: str) -> str | None:
    """Text may be empty, but not white space alone."""
    return "cannot be blank" if value and not value.strip() else None


def one_line(value: str) -> str | None:
    """Text must be one line."""
    return "cannot have several lines" if "\n" in value else None


def short(value: str) -> str | None:
    """A name has a length that can be shown and looked up."""
    return f"cannot be longer than {LONGEST_NAME} characters" if len(value) > LONGEST_NAME else None


def no_spaces(value: str) -> str | None:
    """Text may hold no spaces."""
    return "cannot have spaces" if " " in value else None


def a_url(value: str) -> str | None:
    """A URL has none but the characters that RFC 3986 allows in one."""
    return None if _URL.fullmatch(value) else "is not a valid URL, such as http://example.org"


def one_of(*allowed: str) -> Callable[[str], str | None]:
    """Text must be one of a few words."""
    return lambda value: None if value in allowed else f"must be one of: {', '.join(allowed)}"

"""Pages of a list: `page` and `size` in the query, or `pageNumber` and `pageSize`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from pact_gate.embedded.exchange import Call, invalid

_DEFAULT_SIZE = 100
_MOST_DIGITS = 18  # so that it is a number for SQLite

Entry = TypeVar("Entry")


class Page(NamedTuple):
    """Which part of a list is wanted. A size of None is all of it, as where a query asks for no page."""

    number: int = 1
    size: int | None = None

    @property
    def limit(self) -> int:
        """For SQL: -1 is no limit."""
        return -1 if self.size is None else self.size

    @property
    def offset(self) -> int:
        """For SQL."""
        return 0 if self.size is None else min((self.number - 1) * self.size, 10**_MOST_DIGITS)

    def of(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Those of a whole list that stand on this page."""
        return entries[self.offset :][: self.size]

    def facts(self, total: int) -> dict[str, Any]:
        """What a document says about its page: nothing, where none was asked for."""
        if self.size is None:
            return {}
        return {
            "page": {"number": self.number, "size": self.size, "totalElements": total, "totalPages": self.pages(total)}
        }

    def links(self, call: Call, total: int) -> dict[str, Any]:
        """Links to the next and the previous page, where there are any."""
        if self.size is None:
            return {}
        found = {}
        if self.number < self.pages(total):
            found["next"] = {"href": f"{call.url}?size={self.size}&page={self.number + 1}", "title": "Next page"}
        if self.number > 1:
            found["previous"] = {
                "href": f"{call.url}?size={self.size}&page={self.number - 1}",
                "title": "Previous page",
            }
        return found

    def pages(self, total: int) -> int:
        """How many pages a list with so many entries has."""
        return max(1, -(-total // (self.size or 1)))


def page_of(call: Call, default: Page | None = None) -> Page:
    """The page that a query asks for; a list asks for none. Raises Refusal (400) for what is no positive number."""
    parameters = {key: value.strip() for key, value in call.parameters().items() if isinstance(value, str)}
    for number_key, size_key in (("page", "size"), ("pageNumber", "pageSize")):
        if parameters.get(number_key) or parameters.get(size_key):
            return Page(_positive(parameters, number_key, 1), _positive(parameters, size_key, _DEFAULT_SIZE))
    return default or Page()


def _positive(parameters: dict[str, str], key: str, default: int) -> int:
    value = parameters.get(key, "")
    if value == "":
        return default
    if not value.isdecimal() or len(value) > _MOST_DIGITS or int(value) < 1:
        raise invalid({key: ["must be a number, 1 or more"]})
    return int(value)

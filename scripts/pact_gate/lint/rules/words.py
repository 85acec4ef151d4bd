"""What names of fields and shapes of values say about what a value is."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Literal

_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
DATETIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ]\d\d:\d\d(?::\d\d(?:[.,](\d{1,9}))?)?\s?(?:Z|[+-]\d\d:?\d\d)?")
DATE = re.compile(r"\d{4}-\d\d-\d\d|\d\d?/\d\d?/\d{4}|\d\d?\.\d\d?\.\d{4}")
ABSOLUTE_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
VERSION = re.compile(r"v?\d+(\.\d+)*([-+][\w.]+)?", re.IGNORECASE)

# The last word of a name whose values are few and known to both sides: exact is what is meant.
CLOSED = frozenset(
    """status state type types kind kinds code codes currency currencies country role roles mode method methods level
    severity locale locales language languages lang unit units uom format scope scopes gender plan tier channel event
    action actions operation op priority phase stage visibility direction result outcome reason schema version
    protocol rel encoding charset platform environment env source category categories class discriminator typename
    permission permissions condition grade topic timezone tz feature features flag flags success error errors
    algorithm alg strategy variant model api layout theme size sort order by dir sorting method frequency
    interval period aggregation operator metric media mimetype
    accept verb instruction service object shape style label tag tags entity resource""".split()
)
# The last word of a name that says how a list was asked for, not what is in it.
PAGING = frozenset(
    "page pages limit offset size per perpage start skip take from to first last max min version retry attempts".split()
)
IDENTIFIERS = frozenset(
    """id ids uuid guid uid oid identifier reference ref sku isbn ean gtin number no nr token key hash checksum slug
    etag serial barcode vin iban handle username login session trace correlation""".split()
)
COUNTS = frozenset("count total size length number amount elements totalelements items results".split())
"""The last word of a name that says how many there are."""

TEXTS = frozenset(
    """name names firstname lastname surname fullname nickname title subtitle description summary email mail phone
    mobile telephone fax address street city town zip postcode postal location place text content comment comments
    note notes message body bio author brand company manufacturer vendor url uri href link image avatar photo picture
    thumbnail website homepage price amount subtotal tax cost fee balance birthday dob birthdate subject caption
    headline question answer remark remarks recipient sender owner customer supplier isbn nick
    creator target artist creators""".split()
)


_OF_A_NAME = frozenset(("name", "value", "label", "key"))


@lru_cache(4096)
def words(name: str) -> tuple[str, ...]:
    """Split a name into its words, in lower case: `eventType`, `event_type` and `@event-type` are the same."""
    return tuple(found.lower() for found in _CAMEL.findall(name))


@lru_cache(4096)
def last(name: str) -> str:
    """Give the word that says what a field is: the last one."""
    split = [each for each in words(name) if not each.isdigit()]
    if len(split) > 1 and split[-1] in _OF_A_NAME and split[-2] in CLOSED:
        return split[-2]  # an `eventName` is one of a few, as an `event` is
    return split[-1] if split else ""


@lru_cache(4096)
def is_identifier(name: str) -> bool:
    """Say whether a field's name says that it tells one thing from the others."""
    split = [each for each in words(name) if not each.isdigit()]
    return bool(split) and (split[-1] in IDENTIFIERS or split[-1].endswith("uuid"))


def shape(text: str) -> Literal["uuid", "datetime", "date", "url", ""]:
    """Name what a text's shape says of it; empty where it says nothing."""
    if UUID.fullmatch(text):
        return "uuid"
    if DATETIME.fullmatch(text):
        return "datetime"
    if DATE.fullmatch(text):
        return "date"
    return "url" if ABSOLUTE_URL.fullmatch(text) else ""


def as_text(value: Any) -> str:
    """Write a number or a text as it stands in a path: 1 and "1" are the same there."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).lower()

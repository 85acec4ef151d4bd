"""HTML from Python: every text is escaped unless it is `Html`, which only the functions here make."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from pact_gate.model.plain import is_web_address, line, visible

_VOID = frozenset({"input", "meta"})


@dataclass(frozen=True)
class Html:
    """Text that is HTML already."""

    text: str


Part: TypeAlias = "Html | str | int | Iterable[Part] | None"
Attribute: TypeAlias = "str | int | bool | None"


def tag(element: str, /, *children: Part, **attributes: Attribute) -> Html:
    """An element. An attribute is written with `_` for `-`, and with a `_` behind it where Python has the word.

    One of None or False is left out, one of True has no value.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    inside = "" if element in _VOID else f"{joined(children).text}</{element}>"
    return Html(f"<{element}{written}>{inside}")


def joined(*parts: Part) -> Html:
    """Parts, one after the other. Text in them is escaped, and what is invisible in it is shown."""
    return Html("".join(map(_text, parts)))


def outside(url: str | None, label: str) -> Html:
    """A link to an address that others gave; just the label where it is none to which a reader should be led."""
    if url is None or not is_web_address(url):
        return name(label)
    return tag("a", name(label), href=url, rel="external noopener noreferrer", class_="outside")


def name(text: str) -> Html:
    """A name that others gave, on one line and of a bounded length; its direction does not touch what is around it."""
    return tag("bdi", line(text))


def _text(part: Part) -> str:
    if part is None:
        return ""
    if isinstance(part, Html):
        return part.text
    if isinstance(part, str | int):
        return html.escape(visible(str(part)), quote=True)
    return "".join(map(_text, part))


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    written = key.removesuffix("_").replace("_", "-")
    return f" {written}" if value is True else f' {written}="{html.escape(str(value), quote=True)}"'

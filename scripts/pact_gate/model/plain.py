"""Text that others wrote, made plain: without what is invisible, turns the direction around it, or has no end.

Whoever shows such text escapes it after that in the way of the place where it is shown.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_NAME_LIMIT = 120
_URL_LIMIT = 2_000

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

# Control characters, and what is invisible or turns the direction of the text around it. Zero-width joiners stay:
# some languages need them. Surrogates cannot be written as UTF-8, U+FFFE and U+FFFF cannot stand in XML.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)

_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+")  # a name, or an address of IPv6


def visible(text: str) -> str:
    """Return `text` with control and direction characters shown as symbols; tabs and newlines stay.

    Colours of a terminal are taken out. The result can be written as UTF-8 and stand in XML 1.0.
    """
    text = _COLOUR.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _INVISIBLE.sub(_shown, text)


def line(text: str, limit: int = _NAME_LIMIT) -> str:
    """Return `text` as one line of at most `limit` characters, for places that take plain text."""
    return cut(visible(text[: limit * 4]), limit).replace("\n", "↵").replace("\t", " ")


def cut(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`, the last one an ellipsis where something is left out."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def is_web_address(url: str) -> bool:
    """Say whether a reader can be led to `url`.

    None is: what is not http or https, has no proper host, has a user name in it (a secret, or another host's name),
    or lies under `.invalid`, which is no one's (RFC 6761), as the embedded broker's links do.
    """
    if url != line(url, _URL_LIMIT):
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port  # is read, and checked, only now
    except ValueError:
        return False
    host = parts.hostname or ""
    leads = bool(_HOST.fullmatch(host)) and not host.endswith(".invalid")
    return parts.scheme in {"http", "https"} and "@" not in parts.netloc and leads


def _shown(found: re.Match[str]) -> str:
    point = ord(found[0])
    if point < ord(" "):
        return chr(0x2400 + point)  # its picture: ␀ and so on
    return f"[U+{point:04X}]"

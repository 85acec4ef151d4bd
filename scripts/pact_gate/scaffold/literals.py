"""Names that others chose, as string literals and identifiers of a language: they can end neither, nor be a comment.

Whoever can publish a pact chooses the names of its provider states, and the file is run with the provider's tests.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections import defaultdict
from collections.abc import Collection, Iterator

_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t", '"': r"\"", "\\": r"\\"}
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
_WORDS = re.compile(r"[a-z0-9]+")
_LONGEST = 60  # characters of an identifier

# Java's own words and JavaScript's (https://docs.oracle.com/javase/specs/jls/se21/html/jls-3.html#jls-3.9,
# https://tc39.es/ecma262/#prod-ReservedWord), and what the two call by names that an object has anyway.
_ELSEWHERE = """
    abstract arguments assert async await boolean break byte case catch char class clone const constructor continue
    debugger default delete do double else enum equals eval export extends false final finalize finally float for
    function getClass goto hashCode if implements import in instanceof int interface let long native new notify
    notifyAll null of package private protected public return short static strictfp super switch synchronized this
    throw throws toString transient true try typeof undefined var void volatile wait while with yield
"""
_TAKEN_ELSEWHERE = frozenset(_ELSEWHERE.split())


def python(text: str) -> str:
    """Return a string literal of Python."""
    return f'"{"".join(_python(each) for each in text)}"'


def javascript(text: str) -> str:
    """Return a string literal of JavaScript."""
    return f'"{"".join(_javascript(each) for each in text)}"'


def java(text: str) -> str:
    r"""Return a string literal of Java, in ASCII alone.

    A Unicode escape is read before anything else is, so that \u0022 would end the literal: what is in ASCII gets octal
    escapes (https://docs.oracle.com/javase/specs/jls/se21/html/jls-3.html#jls-3.3).
    """
    return f'"{"".join(_java(each) for each in text)}"'


def _python(char: str) -> str:
    if char in _NAMED:
        return _NAMED[char]
    if _is_shown(char):
        return char
    point = ord(char)
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"  # noqa: PLR2004


def _javascript(char: str) -> str:
    return _NAMED.get(char) or (char if _is_shown(char) else _units(char))


def _java(char: str) -> str:
    if char in _NAMED:
        return _NAMED[char]
    if not char.isascii():
        return _units(char)
    return char if char.isprintable() else f"\\{ord(char):03o}"


def _units(char: str) -> str:
    """Write a character as Unicode escapes of UTF-16."""
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _is_shown(char: str) -> bool:
    """Say whether a character stands for itself: printable ASCII, and the letters and digits of all scripts."""
    return char.isprintable() if char.isascii() else char.isalnum()


def is_plain(name: str) -> bool:
    """Say whether a name can be an identifier, a key or a word of a comment as it is, in each of the languages."""
    return bool(_PLAIN.fullmatch(name)) and not keyword.iskeyword(name) and name not in _TAKEN_ELSEWHERE


def identifiers(names: Collection[str], taken: Collection[str], *, camel: bool) -> Iterator[str]:
    """Give an identifier for each name, none twice and none of those that are taken."""
    used = {*taken, *_TAKEN_ELSEWHERE, *keyword.kwlist, *keyword.softkwlist, *dir(builtins)}
    numbers: dict[str, int] = defaultdict(lambda: 1)  # the last one behind each stem: those before it are taken
    for name in names:
        words = _WORDS.findall(name[:_LONGEST].lower()) or ["state"]
        if words[0][0].isdigit():
            words.insert(0, "state")
        stem = words[0] + "".join(each.capitalize() for each in words[1:]) if camel else "_".join(words)
        found = stem
        while found in used:
            numbers[stem] += 1
            found = f"{stem}{numbers[stem]}" if camel else f"{stem}_{numbers[stem]}"
        used.add(found)
        yield found

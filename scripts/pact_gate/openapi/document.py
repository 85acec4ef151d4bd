"""An OpenAPI document and the files beside it that it refers to, read once, within bounds, and never from the network.

JSON and YAML are read as YAML 1.2's core schema has it (https://yaml.org/spec/1.2.2/#103-core-schema): no dates, no
`yes`, and every key is text. Nothing is read outside of the document's folder.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple, NoReturn
from urllib.parse import unquote, urlsplit

from pact_gate.model.comparison import Spot
from pact_gate.model.errors import InputError, Place

_MOST_BYTES = 30_000_000  # of all files together; GitHub's own document, the largest known, has 13 MB
_MOST_VALUES = 1_000_000
_MOST_FOR_LINES = 3_000_000  # characters of JSON: it takes a second for a million
_DEEPEST = 200
_MOST_REFERENCES = 100  # in a chain
_CONSTANTS: dict[str, bool | None] = {"null": None, "Null": None, "NULL": None, "~": None, "": None}
_CONSTANTS |= {word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]{1,18}(\.[0-9]{0,18})?)([eE][-+]?[0-9]{1,2})?")
_VERSION = re.compile(r"3\.[01](\.[0-9]+)?(-.*)?")


class Location(NamedTuple):
    """A value in one of the files: the file as it is shown, and the keys that lead to it."""

    file: str
    keys: tuple[str, ...] = ()

    def __truediv__(self, key: str | int) -> Location:
        """Give the place of a value's item."""
        return Location(self.file, (*self.keys, str(key)))

    @property
    def pointer(self) -> str:
        """Write the keys as a JSON pointer."""
        return "".join(f"/{key.replace('~', '~0').replace('/', '~1')}" for key in self.keys)


_Lines = dict[tuple[int, str], int]  # by a container's identity and a key in it


class _File(NamedTuple):
    """A file's value and, of YAML, its lines; JSON is read again for them (`text`) if somebody asks."""

    path: Path
    value: Any
    lines: _Lines
    text: str | None


def mapping(value: Any) -> dict[str, Any]:
    """Take an object as it is, and anything else for an empty one: documents are written by people."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """Take a list as it is, and anything else for an empty one."""
    return value if isinstance(value, list) else []


class Documents:
    """The document, and what it refers to. Every method raises InputError where a file or a reference is of no use."""

    def __init__(self, path: str, folder: Path) -> None:
        self._folder = (folder / path).resolve().parent
        self._files: dict[str, _File] = {}
        self._again: dict[str, tuple[Any, _Lines]] = {}
        self._found: dict[Location, Any] = {}
        self._left = _MOST_BYTES
        self.root = Location(path)
        self._files[path] = self._read(path, folder / path)
        self.version = _version(self._files[path].value, path)

    @property
    def is_3_0(self) -> bool:
        """Say whether schemas are those of OpenAPI 3.0, which are not quite JSON Schema."""
        return self.version.startswith("3.0")

    def body(self) -> bytes:
        """Give the document's bytes."""
        return self._files[self.root.file].path.read_bytes()

    @property
    def is_json(self) -> bool:
        """Say whether the document is JSON, and not YAML."""
        return self._files[self.root.file].text is not None

    @property
    def is_whole(self) -> bool:
        """Say whether one file is all of it, as far as was looked."""
        return len(self._files) == 1

    def at(self, place: Location) -> Any:
        """Give the value at a place; None where there is none."""
        if place not in self._found:
            self._found[place] = self._look(place)
        return self._found[place]

    def _look(self, place: Location) -> Any:
        value = self._files[place.file].value
        for key in place.keys:
            if isinstance(value, dict) and key in value:
                value = value[key]
            elif isinstance(value, list) and key.isdecimal() and len(key) < 10 and int(key) < len(value):  # noqa: PLR2004
                value = value[int(key)]
            else:
                return None
        return value

    def followed(self, place: Location) -> Location:
        """Follow the reference that stands at a place, if one does, to what it leads to."""
        for _ in range(_MOST_REFERENCES):
            reference = mapping(self.at(place)).get("$ref")
            if not isinstance(reference, str):
                return place
            place = self.target(place, reference)
        raise self._refusal(place, "is part of a chain of `$ref`s that leads nowhere")

    def target(self, place: Location, reference: str) -> Location:
        """Give the place to which a reference, which stands at `place`, leads."""
        file, _, fragment = reference.partition("#")
        name = self._beside(place, file) if file else place.file
        if fragment and not fragment.startswith("/"):
            raise self._refusal(
                place, f"refers to the anchor {reference!r}, which is not understood: only JSON pointers are"
            )
        keys = tuple(unquote(key).replace("~1", "/").replace("~0", "~") for key in fragment.split("/")[1:])
        found = Location(name, keys)
        if self.at(found) is None:
            raise self._refusal(place, f"refers to {reference!r}, which is not there")
        return found

    def spot(self, place: Location) -> Spot:
        """Give a place as it is shown, with its line or that of what is around it."""
        return Spot(place.file, place.pointer, self.line(place))

    def line(self, place: Location) -> int | None:
        """Give the line of a key, or of the nearest one around it; None where a file's lines are not known."""
        value, lines = self._with_lines(place.file)
        found = None
        for key in place.keys:
            found = lines.get((id(value), key), found)
            value = value[int(key)] if isinstance(value, list) and key.isdecimal() else mapping(value).get(key)
        return found

    def _with_lines(self, name: str) -> tuple[Any, _Lines]:
        file = self._files[name]
        if file.text is None or len(file.text) > _MOST_FOR_LINES:
            return file.value, file.lines
        if name not in self._again:
            try:
                self._again[name] = _yaml(file.text, name)
            except InputError:  # JSON that is no YAML, as with tabs: its lines stay unknown
                self._again[name] = (file.value, {})
        return self._again[name]

    def _beside(self, place: Location, reference: str) -> str:
        """Read the file that a reference names, and give the name under which it is kept."""
        if urlsplit(reference).scheme or reference.startswith("//"):
            raise self._refusal(
                place,
                f"refers to {reference!r}, which is not in the document's folder: what is elsewhere is never fetched",
                "Bundle the document into one file (for example with `redocly bundle`), or put the file beside it.",
            )
        path = (self._files[place.file].path.parent / unquote(reference)).resolve()
        if not path.is_relative_to(self._folder):
            raise self._refusal(
                place, f"refers to {reference!r}, which is outside of the document's folder: it was not read"
            )
        if not path.is_file():
            raise self._refusal(place, f"refers to {reference!r}, which is not there")
        name = str(Path(self.root.file).parent / path.relative_to(self._folder))
        if name not in self._files:
            self._files[name] = self._read(name, path)
        return name

    def _read(self, name: str, path: Path) -> _File:
        try:
            with path.open("rb") as file:
                content = file.read(self._left + 1)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "its name is none"
            raise InputError(
                f"The file {name} cannot be read: {reason}.", "Check the input `openapi`.", places=(Place(name),)
            ) from error
        self._left -= len(content)
        if self._left < 0:
            _refuse_file(name, f"is too large to be compared: more than {_MOST_BYTES // 1_000_000} MB of documents")
        return _File(path.resolve(), *_parsed(content, name))

    def _refusal(self, place: Location, what: str, next_step: str = "Mend the document.") -> InputError:
        places = (Place(place.file, self.line(place)),)
        return InputError(f"{place.file}#{place.pointer} {what}.", next_step, places=places)


def _version(value: Any, name: str) -> str:
    found = mapping(value)
    if "swagger" in found:
        _refuse_file(
            name, "is an OpenAPI 2.0 (Swagger) document", "Convert it to OpenAPI 3, for example with `swagger2openapi`."
        )
    version = str(found.get("openapi", ""))
    if not version:
        _refuse_file(name, "is no OpenAPI document: it has no `openapi` at its top", "Check the input `openapi`.")
    if not _VERSION.fullmatch(version):
        _refuse_file(
            name, f"follows OpenAPI {version[:20]}; compared are 3.0 and 3.1", "Write the document as OpenAPI 3.1."
        )
    return version


def _refuse_file(
    name: str, what: str, next_step: str = "Check the input `openapi`.", line: int | None = None
) -> NoReturn:
    raise InputError(f"The file {name} {what}.", next_step, places=(Place(name, line),))


def _parsed(content: bytes, name: str) -> tuple[Any, _Lines, str | None]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse_file(name, f"is not UTF-8 (byte {error.start})")
    if text.lstrip()[:1] == "{":
        try:
            return json.loads(text, parse_constant=_no_constant), {}, text
        except RecursionError:
            _refuse_file(name, "is nested too deeply to be read")
        except ValueError as error:
            if name.endswith(".json"):
                line = error.lineno if isinstance(error, json.JSONDecodeError) else None
                _refuse_file(name, f"is no JSON: {error}", line=line)
    return (*_yaml(text, name), None)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _yaml(text: str, name: str) -> tuple[Any, _Lines]:
    import yaml  # noqa: PLC0415 - only who compares pays for it

    builder = _Builder()
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or str(error).splitlines()[0]
        _refuse_file(name, f"is no YAML: {why}", line=mark.line + 1 if mark else None)
    except _TooMuchError as error:
        _refuse_file(name, str(error))
    return builder.root, builder.lines


class _TooMuchError(Exception):
    pass


class _Open:
    """A container that is being read: a list, or an object with the key that waits for its value."""

    def __init__(self, value: Any, anchor: str | None) -> None:
        self.value, self.anchor = value, anchor
        self.key: str | None = None
        self.size = 1


class _Builder:
    """Makes values out of YAML's events, without recursion, and keeps the line of every key.

    An alias is the same object again and is counted as often as it stands, so a few lines cannot stand for a billion.
    """

    def __init__(self) -> None:
        self.root: Any = None
        self.lines: _Lines = {}
        self._open: list[_Open] = []
        self._anchored: dict[str, tuple[Any, int]] = {}

    def take(self, event: Any) -> None:
        """Take the next event."""
        kind = type(event).__name__
        if kind == "ScalarEvent":
            self._value(_scalar(event), 1, event)
        elif kind == "AliasEvent":
            if event.anchor not in self._anchored:
                raise _TooMuchError(f"has an alias `*{event.anchor}` to what is not read yet")
            self._value(*self._anchored[event.anchor], event)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            if len(self._open) >= _DEEPEST:
                raise _TooMuchError(f"is nested more than {_DEEPEST} levels deep")
            self._open.append(_Open({} if kind.startswith("M") else [], event.anchor))
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            closed = self._open.pop()
            self._value(closed.value, closed.size, event, closed.anchor)

    def _value(self, value: Any, size: int, event: Any, anchor: str | None = None) -> None:
        anchor = anchor or (event.anchor if type(event).__name__ == "ScalarEvent" else None)
        if anchor:
            self._anchored[anchor] = (value, size)
        if not self._open:
            self.root = value
            return
        around = self._open[-1]
        around.size += size
        if around.size > _MOST_VALUES:
            raise _TooMuchError(f"holds more than {_MOST_VALUES:,} values, each alias with what it stands for")
        self._put(around, value, event)

    def _put(self, around: _Open, value: Any, event: Any) -> None:
        if isinstance(around.value, list):
            self.lines[id(around.value), str(len(around.value))] = event.start_mark.line + 1
            around.value.append(value)
        elif around.key is None:
            around.key = _key(value, event)
            self.lines.setdefault((id(around.value), around.key), event.start_mark.line + 1)
        else:
            _enter(around.value, around.key, value)
            around.key = None


def _enter(found: dict[str, Any], key: str, value: Any) -> None:
    if key == "<<" and isinstance(value, (dict, list)):  # YAML 1.1's merge key, which documents still use
        for each in value if isinstance(value, list) else [value]:
            found.update({name: item for name, item in mapping(each).items() if name not in found})
    else:
        found[key] = value


def _key(value: Any, event: Any) -> str:
    if type(event).__name__ == "ScalarEvent":
        return str(event.value)
    return "" if isinstance(value, (dict, list)) else str(value)


def _scalar(event: Any) -> Any:
    text: str = event.value
    if event.style or (event.tag or "").endswith(":str"):
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text

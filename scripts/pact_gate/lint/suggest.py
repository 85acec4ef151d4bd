"""The line to write instead, in the language of the consumer's test.

Which library wrote a pact stands in its metadata, where it stands at all: pact-js, pact-jvm and pact-go (from 2.1) name
themselves, pact-python and pact-net write no more than the versions of the Rust core (`pactRust`), and what is built on
the Ruby core nothing. Where the pact does not say, the caller's fallback counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal, cast

Want = Literal[
    "type", "integer", "decimal", "number", "boolean", "string", "uuid", "date", "time", "datetime", "url", "regex",
    "each-like", "example",
]  # fmt: skip
"""What to match instead of a value; `example` is by the kind of the value."""

_NAMED = {"pact-js": "javascript", "pact-jvm": "jvm", "pact-go": "go", "pact-python": "python"}
_OF_TEXTS = ("uuid", "date", "time", "datetime", "url", "regex")
_OLD = frozenset({"python", "javascript", "go"})  # they have other matchers for pacts of V1 and V2
_FILES = {
    "pyproject.toml": "python",
    "setup.py": "python",
    "requirements.txt": "python",
    "package.json": "javascript",
    "pom.xml": "jvm",
    "build.gradle": "jvm",
    "build.gradle.kts": "jvm",
    "go.mod": "go",
}
_LENGTH = 200  # characters; what is longer is shown as …
_EXAMPLE = 60  # characters of a text that any other may stand for
_DEPTH = 4  # levels of a list's element that are written out

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ANY_UUID = re.compile(_UUID.pattern, re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(
    r"\d{2}:\d{2}(?P<seconds>:\d{2}(?:\.(?P<fraction>\d{1,9}))?)?(?P<zone>Z|[+-]\d{2}(?::?\d{2})?)?", re.ASCII
)
_URL = re.compile(r"(?P<scheme>https?)://[^/?#\s]+(?P<rest>[^\s]*)")
_HIGH_PORT = re.compile(r"(^[a-z][a-z0-9+.-]*://[^/?#@\s]*):[0-9]{5}(?=[/?#]|$)")
_AN_ID = "00000000-0000-4000-8000-000000000000"
_NAME = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
_UNSAFE = re.compile(r"[\ud800-\udfff]")
_META = re.compile(r"([\\.^$*+?()\[\]{}|])")


def language_of(metadata: object, fallback: str = "") -> str:
    """Name the language of the test that wrote a pact, for `instead`; empty where nothing tells it.

    A suffix `-v2` stands for the matchers of a library that writes V1 and V2.

    Args:
        metadata: The pact's `metadata`, whatever it holds.
        fallback: The language where the pact names none: python, javascript, jvm or go.
    """
    known = metadata if isinstance(metadata, Mapping) else {}
    language = next((_NAMED[key] for key in known if key in _NAMED), fallback)
    return f"{language}-v2" if language in _OLD and _specification(known)[:1] in ("1", "2") else language


def language_of_folder(names: Iterable[str]) -> str:
    """Name the language that the files of a project's folder speak for; empty where they speak for none, or several."""
    found = {_FILES[name] for name in names if name in _FILES}
    return found.pop() if len(found) == 1 else ""


def instead(language: str, want: str, value: Any, key: str = "") -> str:
    """Give the line to write instead of a value.

    Args:
        language: What `language_of` gives; for an unknown one it is a sentence.
        want: What to match, a `Want`. `example` matches by the kind of `value`, which is the example to take.
        value: The example to show: for a secret never the secret itself.
        key: The field's name; empty for an element of a list and for a whole body.
    """
    dialect = _DIALECTS.get(language)
    if dialect is None:
        return _sentence(cast("Want", want), value, key)
    kind = _possible(cast("Want", want), value)
    if kind == "each-like":
        line = _each_like(dialect, value, key)
    elif kind in _OF_TEXTS:
        line = _text(dialect, kind, value, key)
    else:
        line = _leaf(dialect, kind, value, key)
    return line if line and len(line) <= _LENGTH else _too_long(dialect, kind, key)


def datetime_format(value: str) -> str:
    """Give the format of a date, a time or both, as matching rules name it; empty for any other text.

    It is Java's SimpleDateFormat (https://docs.pact.io/implementation_guides/jvm/docs/matching). An offset with a colon
    is XXX, which takes the Z too.
    """
    if _DATE.fullmatch(value):
        return "yyyy-MM-dd"
    clock = _TIME.fullmatch(value)
    if clock:
        return _time_format(clock)
    clock = _TIME.fullmatch(value[11:])
    between = {"T": "'T'", " ": " "}.get(value[10:11])
    return f"yyyy-MM-dd{between}{_time_format(clock)}" if _DATE.fullmatch(value[:10]) and between and clock else ""


def steady(value: Any) -> Any:
    """Give an example of the same kind and format that is the same on every day: the time, the id or the port is fixed.

    What is no UUID, no date or time and has no mock server's port is given back as it is.
    """
    if not isinstance(value, str):
        return value
    if _ANY_UUID.fullmatch(value):
        return _AN_ID
    if not datetime_format(value):
        return _HIGH_PORT.sub(r"\1:8080", value, count=1)
    day = re.sub(r"^\d{4}-\d{2}-\d{2}", "2024-01-31", value)
    return re.sub(r"(^|[T ])\d{2}:\d{2}((?::\d{2})?)((?:\.\d+)?)", _noon, day, count=1)


def _noon(clock: re.Match[str]) -> str:
    seconds = clock[2] and ":00"
    return f"{clock[1]}12:00{seconds}{re.sub('[0-9]', '0', clock[3])}"


def pattern_of(value: str) -> str:
    """Give a regular expression of the value's shape: its digits may be others, and as many as there are.

    It holds no more than Rust's, Java's, Go's and JavaScript's engines all read, and cannot backtrack.
    """
    url = _URL.fullmatch(value)
    if url:
        return rf"^https?://[^/?#]+{_shape(url['rest'])}$"
    return f"^{_shape(value)}$"


# --- formats and patterns ------------------------------------------------------------------------------------


def _specification(metadata: Mapping[str, Any]) -> str:
    for name in ("pactSpecification", "pact-specification"):
        found = metadata.get(name)
        if isinstance(found, Mapping):
            return str(found.get("version", ""))
    return str(metadata.get("pactSpecificationVersion", ""))


def _time_format(clock: re.Match[str]) -> str:
    seconds = ":ss" if clock["seconds"] else ""
    fraction = "." + "S" * len(clock["fraction"]) if clock["fraction"] else ""
    zone = clock["zone"] or ""
    if zone:
        zone = "XXX" if zone == "Z" or ":" in zone else "Z" if len(zone) == 5 else "X"  # noqa: PLR2004 - +0200
    return f"HH:mm{seconds}{fraction}{zone}"


def _shape(text: str) -> str:
    found = []
    end = 0
    for uuid in _ANY_UUID.finditer(text):
        found += [_digits(text[end : uuid.start()]), "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"]
        end = uuid.end()
    return "".join([*found, _digits(text[end:])])


def _digits(text: str) -> str:
    return re.sub(r"[0-9]+", lambda _: r"\d+", _META.sub(r"\\\1", text))


def _possible(want: Want, value: Any) -> Want:
    """Give what can be matched by the value: one that is none of its kind gets the matcher of its own type."""
    own = _by_value(value)
    if isinstance(value, str) and (want in _OF_TEXTS or want == "example"):
        return _possible_of_text(by_shape(value) if want == "example" else want, value)
    if want == "each-like":
        return want if isinstance(value, list) and value else "type"
    return "type" if want == "type" else own  # a decimal is any number: many a library writes 30.0 as 30


def _possible_of_text(want: Want, value: str) -> Want:
    if want in ("date", "time", "datetime"):
        return want if datetime_format(value) else "regex" if re.search("[0-9]", value) else "string"
    return "regex" if want == "uuid" and not _UUID.fullmatch(value) else want


def _by_value(value: Any) -> Want:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"  # a provider may well answer 30 where 29.99 stands
    return "string" if isinstance(value, str) else "type"


def by_shape(value: str) -> Want:
    """Name what a text is by its shape."""
    known = datetime_format(value)
    if known:
        return "date" if "H" not in known else "datetime" if "y" in known else "time"
    if _ANY_UUID.fullmatch(value):
        return "uuid"
    return "url" if _URL.fullmatch(value) else "string"


# --- languages -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Dialect:
    """How a library writes matchers.

    `like` has a template a want, with {value}, {pattern}, {format} and {key}; {key} is an argument with its comma, for
    those that name the field in the call. `field` puts a field's name before an expression, `object` fields in braces.
    """

    like: Mapping[str, str]
    field: Callable[[str, str], str]
    literal: Callable[[Any], str]
    pattern: Callable[[str], str]
    object: Callable[[Iterable[str]], str]


def _leaf(dialect: _Dialect, want: Want, value: Any, key: str) -> str:
    if isinstance(value, list | dict) or (isinstance(value, float) and not isfinite(value)):
        return ""
    shown = value[:_EXAMPLE] if isinstance(value, str) else value
    template = dialect.like.get(want, dialect.like["type"])
    if dialect is _JVM:
        template = _jvm(want, value)
    return dialect.field(key, template.format(key=_argument(key), value=dialect.literal(shown)))


def _text(dialect: _Dialect, want: Want, value: str, key: str) -> str:
    template = dialect.like.get(want, "")
    if not template or (dialect is _JVM and not (key and _of_java(want, value))):
        template = dialect.like["regex"]
    return dialect.field(
        key,
        template.format(
            key=_argument(key),
            value=dialect.literal(value),
            pattern=dialect.pattern(_pattern(want, value)),
            format=dialect.literal(datetime_format(value)),
        ),
    )


def _too_long(dialect: _Dialect, want: Want, key: str) -> str:
    template = dialect.like.get(want, dialect.like["regex" if want in _OF_TEXTS else "type"])
    return dialect.field(key, template.format(key=_argument(key), value="…", pattern="…", format="…"))


def _pattern(want: Want, value: str) -> str:
    if want in ("date", "time", "datetime"):  # of this format: as many digits as there are
        return "^" + re.sub(r"[0-9]", lambda _: r"\d", _META.sub(r"\\\1", value)).replace(r"\d\d\d\d", r"\d{4}") + "$"
    return pattern_of(value)


def _each_like(dialect: _Dialect, value: list[Any], key: str) -> str:
    if dialect is _JVM:
        return _jvm_each_like(value[0], key)
    inner = _matched(dialect, value[0], _DEPTH)
    return inner and dialect.field(key, dialect.like["each-like"].format(value=inner))


def _matched(dialect: _Dialect, value: Any, depth: int) -> str:
    """Write an example whose every leaf is matched by its type; empty where that would not fit in a line."""
    if isinstance(value, dict):
        fields = {name: _matched(dialect, each, depth - 1) for name, each in value.items()} if depth else {}
        if not all(fields.values()) or not fields or sum(map(len, fields.values())) > _LENGTH:
            return ""
        return dialect.object(dialect.field(name, text) for name, text in fields.items())
    if isinstance(value, list):
        inner = _matched(dialect, value[0], depth - 1) if value and depth else ""
        return inner and dialect.like["each-like"].format(value=inner)
    return dialect.literal(None) if value is None else _leaf(dialect, _by_value(value), value, "")


def _argument(key: str) -> str:
    return f"{_quoted(key)}, " if key else ""


def _quoted(text: str) -> str:
    """Write a text between quotes as all four languages read it."""
    quoted = json.dumps(_UNSAFE.sub("\ufffd", text), ensure_ascii=False)
    return (
        quoted if quoted.isprintable() else "".join(each if each.isprintable() else _escaped(each) for each in quoted)
    )


def _escaped(character: str) -> str:
    return "".join(f"\\u{unit:04x}" for unit in (ord(character),) if unit < 0x10000)  # noqa: PLR2004 - else left out


def _json(value: Any, *, null: str = "null", true: str = "true", false: str = "false") -> str:
    if isinstance(value, str):
        return _quoted(value)
    if value is None or isinstance(value, bool):
        return {None: null, True: true, False: false}[value]
    return json.dumps(value)


def _python(value: Any) -> str:
    return _json(value, null="None", true="True", false="False")


def _raw(pattern: str) -> str:
    return f'r"{pattern}"' if pattern.isprintable() and '"' not in pattern else _quoted(pattern)


def _backquoted(pattern: str) -> str:
    return f"`{pattern}`" if pattern.isprintable() and "`" not in pattern else _quoted(pattern)


def _colon(key: str, text: str) -> str:
    return f"{_quoted(key)}: {text}" if key else text


def _bare_colon(key: str, text: str) -> str:
    return f"{key}: {text}" if _NAME.fullmatch(key) else _colon(key, text)


def _go_nil(value: Any) -> str:
    return _json(value, null="nil")


def _calls(_key: str, text: str) -> str:
    return text


def _braces(fields: Iterable[str]) -> str:
    return f"{{{', '.join(fields)}}}"


def _spaced(fields: Iterable[str]) -> str:
    return f"{{ {', '.join(fields)} }}"


def _map(fields: Iterable[str]) -> str:
    return f"matchers.StructMatcher{{{', '.join(fields)}}}"


_PYTHON = _Dialect(
    {
        "type": "match.like({value})",
        "integer": "match.int({value})",
        "number": "match.number({value})",
        "boolean": "match.bool({value})",
        "string": "match.str({value})",
        "uuid": "match.uuid({value})",
        "date": "match.date({value}, {format}, disable_conversion=True)",
        "time": "match.time({value}, {format}, disable_conversion=True)",
        "datetime": "match.datetime({value}, {format}, disable_conversion=True)",
        "regex": "match.regex({value}, regex={pattern})",
        "each-like": "match.each_like({value})",
    },
    _colon,
    _python,
    _raw,
    _braces,
)
_JAVASCRIPT = _Dialect(
    {
        "type": "MatchersV3.like({value})",
        "integer": "MatchersV3.integer({value})",
        "number": "MatchersV3.number({value})",
        "boolean": "MatchersV3.boolean({value})",
        "string": "MatchersV3.string({value})",
        "uuid": "MatchersV3.uuid({value})",
        "date": "MatchersV3.date({format}, {value})",
        "time": "MatchersV3.time({format}, {value})",
        "datetime": "MatchersV3.datetime({format}, {value})",
        "regex": "MatchersV3.regex({pattern}, {value})",
        "each-like": "MatchersV3.eachLike({value})",
    },
    _bare_colon,
    _json,
    _quoted,
    _spaced,
)
_GO = _Dialect(
    {
        "type": "matchers.Like({value})",
        "integer": "matchers.Integer({value})",
        "regex": "matchers.Regex({value}, {pattern})",
        "each-like": "matchers.EachLike({value}, 1)",
    },
    _colon,
    _go_nil,
    _backquoted,
    _map,
)
_OLD_PYTHON = _Dialect(
    {"type": "Like({value})", "regex": "Term({pattern}, {value})", "each-like": "EachLike({value})"},
    _colon,
    _python,
    _raw,
    _braces,
)
_OLD_JAVASCRIPT = _Dialect(
    {
        "type": "like({value})",
        "regex": "term({{ generate: {value}, matcher: {pattern} }})",
        "each-like": "eachLike({value})",
    },
    _bare_colon,
    _json,
    _quoted,
    _spaced,
)
_OLD_GO = _Dialect(
    {name: _GO.like[name] for name in ("type", "regex", "each-like")}, _colon, _go_nil, _backquoted, _map
)
_JVM = _Dialect(
    {
        "type": ".object({key}{value})",
        "integer": ".integerType({key}{value})",
        "number": ".numberType({key}{value})",
        "boolean": ".booleanType({key}{value})",
        "string": ".stringType({key}{value})",
        "uuid": ".uuid({key}UUID.fromString({value}))",
        "date": ".date({key}{format}, LocalDate.parse({value}))",
        "datetime": ".datetime({key}{format}, ZonedDateTime.parse({value}))",
        "regex": ".stringMatcher({key}{pattern}, {value})",
        "each-like": ".eachLike({key}{value})",
    },
    _calls,
    _json,
    _quoted,
    _braces,
)
_DIALECTS = {
    "python": _PYTHON,
    "python-v2": _OLD_PYTHON,
    "javascript": _JAVASCRIPT,
    "javascript-v2": _OLD_JAVASCRIPT,
    "jvm": _JVM,
    "go": _GO,
    "go-v2": _OLD_GO,
}


def _of_java(want: Want, value: str) -> bool:
    """Say whether java.time reads the value, in the example of a matcher of dates."""
    return want in ("uuid", "date") or (want == "datetime" and datetime_format(value).endswith("XXX") and "T" in value)


def _jvm(want: Want, value: Any) -> str:
    """Give the template for a value. The lambda DSL has no matcher of anything's type, and its integers are Java's."""
    chosen = _by_value(value) if want == "type" else want
    if chosen == "integer" and not -(2**31) <= value < 2**31:
        return ".numberType({key}{value}L)"
    return _JVM.like[chosen]


def _jvm_each_like(element: Any, key: str) -> str:
    """Write a list for pact-jvm's lambda DSL, one of objects or of single values."""
    if isinstance(element, dict):
        fields = [_leaf(_JVM, _by_value(each), each, name) for name, each in element.items()]
        return f".eachLike({_argument(key)}each -> each{''.join(fields)})" if fields and all(fields) else ""
    if element is None or isinstance(element, list):
        return ""
    return f".eachLike({_argument(key)}PactDslJsonRootValue{_leaf(_JVM, _by_value(element), element, '')})"


# --- no language ---------------------------------------------------------------------------------------------

_KINDS = {
    "type": "its type",
    "integer": "its type (any integer)",
    "decimal": "its type (any decimal number)",
    "number": "its type (any number)",
    "boolean": "its type (true or false)",
    "string": "its type (any text)",
    "uuid": "a pattern (any UUID)",
    "date": "its format (any date)",
    "time": "its format (any time)",
    "datetime": "its format (any date and time)",
    "url": "a pattern (the same path on any host)",
    "regex": "a pattern",
    "each-like": "the type of its elements, as many as there are",
}


def _sentence(want: Want, value: Any, key: str) -> str:
    what = _quoted(key) if key else "the value"
    if want == "example":
        return f"Match {what} by {_KINDS[_by_value(value)]}, with an example that is nobody's."
    return f"Match {what} by {_KINDS[want]}, not by the value."

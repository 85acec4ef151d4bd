"""A YAML file as a tree whose every key and value knows where it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from yaml.error import MarkedYAMLError, YAMLError

Kind = Literal["object", "array", "string", "integer", "number", "boolean", "null"]

_VALUES = 50_000  # of a file; an alias counts with everything that it stands for
_OWN_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("map", "seq", "str"))

# What a scalar without quotes is, of YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema): editors
# and GitHub read it so. YAML 1.1 would take `on` for true and 2026-01-31 for more than text.
_PLAIN: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("null", re.compile(r"~|null|Null|NULL|")),
    ("boolean", re.compile(r"true|True|TRUE|false|False|FALSE")),
    ("integer", re.compile(r"[-+]?[0-9]{1,15}")),
    ("number", re.compile(r"[-+]?(\.[0-9]+|[0-9]{1,15}(\.[0-9]*)?)([eE][-+]?[0-9]{1,2})?")),
)


class Mark(NamedTuple):
    """Where something stands; both count from 1."""

    line: int
    column: int


class Problem(NamedTuple):
    """Something that is wrong: where, why, and what to do."""

    mark: Mark
    cause: str
    next_step: str


@dataclass(frozen=True)
class Node:
    """A value. `text` is a scalar's as it is written, `entries` are an object's, `keys` say where its keys stand."""

    mark: Mark
    kind: Kind
    text: str = ""
    items: tuple[Node, ...] = ()
    entries: Mapping[str, Node] = field(default_factory=dict)
    keys: Mapping[str, Mark] = field(default_factory=dict)


def shown(name: str) -> str:
    """Give a name for a sentence: not too long, and without the backticks that may stand around it there."""
    return (name if len(name) <= 60 else f"{name[:59]}…").replace("`", "'")  # noqa: PLR2004


def parse(content: bytes) -> tuple[Node | None, list[Problem]]:
    """Read a file's content. There is no tree where it is no YAML; what else is wrong is told beside the tree."""
    import yaml  # noqa: PLC0415 - only repositories with the file pay for it

    problems: list[Problem] = []
    try:
        text = content.decode("utf-8")
        root = yaml.compose(text, Loader=yaml.BaseLoader)
        if root is None:
            return None, [Problem(Mark(1, 1), "The file is empty.", "Name your pacticipants, or delete the file.")]
        if not _is_bounded(root):
            cause = f"The file holds more than {_VALUES:,} values, each alias with what it stands for."
            return None, [Problem(_mark(root), cause, "Use fewer aliases.")]
        return _tree(root, problems), problems
    except UnicodeDecodeError as error:
        mark = _mark_of(content[: error.start].decode("utf-8", errors="replace"))
        return None, [Problem(mark, "The file is not UTF-8.", "Save it as UTF-8.")]
    except yaml.YAMLError as error:
        return None, [_no_yaml(error, text)]
    except RecursionError:
        return None, [Problem(Mark(1, 1), "The file is nested too deeply.", "Take out brackets and aliases.")]


def _no_yaml(error: YAMLError | MarkedYAMLError, text: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    if mark is None:  # a character that YAML does not allow
        found = text[: getattr(error, "position", 0)]
        return Problem(_mark_of(found), "The file holds a character that YAML does not allow.", "Take it out.")
    why = getattr(error, "problem", None) or "it cannot be read"
    return Problem(
        Mark(mark.line + 1, mark.column + 1),
        f"The file is no YAML: {why}.",
        "Mind the indentation (spaces, no tabs), and put text with a colon in it, or with a * in front, into quotes.",
    )


def _mark_of(before: str) -> Mark:
    return Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))


def _is_bounded(root: Any) -> bool:
    """Say whether the values are few enough: ten aliases within each of ten others are a billion."""
    waiting, values = [root], 0
    while waiting and values <= _VALUES:
        node, values = waiting.pop(), values + 1
        if node.id == "mapping":
            waiting += [part for pair in node.value for part in pair]
        elif node.id == "sequence":
            waiting += node.value
    return values <= _VALUES


def _tree(node: Any, problems: list[Problem]) -> Node:
    mark = _mark(node)
    if node.tag not in _OWN_TAGS:
        problems.append(Problem(mark, f"The tag `{shown(node.tag)}` means nothing here.", "Take it out."))
    if node.id == "mapping":
        return _object(node, problems)
    if node.id == "sequence":
        return Node(mark, "array", items=tuple(_tree(item, problems) for item in node.value))
    return Node(mark, _kind(node), node.value)


def _object(node: Any, problems: list[Problem]) -> Node:
    entries: dict[str, Node] = {}
    keys: dict[str, Mark] = {}
    for key, value in node.value:
        mark = _mark(key)
        if key.id != "scalar" or key.value == "<<":
            problems.append(Problem(mark, "A key must be a name; lists and << are none.", "Write the keys out."))
        elif key.value in keys:
            line, column = keys[key.value]
            cause = f"The key `{shown(key.value)}` stands here twice, first in line {line}, column {column}."
            problems.append(Problem(mark, cause, "Keep one of the two."))
        else:
            keys[key.value], entries[key.value] = mark, _tree(value, problems)
    return Node(_mark(node), "object", entries=entries, keys=keys)


def _kind(scalar: Any) -> Kind:
    if scalar.style is not None:  # it has quotes, or is a block
        return "string"
    return next((kind for kind, pattern in _PLAIN if pattern.fullmatch(scalar.value)), "string")


def _mark(node: Any) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)

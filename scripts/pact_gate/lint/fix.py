"""Rewrites a pact where that is safe: an exact value in an answer becomes an example of its type.

A matching rule is added and nothing else is touched, byte for byte: the values stay as examples. `type` is the weakest
rule that all versions from V2 on have; it holds for one value only, so that everything else is asserted as before. What
it does not mend: requests (the verifier sends them as they are), nulls, whole objects and lists, and V1, which has no
matching rules.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pact_gate.lint.document import Document, Spot, Way
from pact_gate.model.finding import Finding
from pact_gate.model.matching import path

_MENDED = "exact-value"
_PLAIN = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)


def fixed(document: Document, findings: Iterable[Finding]) -> tuple[bytes, tuple[Finding, ...]]:
    """Mend what can be mended, and give the file's new bytes and the findings that are mended in them.

    Args:
        document: The file that the findings are about.
        findings: Any; those of other rules and of other files stay.
    """
    holders: dict[Way, _Holder] = {}
    mended = []
    for finding in findings:
        found = _rule(document, finding) if finding.rule == _MENDED and finding.path == document.path else None
        if found is not None:
            way, key, v2 = found
            holders.setdefault(way, _Holder(way, v2)).keys.append(key)
            mended.append(finding)
    if not mended:
        return document.pact.body, ()
    text = _with_rules(document, list(holders.values()))
    mark = b"\xef\xbb\xbf" if document.pact.body.startswith(b"\xef\xbb\xbf") else b""
    return mark + text.encode(), tuple(mended)


# --- which rule, and where -----------------------------------------------------------------------------------


@dataclass
class _Holder:
    """What has `matchingRules`: the way to it from the file's top, and the paths that are to be matched by type."""

    way: Way
    v2: bool
    keys: list[str] = field(default_factory=list)


def way_of(where: str) -> Way | None:
    """Read a path as findings write it, such as `$.response.body['a key'][0]`; None where it is none."""
    tokens = path(where)
    return None if tokens is None else tuple(each for each in tokens if not isinstance(each, tuple))


def _rule(document: Document, finding: Finding) -> tuple[Way, str, bool] | None:
    """Give the way to the holder of the rule that mends a finding, the rule's key, and whether rules are V2's there.

    None where no rule mends it.
    """
    specification = document.pact.specification[:1]
    if finding.index is None or specification not in ("2", "3", "4"):
        return None
    top: Way = (finding.listed, finding.index)
    way = way_of(finding.where)
    split = way and _split(way, _at(document.pact.document, top), v4=specification == "4")
    if not way or not split or not split[1]:  # a body that is one value may be a text of any kind
        return None
    holder, rest = split
    whole = (*top, *holder)
    rules = _at(document.pact.document, (*whole, "matchingRules"))
    v2 = _is_v2(rules, specification)
    key = _path("$.body" if v2 else "$", rest)
    value = _at(document.pact.document, (*top, *way))
    if not key or key in _known(rules, v2=v2) or not isinstance(value, str | int | float):
        return None
    return whole, key, v2


def _split(way: Way, interaction: Any, *, v4: bool) -> tuple[Way, Way] | None:
    """Split the way to a value in an answer or a message: what holds its matching rules, and where it is in the body.

    None for a value elsewhere, and in a body that is no JSON in this file.
    """
    for holder, name in (((), "contents"), (way[:1], "body"), (way[:2], "contents")):
        if way[len(holder) : len(holder) + 1] == (name,) and holder[:1] in ((), ("response",)):
            rest = way[len(holder) + 1 :]
            if not v4:
                return holder, rest
            body = _at(interaction, (*holder, name))
            encoded = body.get("encoded") if isinstance(body, Mapping) else True
            return (holder, rest[1:]) if rest[:1] == ("content",) and not encoded else None
    return None


def _at(value: Any, way: Way) -> Any:
    for part in way:
        inside = isinstance(value, dict) and part in value
        inside = inside or (isinstance(value, list) and isinstance(part, int) and part < len(value))
        if not inside:
            return None
        value = value[part]
    return value


def _path(root: str, way: Way) -> str:
    """Write a way as matching rules do; empty where they cannot: a quote has no escape in them."""
    if any(isinstance(part, str) and ("'" in part or not part) for part in way):
        return ""
    return root + "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" if _PLAIN.fullmatch(part) else f"['{part}']"
        for part in way
    )


def _is_v2(rules: Any, specification: str) -> bool:
    """Say in which form rules stand there: readers tell it by the keys, whatever version the pact names."""
    return any(key.startswith("$") for key in rules) if isinstance(rules, dict) and rules else specification == "2"


def _known(rules: Any, *, v2: bool) -> Mapping[str, Any]:
    """Give the rules for the body that are there. What is no rules at all is taken to know every path."""
    found = rules if v2 or not isinstance(rules, dict) else rules.get("body", {})
    return {} if found is None else found if isinstance(found, dict) else _Every()


class _Every(dict[str, Any]):
    def __contains__(self, _: object) -> bool:
        return True


# --- the text ------------------------------------------------------------------------------------------------


class _Edit(NamedTuple):
    start: int
    end: int
    text: str


def _with_rules(document: Document, holders: Sequence[_Holder]) -> str:
    ways = [way for each in holders for way in _ways(each.way)]
    spots = document.spots(ways)
    text = document.text
    edits = [_edit(text, spots, each) for each in holders]
    for edit in sorted(edits, reverse=True):  # from the end, so that the offsets before it hold
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _ways(holder: Way) -> tuple[Way, Way, Way]:
    return holder, (*holder, "matchingRules"), (*holder, "matchingRules", "body")


def _edit(text: str, spots: Mapping[Way, Spot], holder: _Holder) -> _Edit:
    """Add the rules to the innermost object that is there already."""
    outer, rules, body = _ways(holder.way)
    of_type: dict[str, Any] = {"match": "type"}
    members: dict[str, Any] = {
        key: of_type if holder.v2 else {"matchers": [of_type], "combine": "AND"} for key in holder.keys
    }
    if holder.v2:
        chain = [(rules, members), (outer, {"matchingRules": members})]
    else:
        chain = [(body, members), (rules, {"body": members}), (outer, {"matchingRules": {"body": members}})]
    for way, added in chain:
        if way in spots and text[spots[way].start] == "{":
            return _added(text, spots[way], added)
    raise AssertionError  # an interaction is an object


def _added(text: str, spot: Spot, members: Mapping[str, Any]) -> _Edit:
    """Add members at the end of an object, written as the members before them are."""
    inside = text[spot.start + 1 : spot.end - 1]
    kept = inside.rstrip()
    space = inside[: len(inside) - len(inside.lstrip())] if kept else ""
    line = re.match(r"[ \t]*", text[text.rfind("\n", 0, spot.start) + 1 :])
    outer = line[0] if line else ""
    if not kept and "\n" in text.strip():
        space = ("\r\n" if "\r\n" in text else "\n") + outer + _unit(text)
    written = _members(text, space, outer, members)
    comma = "," if kept else ""
    between = space if "\n" in space or not kept else " " if _spaced(text) else ""
    closing = inside[len(kept) :] if kept else space[: space.rfind("\n") + 1] + outer if "\n" in space else ""
    return _Edit(spot.start + 1 + len(kept), spot.end - 1, f"{comma}{between}{written}{closing}")


def _members(text: str, space: str, outer: str, members: Mapping[str, Any]) -> str:
    if "\n" not in space:
        separators = (", ", ": ") if _spaced(text) else (",", ":")
        return json.dumps(members, separators=separators)[1:-1]
    indent = space[space.rfind("\n") + 1 :]
    unit = indent.removeprefix(outer) or _unit(text)
    lines = json.dumps(members, indent=unit, separators=(",", ": " if _spaced(text) else ":")).splitlines()[1:-1]
    newline = space[: space.rfind("\n") + 1].lstrip(" \t")
    return newline.join(indent + line.removeprefix(unit) for line in lines).removeprefix(indent)


def _spaced(text: str) -> bool:
    """Say whether the file has a space behind its colons."""
    return re.search(r'":(\s?)', text + '": ')[1] != ""  # type: ignore[index]


def _unit(text: str) -> str:
    found = re.search(r"\n([ \t]+)", text)
    return found[1] if found else "  "

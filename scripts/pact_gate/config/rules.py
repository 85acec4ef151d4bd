"""What must hold in `pact-gate.yml` beyond its shape. A rule takes any tree, and passes by what has another shape."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import normpath

from pact_gate.config.shape import near
from pact_gate.config.tree import Mark, Node, Problem, shown
from pact_gate.model.errors import InputError

_HERE = ("folder", "paths", "pacts", "verify")


def check(root: Node) -> Iterator[Problem]:
    """Say which rules the file breaks, and where."""
    pacticipants = _entry(root, "pacticipants")
    yield from _names(pacticipants)
    environments = [text for text, _ in _texts(_entry(root, "environments"))]
    for name, node in pacticipants.entries.items():
        yield from _environments(name, node, environments)
        yield from _outside(name, node)
        yield from _elsewhere(name, node)
        yield from _no_address(name, node)
    for node in _entry(root, "checks").items:
        yield from _nowhere(node)


def refused(verify: Node, error: InputError) -> Problem:
    """Place what the inputs of `actions/verify` refuse: at the value that the error names, or at all of them."""
    named = (node.mark for key, node in verify.entries.items() if f"`{key}`" in error.cause)
    return Problem(next(named, verify.mark), error.cause, error.next_step)


def _names(pacticipants: Node) -> Iterator[Problem]:
    """A broker warns of names that differ in case alone: mostly one is a mistake, and has no partner."""
    first: dict[str, tuple[str, Mark]] = {}
    for name, mark in pacticipants.keys.items():
        other, at = first.setdefault(name.casefold(), (name, mark))
        if other != name:
            yield Problem(
                mark,
                f"`{shown(name)}` and `{shown(other)}` (line {at.line}, column {at.column}) differ in case alone.",
                "Keep the one that the pacts name.",
            )


def _environments(name: str, pacticipant: Node, known: list[str]) -> Iterator[Problem]:
    for text, mark in _texts(_entry(pacticipant, "environments")):
        if text not in known:
            yield Problem(
                mark,
                f"`pacticipants.{shown(name)}.environments` names `{shown(text)}`, which is none of the file's.",
                near(text, known, "Add it to the file's `environments`, at its place in the order of promotion."),
            )


def _outside(name: str, pacticipant: Node) -> Iterator[Problem]:
    """No path leads out of the repository; `pacts` begins in `folder`, so it may lead out of that."""
    folder = next((text for text, _ in _texts(_entry(pacticipant, "folder"))), ".")
    for key, begin in (("folder", "."), ("paths", "."), ("pacts", folder)):
        for text, mark in _texts(_entry(pacticipant, key)):
            if normpath(f"{begin}/{text}").split("/")[0] == "..":
                yield Problem(
                    mark,
                    f"`pacticipants.{shown(name)}.{key}` leads out of the repository.",
                    f"Name what is in it, seen from {'`folder`' if key == 'pacts' else 'its root'}.",
                )


def _elsewhere(name: str, pacticipant: Node) -> Iterator[Problem]:
    for key in _HERE if "repository" in pacticipant.entries else ():
        if key in pacticipant.keys:
            yield Problem(
                pacticipant.keys[key],
                f"`pacticipants.{shown(name)}.{key}` stands beside `repository`: who lives in another repository has "
                "none here.",
                f"Leave `repository` out if it lives here; else leave `{key}` to that repository.",
            )


def _no_address(name: str, pacticipant: Node) -> Iterator[Problem]:
    verify = _entry(pacticipant, "verify")
    if verify.kind == "object" and not verify.entries.keys() & {"provider-url", "messages-url"}:
        yield Problem(
            pacticipant.keys["verify"],
            f"`pacticipants.{shown(name)}.verify` has neither `provider-url` nor `messages-url`: there is nothing to "
            "send a request to.",
            "Give the address at which the provider listens, for example `provider-url: http://127.0.0.1:8000`.",
        )


def _nowhere(check: Node) -> Iterator[Problem]:
    if check.kind == "object" and len(check.entries.keys() & {"check-run", "environment"}) != 1:
        yield Problem(
            check.mark,
            "A check must say where its result is, in one of two ways: `check-run` or `environment`.",
            "Name the check run as the commit's list of checks has it, or the GitHub environment.",
        )


def _entry(node: Node, key: str) -> Node:
    return node.entries.get(key) or Node(node.mark, "null")


def _texts(node: Node) -> list[tuple[str, Mark]]:
    """Give a text, or a list's texts, with their places."""
    return [(each.text, each.mark) for each in (node, *node.items) if each.kind == "string"]

"""Making a version known to the broker."""

from __future__ import annotations

from collections.abc import Iterable

from pact_gate.broker.client import Broker


def announce(
    broker: Broker, pacticipant: str, version: str, *, branch: str | None, tags: Iterable[str], build_url: str | None
) -> None:
    """Create a version, or add to it: its branch, its build's address and its tags.

    The branch first: a version's first tag would become its branch as well.
    """
    if branch:
        broker.put_branch(pacticipant, version, branch)
    if build_url or not branch:
        broker.put_version(pacticipant, version, build_url)
    for tag in tags:
        broker.put_tag(pacticipant, version, tag)

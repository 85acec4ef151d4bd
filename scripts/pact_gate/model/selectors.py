"""Consumer version selectors: which consumer versions' pacts a provider verifies.

Shapes and rules: https://docs.pact.io/pact_broker/advanced_topics/consumer_version_selectors
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pact_gate.model.errors import InputError

Selector = Mapping[str, str | bool]

# What is merged, what is being worked on under the same branch name, and what runs somewhere: nothing that is needed
# for a safe merge or deploy is left out.
DEFAULT: tuple[Selector, ...] = ({"mainBranch": True}, {"matchingBranch": True}, {"deployedOrReleased": True})

_FLAGS = frozenset({"mainBranch", "matchingBranch", "deployed", "released", "deployedOrReleased", "latest"})
_NAMES = frozenset({"branch", "fallbackBranch", "tag", "fallbackTag", "environment", "consumer"})
_MEANING = (_FLAGS | {"branch", "tag", "environment"}) - {"latest"}


def for_branch(chosen: tuple[Selector, ...], branch: str | None) -> tuple[Selector, ...]:
    """Give the selectors as a provider on this branch, or on none, asks by them.

    Without a branch of its own it matches no other, and the broker would refuse to look: the default does without.
    """
    if branch is None and chosen == DEFAULT:
        return tuple(each for each in chosen if "matchingBranch" not in each)
    return chosen


def validated(value: Any) -> tuple[Selector, ...]:
    """Check selectors as they come from YAML: a list of mappings.

    Raises:
        InputError: the value is no such list, has an unknown key or a value of a wrong type, or selects nothing.
    """
    if not isinstance(value, list) or not value:
        raise _wrong(f"is {type(value).__name__ if value else 'empty'}, not a list of selectors")
    return tuple(_selector(each, number) for number, each in enumerate(value, 1))


def _selector(value: Any, number: int) -> Selector:
    if not isinstance(value, dict) or not value:
        raise _wrong(f"holds as number {number} something that is no mapping")
    for key, item in value.items():
        if key not in _FLAGS | _NAMES:
            near = get_close_matches(str(key), _FLAGS | _NAMES, 1, 0.5)
            raise _wrong(
                f"has an unknown key {key!r} in selector {number}" + (f" (did you mean {near[0]}?)" if near else "")
            )
        if key in _FLAGS and item is not True:
            raise _wrong(f"says {key}: {item!r} in selector {number}; the only value with a meaning is true")
        if key in _NAMES and not (isinstance(item, str) and item):
            raise _wrong(f"says {key}: {item!r} in selector {number}; a name is a text")
    if not _MEANING & value.keys() and "latest" not in value:
        raise _wrong(
            f"has a selector ({number}) that selects nothing: it says neither a branch nor where it is deployed"
        )
    return dict(value)


def _wrong(what: str) -> InputError:
    return InputError(
        f"The input `selectors` {what}.",
        "Write a YAML list, for example: [{mainBranch: true}, {matchingBranch: true}, {deployedOrReleased: true}]",
    )

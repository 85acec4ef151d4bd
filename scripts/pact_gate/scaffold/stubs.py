"""What a handler of a provider state has to take and to give, as the pacts ask for it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from pact_gate.model.provider_states import Asking

LONGEST = 10_000
"""Characters of a name. No compiler takes just any constant, and nobody gives such a name."""


class Parameter(NamedTuple):
    """One parameter: which kinds of JSON values it has, and whether each use of the state gives it."""

    name: str
    kinds: tuple[str, ...]
    required: bool


class Stub(NamedTuple):
    """A state by its name. `values` are the names that requests take from what it answers."""

    name: str
    parameters: tuple[Parameter, ...] = ()
    values: tuple[str, ...] = ()


def stubs(asked: Iterable[Asking]) -> list[Stub]:
    """Give each state once, by its name, in the order of the names."""
    uses: dict[str, list[dict[str, object]]] = {}
    values: dict[str, set[str]] = {}
    for interaction in asked:
        for state in interaction.states:
            if len(state.name) <= LONGEST:
                uses.setdefault(state.name, []).append(json.loads(state.params))
                values.setdefault(state.name, set()).update(interaction.values)
    return [Stub(name, _parameters(uses[name]), tuple(sorted(values[name]))) for name in sorted(uses)]


def _parameters(uses: list[dict[str, object]]) -> tuple[Parameter, ...]:
    names = sorted({name for use in uses for name in use})
    found = [
        Parameter(
            name,
            tuple(sorted({type(use[name]).__name__ for use in uses if name in use})),
            all(name in use for use in uses),
        )
        for name in names
    ]
    return tuple(sorted(found, key=lambda each: not each.required))

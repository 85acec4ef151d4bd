"""The rules, by families. Each is a function that gives what it found; none has a state of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pact_gate.lint.document import Document
from pact_gate.lint.found import Found, Placed
from pact_gate.lint.interaction import Interaction
from pact_gate.lint.rules.bodies import duplicate_key, empty_body, slow_pattern, unread_field
from pact_gate.lint.rules.context import Context
from pact_gate.lint.rules.exact import exact_value
from pact_gate.lint.rules.interactions import (
    description_reused,
    indistinguishable,
    long_description,
    random_description,
)
from pact_gate.lint.rules.secrets import personal_data, secret
from pact_gate.lint.rules.states import state_spelling, state_without_data
from pact_gate.lint.rules.volatile import volatile_value

__all__ = ["OF_AN_INTERACTION", "OF_A_PACT", "Context"]

OF_AN_INTERACTION: Sequence[Callable[[Interaction, Context], Iterable[Found]]] = (
    exact_value,
    volatile_value,
    secret,
    personal_data,
    state_without_data,
    long_description,
    random_description,
    empty_body,
    unread_field,
    slow_pattern,
)
OF_A_PACT: Sequence[Callable[[Document, Sequence[Interaction]], Iterable[Placed]]] = (
    state_spelling,
    indistinguishable,
    description_reused,
    duplicate_key,
)

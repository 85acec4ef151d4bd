"""Provider states: which ones pacts ask for, and what a trial of them found before anything was verified."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

from pact_gate.model.pact import states as states_of

_TAKEN = re.compile(r"\$\{([^}]*)\}")  # `${id}` in a generator's expression
_DEEPEST = 50  # levels of generators that are looked through; Pact has three


class State(NamedTuple):
    """One provider state as an interaction asks for it. `params` is a JSON object, compact and with sorted keys."""

    name: str
    params: str = "{}"

    def __str__(self) -> str:
        """Write the name, and the parameters behind it where it has any."""
        return self.name if self.params == "{}" else f"{self.name} {self.params}"


class Asking(NamedTuple):
    """An interaction that asks for states.

    `may_fail` is the consumer's own mark in a V4 pact (`pending`). `values` are the names that it takes from what the
    states answer, to put them into its request.
    """

    description: str
    states: tuple[State, ...]
    may_fail: bool = False
    interaction_id: str | None = None
    values: frozenset[str] = frozenset()


class Need(NamedTuple):
    """One distinct list of states, in an interaction's order, with all who ask for just this list.

    `may_fail` says that only pending pacts and pending interactions do.
    """

    states: tuple[State, ...]
    consumers: tuple[str, ...]
    may_fail: bool = False
    values: frozenset[str] = frozenset()


class Found(StrEnum):
    """What came of one attempt. The first two keep an interaction from being replayed."""

    UNKNOWN = "unknown"  # refused with a status that says that there is no such state
    FAILED = "failed"  # any other answer but 2xx, or none
    UNCHANGED = "changed nothing"  # what `state-check` returns was the same before and after
    NO_VALUES = "gives no value"  # an interaction takes one from its answer
    SLOW = "slow"


@dataclass(frozen=True)
class StateFinding:
    """What somebody has to look at.

    A broken state stands alone in `states`. `answer` says in words what came back from `url`, `body` how its text
    begins (nothing in it escaped), `nearest` is the known name that is spelled most alike. `was_enough` says of states
    that changed nothing that no interaction that asks for them failed: there was nothing to change.
    """

    found: Found
    states: tuple[State, ...]
    consumers: tuple[str, ...]
    may_fail: bool = False
    answer: str = ""
    body: str = ""
    url: str = ""
    nearest: str = ""
    was_enough: bool = False

    @property
    def told(self) -> str:
        """Say of a broken state what the verification of an interaction would say of it."""
        error = f"The provider state {self.states[0].name!r} was not set up: POST {self.url}: {self.answer}"
        return f"{error}: {self.body}" if self.body else f"{error}."

    @property
    def is_broken(self) -> bool:
        """Say whether interactions that ask for it cannot be replayed."""
        return self.found in (Found.UNKNOWN, Found.FAILED)

    @property
    def is_warned_of(self) -> bool:
        """Say whether it is worth a line beside the run: what is slow, or was enough, is told in the table alone."""
        return self.found is not Found.SLOW and not self.was_enough


@dataclass(frozen=True)
class StatesCheck:
    """What the trial found: `checked` lists of states were set up and torn down, `unchecked` ones were left out.

    `refused` counts the calls for a teardown that were not answered 2xx, `requests` all calls.
    """

    findings: tuple[StateFinding, ...] = ()
    checked: int = 0
    unchecked: int = 0
    refused: int = 0
    requests: int = 0
    seconds: float = 0.0

    @property
    def idle(self) -> tuple[StateFinding, ...]:
        """Those lists of states that changed nothing, and that was not enough."""
        return tuple(each for each in self.findings if each.found is Found.UNCHANGED and not each.was_enough)

    def judged(self, failed: Iterable[tuple[str, ...]]) -> StatesCheck:
        """Say of the lists that changed nothing whether that was enough.

        Args:
            failed: The names of the states of each interaction that failed.
        """
        names = set(failed)
        findings = (
            replace(each, was_enough=tuple(state.name for state in each.states) not in names)
            if each.found is Found.UNCHANGED
            else each
            for each in self.findings
        )
        return replace(self, findings=tuple(findings))

    @property
    def broken(self) -> tuple[StateFinding, ...]:
        """Those states that could not be set up, each of them alone."""
        return tuple(each for each in self.findings if each.is_broken)

    @property
    def fails(self) -> tuple[StateFinding, ...]:
        """Those of the broken states that are no pending contract's alone: they fail the build."""
        return tuple(each for each in self.broken if not each.may_fail)


def asking(interactions: Iterable[Mapping[str, Any]], chosen: Callable[[str, list[str]], bool]) -> Iterator[Asking]:
    """Give the interactions that ask for states.

    What no verifier could send (a name that is no text, half a character, a number that is none) is left out: the
    verification of its pact says what is wrong with it.

    Args:
        interactions: As they stand in a pact of any version.
        chosen: Says of a description and the names of the states whether the interaction is verified.
    """
    for each in interactions:
        listed = [state for state in map(_state, states_of(each)) if state]
        description = str(each.get("description", ""))
        if listed and chosen(description, [state.name for state in listed]):
            identifier = each.get("_id")
            values = frozenset(_values(each))
            yield Asking(description, tuple(listed), each.get("pending") is True, _text(identifier), values)


def needs(asked: Iterable[tuple[str, bool, Iterable[Asking]]]) -> list[Need]:
    """Give each distinct list of states once, in the order in which interactions first ask for it.

    Args:
        asked: For each pact its consumer, whether it may fail (it is pending), and its interactions.
    """
    found: dict[tuple[State, ...], Need] = {}
    for consumer, pending, interactions in asked:
        for each in interactions:
            may_fail = pending or each.may_fail
            known = found.get(each.states, Need(each.states, (), may_fail))
            found[each.states] = Need(
                each.states,
                tuple(dict.fromkeys((*known.consumers, consumer))),
                known.may_fail and may_fail,
                known.values | each.values,
            )
    return list(found.values())


def _state(listed: object) -> State | None:
    if not isinstance(listed, Mapping):
        return None
    name, params = listed.get("name"), listed.get("params")
    if not isinstance(name, str) or not name:
        return None
    try:
        written = _compact(params if isinstance(params, dict) else {})
        (name + written).encode()
    except (ValueError, RecursionError):
        return None
    return State(name, written)


def _compact(value: object) -> str:
    return json.dumps(value, sort_keys=True, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def request_body(state: State, action: str) -> bytes:
    """Write what Pact's verifier posts for a state: https://docs.pact.io/provider/using_provider_states_effectively."""
    return f'{{"action":"{action}","params":{state.params},"state":{_compact(state.name)}}}'.encode()


def _values(interaction: Mapping[str, Any]) -> Iterator[str]:
    """Give the names that an interaction takes from what its states answer (generators of the type ProviderState)."""
    for part in (interaction, interaction.get("request"), interaction.get("response")):
        if isinstance(part, Mapping):
            yield from _expressions(part.get("generators"), _DEEPEST)


def _expressions(node: object, depth: int) -> Iterator[str]:
    if not isinstance(node, Mapping) or not depth:
        return
    if node.get("type") == "ProviderState":
        yield from _TAKEN.findall(str(node.get("expression", "")))
        return
    for each in node.values():
        yield from _expressions(each, depth - 1)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None

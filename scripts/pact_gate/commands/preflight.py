"""The provider states of all pacts, tried before any of them is verified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from pact_gate.commands.step import Step
from pact_gate.model.errors import InputError, ProviderError
from pact_gate.model.pact import Pact, parse
from pact_gate.model.provider_states import Asking, State, StateFinding, StatesCheck, asking, needs
from pact_gate.model.verification import InteractionResult, PactResult
from pact_gate.settings.verify import VerifySettings
from pact_gate.verifier.pacts import ProviderAddress
from pact_gate.verifier.process import ProviderProcess
from pact_gate.verifier.states import check_states, looker


class _Wanted(NamedTuple):
    pact: Pact
    pending: bool
    asked: list[Asking]


class Preflight(NamedTuple):
    """What was found, and for each pact (by its place in the list) that cannot be verified its result."""

    check: StatesCheck | None = None
    held_back: Mapping[int, PactResult] = {}


def preflight(
    pacts: Sequence[tuple[bytes, bool]],
    settings: VerifySettings,
    address: ProviderAddress,
    provider: ProviderProcess,
    step: Step,
) -> Preflight:
    """Try all states that the pacts' interactions ask for, as far as the filters take them.

    Args:
        pacts: Each with whether it is pending.
        settings: Say whether, and what shows that a state changed something.
        address: The provider's.
        provider: Is running.
        step: Its log is told.

    Raises:
        ProviderError: The states' address cannot be reached, or the provider ended.
    """
    if not settings.check_states or not settings.provider_states_url:
        return Preflight()
    wanted = [_wanted(body, pending, address) for body, pending in pacts]
    lists = needs((each.pact.consumer, each.pending, each.asked) for each in wanted if each)
    if not lists:
        return Preflight()
    look = looker(settings.state_check, address) if settings.state_check else None
    try:
        check = check_states(lists, address, look)
    except ProviderError:
        provider.ensure_alive()  # its end is the news then
        raise
    if check.broken:
        provider.ensure_alive()
    step.log(f"Provider states: {check.checked} of {len(lists)} tried with {check.requests} calls")
    broken = {each.states[0]: each for each in check.broken}
    results = ((number, _held_back(each, broken)) for number, each in enumerate(wanted) if each)
    return Preflight(check, {number: result for number, result in results if result})


def _wanted(body: bytes, pending: bool, address: ProviderAddress) -> _Wanted | None:  # noqa: FBT001 - as it stands in the list
    """Read a pact. What is none, or another provider's, is left to its verification, which says so."""
    with suppress(InputError, RecursionError):
        pact = parse(body, "pact")
        if pact.provider == address.provider:
            return _Wanted(pact, pending, list(asking(pact.interactions, address.filters.take)))
    return None


def _held_back(wanted: _Wanted, broken: Mapping[State, StateFinding]) -> PactResult | None:
    """Give the result of a pact whose states are not all there: its other interactions are not replayed.

    An interaction that its consumer marks as pending may fail, and holds nothing back.
    """
    stopped = [each for each in wanted.asked if not broken.keys().isdisjoint(each.states)]
    if all(each.may_fail for each in stopped):
        return None
    results = tuple(_failed(each, broken) for each in stopped)
    return PactResult(wanted.pact.consumer, wanted.pact.provider, results)


def _failed(interaction: Asking, broken: Mapping[State, StateFinding]) -> InteractionResult:
    causes = [broken[each] for each in dict.fromkeys(interaction.states) if each in broken]
    return InteractionResult(
        interaction.description,
        tuple(each.name for each in interaction.states),
        passed=False,
        interaction_id=interaction.interaction_id,
        error="\n".join(each.told for each in causes),
        pending=interaction.may_fail,
    )

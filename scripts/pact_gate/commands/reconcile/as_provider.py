"""Which versions of a provider lack a result for a pact that counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pact_gate.broker.client import Broker, SelectedPact
from pact_gate.commands.reconcile.estate import Estate, main_branch
from pact_gate.model import selectors
from pact_gate.model.commit import is_full_sha, short
from pact_gate.model.missing import CountingVersion
from pact_gate.model.reconcile import Due, Hopeless

_NO_VERSION = CountingVersion("", ())


def due(broker: Broker, provider: str, estate: Estate, *, branches: bool) -> Iterator[Due | Hopeless]:
    """Give each verification that is missing, what is deployed or on main branches first.

    The pacts are those that the provider's main branch verifies by default: of main branches, and of what is deployed
    or released. With `branches` also those at the heads of all branches of its consumers. One request for the pacts and
    one for each of the provider's versions; with `branches` one more, and one for each consumer.
    """
    consumers = estate.consumers_of(provider)
    if not consumers:
        return
    main = main_branch(estate.services[provider])
    selected = list(broker.pacts_for_verification(provider, selectors.DEFAULT, branch=main))
    if branches:
        selected += _on_branches(broker, provider, consumers, main)
    wanted = list({pact.content_url: pact for pact in selected}.values())
    missing = {
        version: broker.unverified(provider, version.version, wanted) for version in estate.counting[provider] if wanted
    }
    if wanted and not missing:
        missing = {_NO_VERSION: wanted}
    for pact in wanted:
        for version, lacking in missing.items():
            if pact in lacking:
                yield _due(pact, provider, version)


def _on_branches(broker: Broker, provider: str, consumers: Iterable[str], main: str) -> tuple[SelectedPact, ...]:
    heads: list[selectors.Selector] = [
        {"consumer": consumer, "branch": branch.name} for consumer in consumers for branch in broker.branches(consumer)
    ]
    return broker.pacts_for_verification(provider, heads, branch=main) if heads else ()


def _due(pact: SelectedPact, provider: str, version: CountingVersion) -> Due | Hopeless:
    if is_full_sha(version.version):
        return Due(pact.consumer, provider, version, pact.content_url)
    if version == _NO_VERSION:
        cause = f"No version of {provider} is on its main branch or in an environment, so none can verify what"
        next_step = f"Run the verification of {provider} on its main branch (verify-provider.yml, or actions/verify)."
    else:
        cause = (
            f"{provider} {short(version.version)} is no commit's full SHA, so it cannot be checked out to verify what"
        )
        next_step = "Publish results and record deployments under the commit's full SHA, as the actions do by default."
    return Hopeless(pact.consumer, provider, version, f"{cause} {pact.consumer} needs.", next_step)

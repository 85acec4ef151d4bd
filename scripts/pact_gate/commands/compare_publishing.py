"""Publishing what a comparison with an OpenAPI document came to: only when asked, and never as what it is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from pact_gate import VERSION
from pact_gate.broker.client import PactDocument
from pact_gate.commands.step import Step
from pact_gate.commands.versions import announce_results
from pact_gate.model.commit import chosen_branch, chosen_version
from pact_gate.model.comparison import Finding, Level, PactComparison
from pact_gate.model.errors import InputError
from pact_gate.openapi.document import Documents
from pact_gate.settings.compare_openapi import CompareSettings

COMPARED_BY = {"implementation": "pact-gate compare-openapi", "version": VERSION}
_MOST_TESTS = 1_000


def check(settings: CompareSettings, step: Step) -> None:
    """Refuse what cannot be published before the work, not after it.

    Raises:
        InputError: there is no version to publish under, or the broker takes no provider contracts.
    """
    if settings.publish_contract or settings.publish_results:
        chosen_version(settings.version, settings.branch, step.commit)
    if settings.publish_contract:
        step.broker.provider_contract_link(settings.provider)


def publish_results(
    settings: CompareSettings, found: Sequence[tuple[PactComparison, PactDocument | None]], step: Step
) -> Iterator[PactComparison]:
    """Publish a result for each of the broker's pacts that was compared, to the pact's own link."""
    version, build_url = announce_results(step, settings.provider, settings)
    for comparison, document in found:
        if document is None or document.results_url is None or not comparison.was_compared:
            yield comparison
            continue
        result = _result(comparison, version, build_url, strict=settings.fail_on == "warning")
        url = step.broker.publish_result(document.results_url, result)
        yield replace(comparison, published=True, result_url=url)


def _result(comparison: PactComparison, version: str, build_url: str | None, *, strict: bool) -> dict[str, Any]:
    """Give a result in the shape that verifiers publish; `verifiedBy` says that nothing was run."""
    wrong: dict[str, list[Finding]] = {}
    for each in comparison.findings:
        if strict or each.level is Level.ERROR:
            wrong.setdefault(each.interaction, []).append(each)
    body = {
        "success": comparison.is_compatible(strict=strict),
        "providerApplicationVersion": version,
        "testResults": [_test(name, wrong.get(name, [])) for name in comparison.interactions[:_MOST_TESTS]],
        "verifiedBy": COMPARED_BY,
    }
    return body | ({"buildUrl": build_url} if build_url else {})


def _test(name: str, wrong: Sequence[Finding]) -> dict[str, Any]:
    mismatches = [{"attribute": each.where, "description": f"{each.message} ({each.spot})"} for each in wrong]
    return {"interactionDescription": name, "success": not wrong, "mismatches": mismatches}


def publish_contract(settings: CompareSettings, documents: Documents, step: Step) -> None:
    """Publish the document as the provider's contract, as PactFlow takes it.

    Raises:
        InputError: the document is more than one file, and a contract is one.
    """
    if not documents.is_whole:
        raise InputError(
            f"{settings.openapi} refers to other files, and a provider's contract is one file: it was not published.",
            "Bundle the document into one file (for example with `redocly bundle`), and compare with that.",
        )
    step.broker.publish_provider_contract(
        settings.provider,
        documents.body(),
        content_type="application/json" if documents.is_json else "application/yaml",
        version=chosen_version(settings.version, settings.branch, step.commit),
        branch=chosen_branch(settings.version, settings.branch, step.commit),
        tags=settings.tags,
        build_url=settings.build_url or step.commit.build_url,
    )

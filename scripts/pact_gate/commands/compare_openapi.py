"""Compare pacts with the provider's OpenAPI document. Nothing is run: what is compared are two descriptions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from pact_gate.broker.client import PactDocument
from pact_gate.commands import compare_publishing
from pact_gate.commands.files import pact_files, read, write, write_json
from pact_gate.commands.step import Step
from pact_gate.model import selectors
from pact_gate.model.commit import chosen_branch, short
from pact_gate.model.comparison import Level, PactComparison, Unused
from pact_gate.model.outcome import Annotation, ComparisonOutcome
from pact_gate.model.pact import Pact, parse
from pact_gate.openapi.compare import Comparison
from pact_gate.openapi.document import Documents
from pact_gate.settings.compare_openapi import CompareSettings, compare_settings
from pact_gate.settings.inputs import Inputs

_Found = tuple[Pact, str, PactDocument | None]  # a pact, its file or address, and where its results go


def run(inputs: Inputs, step: Step) -> ComparisonOutcome:
    """Read the document, find the pacts, compare, and say what nobody uses."""
    settings = compare_settings(inputs)
    documents = Documents(settings.openapi, step.folder)
    compare_publishing.check(settings, step)
    comparison = Comparison(documents)
    pairs = [
        (_compared(comparison, pact, name, document), document)
        for pact, name, document in _pacts(settings, step)
        if pact.provider == settings.provider
    ]
    found = [each for each, _ in pairs]
    unused = comparison.unused()
    if settings.publish_contract:
        compare_publishing.publish_contract(settings, documents, step)
    if settings.publish_results:
        found = list(compare_publishing.publish_results(settings, pairs, step))
    if not any(each.was_compared for each in found):
        return _nothing(settings)
    return _outcome(settings, found, unused, comparison.patterns_left_out, step)


def _compared(comparison: Comparison, pact: Pact, name: str, document: PactDocument | None) -> PactComparison:
    found = comparison.pact(pact, name)
    if document is None:
        return found
    return replace(found, url=name, consumer_version=document.consumer_version)


# --- which pacts --------------------------------------------------------------------------------------------


def _pacts(settings: CompareSettings, step: Step) -> Iterator[_Found]:
    if settings.pacts:
        yield from _local(settings, step)
    elif settings.consumer and settings.consumer_version:
        url = step.broker.pact_url(settings.consumer, settings.provider, settings.consumer_version)
        yield _of_broker(step, url)
    else:
        yield from _selected(settings, step)


def _local(settings: CompareSettings, step: Step) -> Iterator[_Found]:
    for path in pact_files(settings.pacts, step.folder):
        yield parse(read(step.folder / path), path), path, None


def _selected(settings: CompareSettings, step: Step) -> Iterator[_Found]:
    branch = chosen_branch(settings.version, settings.branch, step.commit)
    chosen = selectors.for_branch(settings.selectors, branch)
    for each in step.broker.pacts_for_verification(settings.provider, chosen, branch=branch, tags=settings.tags):
        yield _of_broker(step, each.url)


def _of_broker(step: Step, url: str) -> _Found:
    document = step.broker.pact(url)
    return parse(document.body, url), url, document


# --- the answer ---------------------------------------------------------------------------------------------


def _nothing(settings: CompareSettings) -> ComparisonOutcome:
    return ComparisonOutcome(
        headline=f"There is no HTTP interaction with {settings.provider} to compare with {settings.openapi}.",
        next_step=(
            f"Check that {settings.provider} is the provider's name in its consumers' pacts, and the input `pacts` or "
            "`selectors`. Messages are not compared. If there may be none: on-empty: pass."
        ),
        exit_code=1 if settings.on_empty == "fail" else 0,
        outputs={"result": "empty", "pacts": "0", "errors": "0", "warnings": "0", "unused": "0", "report": ""},
        provider=settings.provider,
        document=settings.openapi,
    )


def _outcome(
    settings: CompareSettings,
    found: Sequence[PactComparison],
    unused: Sequence[Unused],
    left_out: tuple[str, ...],
    step: Step,
) -> ComparisonOutcome:
    strict = settings.fail_on == "warning"
    compared = [each for each in found if each.was_compared]
    broken = [each for each in compared if not each.is_compatible(strict=strict)]
    warnings = sum(len(each.of_level(Level.WARNING)) for each in found)
    report = _report(settings, found, unused)
    if settings.json:
        write(step.folder / settings.json, _json(report), "json")
    return ComparisonOutcome(
        headline=_headline(settings, len(compared), len(broken)),
        next_step=_next_step(broken, warnings),
        exit_code=1 if broken and settings.fail_on != "never" else 0,
        annotations=_recorded(found),
        outputs={
            "result": "incompatible" if broken else "compatible",
            "pacts": str(len(compared)),
            "errors": str(sum(len(each.of_level(Level.ERROR)) for each in found)),
            "warnings": str(warnings),
            "unused": str(len(unused)),
            "report": write_json("report", report, step.runner.temporary_folder) if step.runner.on_github else "",
        },
        provider=settings.provider,
        document=settings.openapi,
        comparisons=tuple(found),
        unused=tuple(unused),
        patterns_left_out=left_out,
        strict=strict,
    )


def _recorded(found: Sequence[PactComparison]) -> tuple[Annotation, ...]:
    """Say what a published result counts for: nobody should take it for more."""
    number = sum(each.published for each in found)
    if not number:
        return ()
    message = (
        f"{number} result{'s are' if number > 1 else ' is'} in the broker, recorded as a verification: the gate counts "
        "it as one, although nothing was run. `verifiedBy` says `pact-gate compare-openapi`."
    )
    return (Annotation("notice", message, title="Compared, not run"),)


def _headline(settings: CompareSettings, count: int, broken: int) -> str:
    name = f"{settings.provider} {short(settings.version or '')}".strip()
    pacts = f"{count} pact{'s' if count > 1 else ''}"
    if broken:
        return f"What {name} describes in {settings.openapi} does not fit {broken} of {pacts}."
    return f"What {name} describes in {settings.openapi} fits {pacts}."


def _next_step(broken: Sequence[PactComparison], warnings: int) -> str:
    if broken:
        return (
            "Where the provider does it right, mend its document; where it does not, mend the provider, or agree on a "
            "change with the consumer's team. Only `actions/verify` says which."
        )
    if warnings:
        return (
            "Where the provider always does it, let the document say so (`required`, no null, `additionalProperties`)."
        )
    return ""


def _report(settings: CompareSettings, found: Sequence[PactComparison], unused: Sequence[Unused]) -> dict[str, Any]:
    """Give all facts as JSON: docs/openapi.md describes the keys."""
    strict = settings.fail_on == "warning"
    pacts = [
        {
            **asdict(each),
            "compatible": each.is_compatible(strict=strict),
            "findings": [{**asdict(one), "level": one.level, "spot": one.spot._asdict()} for one in each.findings],
        }
        for each in found
    ]
    listed = [{**each._asdict(), "spot": each.spot._asdict()} for each in unused]
    return {"provider": settings.provider, "document": settings.openapi, "pacts": pacts, "unused": listed}


def _json(report: dict[str, Any]) -> str:
    return json.dumps(report, indent=1) + "\n"

"""A verification as JUnit XML, which test reporters read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from pact_gate.model.outcome import VerifyOutcome
from pact_gate.model.verification import Fate, InteractionResult, PactVerification
from pact_gate.report import words
from pact_gate.report.escape import line, visible

if TYPE_CHECKING:
    from pact_gate.model.provider_states import StatesCheck

_MESSAGE = 300


def junit(outcome: VerifyOutcome) -> str:
    """Return one `testsuite` for each pact and one `testcase` for each interaction.

    What fails in a pending pact is `skipped`, with the difference as its message: it must not fail the build.
    """
    root = ET.Element("testsuites", name=line(f"pact verification of {outcome.provider}"))
    if outcome.states and outcome.states.findings:
        root.append(_states(outcome.provider, outcome.states))
    for verification in outcome.verifications:
        root.append(_suite(verification))
    for key in ("tests", "failures", "errors", "skipped"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(verification: PactVerification) -> ET.Element:
    result = verification.result
    name = line(f"{result.consumer} → {result.provider}")
    suite = ET.Element("testsuite", name=name)
    cases = [] if verification.held_back else [_case(verification, each) for each in result.interactions]
    if words.pact_error(verification):
        cases.append(_broken_pact(verification))
    return _filled(suite, cases, sum(each.seconds for each in result.interactions))


def _filled(suite: ET.Element, cases: Sequence[ET.Element], seconds: float) -> ET.Element:
    suite.extend(cases)
    suite.set("tests", str(len(cases)))
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(key, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("time", f"{seconds:.3f}")
    return suite


def _states(provider: str, check: StatesCheck) -> ET.Element:
    name = line(f"provider states of {provider}")
    cases = []
    for each in check.findings:
        case = ET.Element("testcase", classname=name, name=line(words.state_names(each)), time="0.000")
        if each.is_broken:
            _add(case, "skipped" if each.may_fail else "error", [words.state_finding(each)])
        else:
            ET.SubElement(case, "system-out").text = visible(words.state_finding(each))
        cases.append(case)
    return _filled(ET.Element("testsuite", name=name), cases, check.seconds)


def _case(verification: PactVerification, interaction: InteractionResult) -> ET.Element:
    given = words.states(interaction)
    name = f"{interaction.description} given {given}" if given else interaction.description
    case = _element(verification, name, interaction.seconds)
    if not interaction.passed:
        tag = "error" if interaction.error else "failure"
        pending = words.is_pending(verification, interaction)
        _add(case, "skipped" if pending else tag, list(words.findings(interaction)))
    return case


def _broken_pact(verification: PactVerification) -> ET.Element:
    case = _element(verification, "the pact as a whole", 0.0)
    tag = "skipped" if verification.fate is Fate.PENDING else "error"
    _add(case, tag, [words.pact_error(verification)])
    return case


def _element(verification: PactVerification, name: str, seconds: float) -> ET.Element:
    result = verification.result
    classname = line(f"{result.consumer}.{result.provider}")
    return ET.Element("testcase", classname=classname, name=line(name), time=f"{seconds:.3f}")


def _add(case: ET.Element, tag: str, findings: list[str]) -> None:
    message = line(findings[0] if findings else "failed", _MESSAGE)
    found = ET.SubElement(case, tag, message=f"pending: {message}" if tag == "skipped" else message)
    found.text = visible("\n".join(findings))

"""`actions/lint` in a job: what it finds is shown at its place, and fails the step by its level."""

from __future__ import annotations

import json

PACT = {
    "consumer": {"name": "orders"},
    "provider": {"name": "products"},
    "interactions": [
        {
            "description": "a request for the newest product",
            "request": {"method": "GET", "path": "/products/newest"},
            "response": {"status": 200, "body": {"id": 123, "seller": "kim.p@hillcrest.org"}},
        }
    ],
    "metadata": {"pactSpecification": {"version": "2.0.0"}},
}


def lint(name, **given):
    """A step that lints, and may fail."""
    return (
        f"- {{id: {name}, continue-on-error: true, uses: pact-gate/pact-gate/actions/lint@v1,"
        f" with: {json.dumps(given)}}}\n"
    )


def test_what_pacts_hold_is_found_before_they_are_published(act):
    """An exact id warns, a person's address fails; a baseline, `pact-gate.yml` and `fail-on` decide otherwise."""
    read = (
        '- {id: read, run: "grep --quiet personal-data lint.sarif $REPORT",'
        ' env: {REPORT: "${{ steps.found.outputs.report }}"}}\n'
    )
    run = act.steps(
        lint("found", sarif="lint.sarif")
        + read
        + lint("never", **{"fail-on": "never"})
        + lint("baseline", baseline="known.json", **{"update-baseline": "true"})
        + lint("known", baseline="known.json", **{"fail-on": "note"})
        + lint("accepted", config="quiet.yml")
        + lint("broken", pacts="*.txt"),
        files={
            "pacts/a.json": json.dumps(PACT, indent=1),
            "quiet.yml": "lint:\n  ignore: [{rule: personal-data, provider: products, reason: She is one of us.}]\n",
            "broken.txt": "{",
        },
    )
    step = run.step("found")
    assert (step.result, step.exit_code) == ("failure", 1)
    assert {name: step.outputs[name] for name in ("result", "errors", "warnings", "notes", "known", "fixed")} == {
        "result": "failed",
        "errors": "1",
        "warnings": "2",
        "notes": "0",
        "known": "0",
        "fixed": "0",
    }
    shown = {(each.level, each.title, each.file, each.line) for each in step.annotations}
    assert ("error", "pact-gate lint: personal-data", "pacts/a.json", "19") in shown
    assert ("warning", "pact-gate lint: exact-value", "pacts/a.json", "18") in shown
    for word in ("exact-value (2)", "personal-data (1)", "What to do next", "docs/rules/exact-value.md"):
        assert word in step.summary
    assert "kim.p" not in step.summary + step.log
    assert run.step("read").result == "success"
    ended = {name: run.step(name).exit_code for name in ("never", "baseline", "known", "accepted", "broken")}
    assert ended == {"never": 0, "baseline": 0, "known": 0, "accepted": 0, "broken": 2}
    assert run.step("known").outputs["known"] == "3"

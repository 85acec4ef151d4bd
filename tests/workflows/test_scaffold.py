"""`actions/scaffold-states` in a job: it writes the states down once, and says what the file lacks from then on."""

from __future__ import annotations

import json
from pathlib import Path

PACT = (Path(__file__).parent / "orders-products.json").read_text(encoding="utf-8")


def scaffold(name, **given):
    """A step that writes the states of products down."""
    inputs = {"provider": "products", "framework": "fastapi", "pacts": "pacts/*.json", **given}
    uses = "uses: pact-gate/pact-gate/actions/scaffold-states@v1"
    return f"- {{id: {name}, continue-on-error: true, {uses}, with: {json.dumps(inputs)}}}\n"


def test_a_file_is_written_and_compared(act, estate):
    """From files, and from the broker; a typo in the framework is a wrong input."""
    estate.publish(PACT, "c1")
    run = act.steps(
        scaffold("written")
        + scaffold("complete")
        + '- {run: "sed -i s/product/basket/ provider_states.py"}\n'
        + scaffold("missing")
        + scaffold("broker", pacts="", file="here/States.java", framework="spring", **{"broker-url": estate.url})
        + scaffold("typo", framework="fastpai")
        + "- {id: read, run: cat here/States.java}\n",
        files={"pacts/orders-products.json": PACT},
    )
    ended = {name: run.step(name).exit_code for name in ("written", "complete", "missing", "broker", "typo")}
    assert ended == {"written": 0, "complete": 0, "missing": 1, "broker": 0, "typo": 2}
    assert run.step("written").outputs == {
        "result": "written",
        "file": "provider_states.py",
        "states": "1",
        "missing": "[]",
    }
    assert json.loads(run.step("missing").outputs["missing"]) == ["product 1 exists"]
    assert "product 1 exists" in run.step("missing").summary
    assert 'states.put("product 1 exists", this::product1Exists);' in run.step("read").log
    assert "Did you mean fastapi?" in run.step("typo").log

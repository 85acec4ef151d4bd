"""`workflows/compare-openapi.yml`: the broker's pacts against the document of the repository, and local files."""

from __future__ import annotations

import json
from pathlib import Path

HERE = Path(__file__).parent
TEMPLATE = (HERE.parents[1] / "workflows" / "compare-openapi.yml").read_text(encoding="utf-8")
PACT = (HERE / "orders-products.json").read_text(encoding="utf-8")


def document(price="price"):
    """What products says of itself, with its price in a field."""
    types = {"id": "integer", "name": "string", price: "number", "weight": "number"}
    product = {
        "type": "object",
        "required": ["id", "name", price],
        "properties": {name: {"type": kind} for name, kind in types.items()},
    }
    answer = {"description": "", "content": {"application/json": {"schema": product}}}
    path = {"get": {"responses": {"200": answer}}, "put": {"responses": {"204": {"description": ""}}}}
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    about = {"title": "products", "version": "1"}
    paths = {"/products/{id}": {"parameters": [parameter], **path}}
    return json.dumps({"openapi": "3.1.0", "info": about, "paths": paths}, indent=1)


def test_the_workflow_to_copy(act, estate):
    """Nobody needs it yet; then a document that has what orders needs, and one that calls its price otherwise."""
    variables = {"PACT_BROKER_BASE_URL": estate.url}
    nobody = act.workflow(TEMPLATE, files={"openapi.yaml": document()}, variables=variables)
    assert nobody.jobs == {"openapi": "success"}
    estate.publish(PACT, "c1")
    fits = act.workflow(TEMPLATE, files={"openapi.yaml": document()}, variables=variables)
    assert fits.jobs == {"openapi": "success"}
    (step,) = [each for each in fits.steps.values() if "result" in each.outputs]
    assert (step.outputs["result"], step.outputs["pacts"], step.outputs["unused"]) == ("compatible", "1", "2")
    assert "Compared, not run" in step.summary
    assert "PUT" in step.summary
    broken = act.workflow(TEMPLATE, files={"openapi.yaml": document("cost")}, variables=variables)
    assert broken.jobs == {"openapi": "failure"}
    (step,) = [each for each in broken.steps.values() if "result" in each.outputs]
    (error,) = [each for each in step.annotations if each.file]
    assert "$.price: is not described" in error.message
    assert (error.level, error.file) == ("error", "openapi.yaml")
    assert estate.broker.results_elsewhere("orders", "c1", "products") == ()  # nobody asked for a result


def test_local_files(act):
    """A consumer compares its own pacts before it publishes them; what is no document ends with 2."""
    step = (
        "- {{id: {}, continue-on-error: true, uses: pact-gate/pact-gate/actions/compare-openapi@v1, "
        "with: {{provider: products, pacts: pacts/*.json, openapi: {}}}}}\n"
    )
    files = {"openapi.json": document(), "pacts/a.json": PACT, "swagger.json": '{"swagger": "2.0"}'}
    run = act.steps(step.format("fits", "openapi.json") + step.format("none", "swagger.json"), files=files)
    assert (run.step("fits").exit_code, run.step("fits").outputs["result"]) == (0, "compatible")
    assert run.step("none").exit_code == 2
    assert "OpenAPI 2.0" in run.step("none").errors[0]

"""Provider state setup is missing or wrong."""

from __future__ import annotations

import sys

from stage import HERE, Stage, python

PACT = HERE / "states" / "orders-products.json"


def states(stage: Stage) -> None:
    """Three states, of which one is not committed and one has another name in the pact."""
    stage.case(
        "Provider state setup is missing or wrong",
        "One handler does not commit, one has another name than the pact, and whatever is asked is answered with 200.",
    )
    service, port = HERE / "states" / "products.py", stage.port()
    url = f"http://127.0.0.1:{port}"
    with stage.served(sys.executable, service, str(port), "broken", url=f"{url}/_pact/there"):
        stage.plain(
            "the verifier",
            [*python("plain/verify.py"), "products", url, PACT, f"{url}/_pact/states"],
            code=1,
            says=["expected 200 but was 404"],
        )
    verify = ("verify", "--provider", "products", "--pacts", PACT, "--provider-url", url)
    with_states = (*verify, "--provider-states-url", f"{url}/_pact/states", "--ready-url", f"{url}/_pact/there")
    stage.ours(
        "verify with `state-check`",
        *(*with_states, "--state-check", f"{url}/_pact/there"),
        *("--start", f"{sys.executable} {service} {port} broken"),
        code=1,
        says=[
            "product prod-001 exists  ",
            "product prod-002 is out of stock  ",
            "Look first at the provider states",
        ],
    )
    stage.mended(
        "with pact_gate.states",
        *(*with_states, "--state-check", f"{url}/_pact/there"),
        *("--start", f"{sys.executable} {service} {port} mended"),
        says=["honours its one pact"],
    )

"""The message contract test passes, and the real consumer fails."""

from __future__ import annotations

import sys

from stage import HERE, Stage, python

FOLDER = HERE / "messages"
PACT = FOLDER / "fulfilment-orders.json"


def messages(stage: Stage) -> None:
    """The contract is tested with a dict, and production's serializer writes something else."""
    stage.case(
        "Message contract test passes but the real Kafka consumer fails",
        "The total is money, a Decimal, and the serializer makes text of it. The contract test never meets it.",
    )
    by_hand = [*python("plain/verify_message.py"), PACT]
    stage.plain("the verifier with a dict", by_hand, code=0, says=["has a matching body (OK)"])
    stage.real("the consumer", [*python("messages/wire.py"), "broken"], code=1, says=["ValueError"])
    for serializer, code, says in (("broken", 1, "$.total"), ("mended", 0, "honours its one pact")):
        tell = stage.mended if code == 0 else stage.ours
        tell("verify with pact_gate.messages", *_verify(stage, serializer), code=code, says=[says])
    stage.real(
        "the mended producer's consumer", [*python("messages/wire.py"), "mended"], code=0, says=["insured for 119.96"]
    )


def _verify(stage: Stage, serializer: str) -> list[str]:
    port = stage.port()
    return [
        *("verify", "--provider", "orders", "--pacts", str(PACT), "--messages-url", f"http://127.0.0.1:{port}"),
        *("--start", f"{sys.executable} {FOLDER / 'endpoint.py'} {port} {serializer}"),
    ]

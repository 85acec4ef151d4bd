"""Every scenario, answered as a Pact Broker answered it when it was recorded."""

from __future__ import annotations

import pathlib

import golden
import pytest

HERE = pathlib.Path(__file__).parent
RECORDINGS = HERE / "recordings"
for file in ("scenarios.py", "questions.py"):
    golden.load(str(HERE / file))


@pytest.mark.parametrize("name", golden.SCENARIOS)
def test_the_embedded_broker_decides_and_writes_as_recorded(embedded_broker: str, name: str) -> None:
    """What a client acts on is the same, and every key, link and value of the recorded documents is there."""
    differences = _differences(embedded_broker, name)
    assert [line for decision, shape in differences for line in decision + shape] == []


MIXED_UP_ON_SQLITE = {"names-of-all-kinds"}  # a real broker on SQLite answers with other versions' documents


@pytest.mark.parametrize("name", sorted(set(golden.SCENARIOS) - MIXED_UP_ON_SQLITE))
def test_a_real_broker_decides_as_recorded(real_broker: str, name: str) -> None:
    """The recordings are right. On SQLite a real broker mixes up documents, so only its decisions are compared."""
    assert [line for decision, _ in _differences(real_broker, name) for line in decision] == []


def test_every_scenario_has_a_recording_and_every_recording_a_scenario() -> None:
    assert {path.stem for path in RECORDINGS.glob("*.json")} == set(golden.SCENARIOS)


def _differences(broker: str, name: str) -> list[tuple[list[str], list[str]]]:
    """For each step what differs in the decision and what in the shape."""
    expected = golden.recorded(RECORDINGS, name)
    actual, error = golden.run(broker, name)
    assert not error
    assert len(actual) == len(expected)
    found = []
    for number, (step, answered) in enumerate(zip(expected, actual, strict=True), start=1):
        place = f"{number}. {step['label']}: "
        found.append(tuple([place + line for line in lines] for lines in golden.compare(step, answered)))
    return found

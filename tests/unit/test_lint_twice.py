"""Two runs of the same tests: what differs between their contracts, and how the runs themselves can go wrong."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from pact_gate.commands.twice import run_twice
from pact_gate.lint.document import Document, read, shown
from pact_gate.lint.twice import between_runs
from pact_gate.model.errors import InputError


def interaction(description: str = "a product", *, state: str = "", **body: Any) -> dict[str, Any]:
    return {
        "description": description,
        **({"providerStates": [{"name": state}]} if state else {}),
        "request": {"method": "GET", "path": "/products/1"},
        "response": {"status": 200, "body": body},
    }


def document(*interactions: dict[str, Any], consumer: str = "orders", path: str = "pact.json") -> Document:
    pact = {
        "consumer": {"name": consumer},
        "provider": {"name": "products"},
        "interactions": interactions,
        "metadata": {"pactSpecification": {"version": "3.0.0"}},
    }
    return read(json.dumps(pact).encode(), path)


def told(first: list[Document], second: list[Document]) -> list[tuple[int | None, str, str]]:
    """What is told: the interaction's index, the place, and the sentence before its colon."""
    return [
        (interaction.index if interaction else None, shown(found.way), found.message.partition(":")[0])
        for _, every in between_runs(first, second)
        for interaction, found in every
    ]


def test_two_runs_that_wrote_the_same_differ_in_nothing() -> None:
    both = [interaction("a", id=1, list=[1, 2]), interaction("b", state="one", id=2)]
    assert told([document(*both)], [document(*both)]) == []


def test_the_order_of_interactions_keys_and_files_is_no_difference() -> None:
    a, b = interaction("a", id=1, name="x"), interaction("b", id=2)
    turned = dict(reversed(a.items())) | {"response": {"body": {"name": "x", "id": 1}, "status": 200}}
    assert told([document(a, b)], [document(b, turned)]) == []
    other = document(a, consumer="billing", path="other.json")
    assert told([document(a), other], [other, document(a)]) == []
    assert told([document(a, b)], [document(a, path="1.json"), document(b, path="2.json")]) == []


def test_what_says_nothing_about_the_provider_is_no_difference() -> None:
    one = interaction() | {"key": "1", "_id": "1", "comments": {"text": ["1"]}}
    two = interaction() | {"key": "2", "_id": "2", "comments": {"text": ["2"]}}
    assert told([document(one)], [document(two)]) == []


UUIDS = ("550e8400-e29b-41d4-a716-446655440000", "6fa459ea-ee8a-3ca4-894e-db77e160355e")


@pytest.mark.parametrize(
    ("first", "second", "sentence", "want", "example"),
    [
        (*UUIDS, "The UUID is another", "uuid", "00000000-0000-4000-8000-000000000000"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", "The date and time is another", "datetime",
         "2024-01-31T12:00:00Z"),
        ("2026-01-01", "2026-01-02", "The date is another", "date", "2024-01-31"),
        ("12:00:00", "12:00:01", "The time is another", "time", "12:00:00"),
        ("http://localhost:41234/a", "http://localhost:35001/a", "The port in this URL (a mock server's) is another",
         "url", "http://localhost:8080/a"),
        (1, 2, "The number is another", "number", 2),
        (0.30000000000000004, 0.3, "The number has other digits at its end (it was computed, and not rounded)",
         "number", 0.3),
        ("tok_abc", "tok_def", "The text is another", "", None),
        (1, 1.0, "The number has other digits at its end (it was computed, and not rounded)", "number", 1.0),
        (1, True, "The value is another", "", None),
        (1, "1", "The value is another", "", None),
        (None, 1, "The value is another", "", None),
        ([1, 2], [2, 1], "The list has another order", "", None),
        ([1], [1, 2], "The list has another length", "", None),
        ("http://[::1", "http://[::2", "The text is another", "", None),
    ],
)  # fmt: skip
def test_each_kind_of_change_has_its_sentence(first: Any, second: Any, sentence: str, want: str, example: Any) -> None:
    found = between_runs([document(interaction(v=first))], [document(interaction(v=second))])
    [(_, [(_, one)])] = found
    assert shown(one.way) == "$.response.body.v"
    assert one.message.startswith(f"{sentence} in each of two runs: ")
    assert (one.want, one.value, one.key) == (want, example, "v")


def test_no_text_that_may_be_a_secret_is_repeated() -> None:
    found = between_runs([document(interaction(token="geheim-1"))], [document(interaction(token="geheim-2"))])
    assert "geheim" not in "".join(str(one) for _, every in found for _, one in every)


def test_what_stands_in_one_run_only_is_told_where_it_stands() -> None:
    assert told([document(interaction(id=1))], [document(interaction(id=1, more=2))]) == [
        (0, "$.response.body.more", "This stands in only one of two runs")
    ]
    assert told([document(interaction(id=1, more=2))], [document(interaction(id=1))]) == [
        (0, "$.response.body.more", "This stands in only one of two runs")
    ]


def test_a_description_that_changes_is_found_by_what_the_interaction_says() -> None:
    first = [interaction("a product 8123", id=1, name="x"), interaction("another", id=2, kind="y")]
    second = [interaction("another", id=2, kind="y"), interaction("a product 9321", id=1, name="x")]
    assert told([document(*first)], [document(*second)]) == [
        (1, "$.description", "The description is another in each of two runs")
    ]


def test_interactions_of_one_name_are_paired_with_the_nearest() -> None:
    first = [interaction("p", id=1, at="2026-01-01"), interaction("p", id=2, at="2026-01-01")]
    second = [interaction("p", id=2, at="2026-01-02"), interaction("p", id=1, at="2026-01-02")]
    sentence = "The date is another in each of two runs"
    assert sorted(told([document(*first)], [document(*second)])) == [
        (0, "$.response.body.at", sentence),
        (1, "$.response.body.at", sentence),
    ]


def test_an_interaction_that_one_run_wrote_is_told_in_its_file() -> None:
    both, one = interaction("both", id=1), interaction("one", state="s", things=["a", "b", "c", "d"])
    only = "run wrote this interaction"
    [(found, [(at, message)])] = between_runs([document(both, one, path="1")], [document(both, path="2")])
    assert (found.path, at.index if at else None) == ("1", 1)
    assert message.message.startswith("Only the first of two runs wrote this interaction: ")
    [(found, [(at, message)])] = between_runs([document(both, path="1")], [document(both, one, path="2")])
    assert (found.path, at.index if at else None, only in message.message) == ("2", 1, False)
    assert message.message.startswith("Only the second of two runs wrote this interaction: ")


def test_a_pact_that_one_run_wrote_is_told_as_a_whole() -> None:
    more = document(interaction(), consumer="billing", path="more.json")
    for which, first, second in (("first", [more], []), ("second", [], [more])):
        [(found, [(at, message)])] = between_runs([document(interaction()), *first], [document(interaction()), *second])
        assert (found.path, at, message.way) == ("more.json", None, ())
        assert message.message.startswith(f"Only the {which} of two runs wrote this pact: ")


def test_what_changes_outside_a_body_has_no_line_to_write() -> None:
    first, second = interaction(id=1), interaction(id=1)
    for each, id_ in ((first, UUIDS[0]), (second, UUIDS[1])):
        each["request"] |= {"path": f"/products/{id_}", "headers": {"X-Request": id_}}
    found = between_runs([document(first)], [document(second)])
    wanted = [(shown(one.way), one.want) for _, every in found for _, one in every]
    assert wanted == [("$.request.path", ""), ("$.request.headers['X-Request']", "")]


def test_two_contracts_of_thousands_of_interactions_that_all_differ_are_not_compared_each_with_each() -> None:
    first = [interaction("same", number=n, words=["x"] * 20) for n in range(3000)]
    second = deepcopy(first)
    for each in second:
        each["response"]["body"]["number"] += 0.5
    assert len(told([document(*first)], [document(*second)])) == 3000  # all pairs would take minutes


# --- the runs -------------------------------------------------------------------------------------------------

WRITES = """
import json, os, pathlib, sys, uuid
runs = pathlib.Path("runs"); n = int(runs.read_text()) + 1 if runs.exists() else 1; runs.write_text(str(n))
pathlib.Path("pacts").mkdir(exist_ok=True)
def write(provider, **body):
    pact = {"consumer": {"name": "orders"}, "provider": {"name": provider}, "interactions": [{"description": "d",
            "request": {"method": "GET", "path": "/"}, "response": {"status": 200, "body": body}}]}
    pathlib.Path("pacts", f"orders-{provider}.json").write_text(json.dumps(pact))
"""


@pytest.fixture
def tests(tmp_path: Path) -> Any:
    """A consumer's tests: Python that runs after WRITES. Gives the command."""

    def write(code: str) -> str:
        (tmp_path / "tests.py").write_text(WRITES + code)
        return shlex.join([sys.executable, "tests.py"])

    return write


def run(command: str, folder: Path, **more: Any) -> tuple[list[Document], list[Document]]:
    return run_twice(command, ["pacts"], folder, lambda _: None, **more)


def test_the_tests_are_run_twice_and_what_differs_is_told(tests: Any, tmp_path: Path) -> None:
    lines: list[str] = []
    command = tests("write('products', id=str(uuid.uuid4()), name='x')")
    first, second = run_twice(command, ["pacts"], tmp_path, lines.append)
    assert told(first, second) == [(0, "$.response.body.id", "The UUID is another in each of two runs")]
    assert [each.path for each in second] == ["pacts/orders-products.json"]
    assert (tmp_path / "runs").read_text() == "2"
    assert second[0].pact.body == (tmp_path / "pacts" / "orders-products.json").read_bytes()
    assert [line.partition(":")[0] for line in lines] == [
        "Running the consumer's tests for the first of two times",
        "Running the consumer's tests for the second of two times",
    ]


def test_a_file_that_was_there_is_not_taken_for_new(tests: Any, tmp_path: Path) -> None:
    """pact-python's old versions merge into the file that is there, and an old interaction would stay."""
    command = tests("assert not list(pathlib.Path('pacts').glob('*.json')); write('products', id=1)")
    (tmp_path / "pacts").mkdir()
    (tmp_path / "pacts" / "orders-products.json").write_text("old")
    (tmp_path / "pacts" / "by-hand.json").write_text("somebody's")
    first, second = run(command, tmp_path)
    assert [len(first), len(second), told(first, second)] == [1, 1, []]
    assert (tmp_path / "pacts" / "by-hand.json").read_text() == "somebody's"
    assert "orders" in (tmp_path / "pacts" / "orders-products.json").read_text()


def test_a_file_that_is_no_pact_stays_for_the_tests_and_is_told_of_afterwards(tests: Any, tmp_path: Path) -> None:
    (tmp_path / "pacts").mkdir()
    (tmp_path / "pacts" / "package.json").write_text('{"name": "shop"}')
    command = tests("assert pathlib.Path('pacts/package.json').exists(); write('products', id=1)")
    with pytest.raises(InputError, match=r"package\.json is JSON, but no pact"):
        run(command, tmp_path)
    assert (tmp_path / "runs").read_text() == "1"
    assert (tmp_path / "pacts" / "package.json").exists()


def test_a_file_that_only_the_first_run_wrote_is_there_at_the_end(tests: Any, tmp_path: Path) -> None:
    first, second = run(tests("write('products', id=1)\nif n == 1: write('billing', id=2)"), tmp_path)
    assert [each.path for each in first] == ["pacts/orders-billing.json", "pacts/orders-products.json"]
    assert [each.path for each in second] == ["pacts/orders-products.json"]
    assert (tmp_path / "pacts" / "orders-billing.json").exists()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="whoever may write everything is not refused")
def test_a_file_that_cannot_be_moved_away_is_named(tests: Any, tmp_path: Path) -> None:
    (tmp_path / "pacts").mkdir()
    (tmp_path / "pacts" / "mine.json").write_text("mine")
    (tmp_path / "pacts").chmod(0o555)
    with pytest.raises(InputError, match=r"mine\.json cannot be moved away"):
        run(tests(""), tmp_path)


@pytest.mark.parametrize("fails", [1, 2])
def test_a_run_that_fails_says_which_and_shows_its_end(tests: Any, tmp_path: Path, fails: int) -> None:
    command = tests(f"write('products', id=1)\nif n == {fails}: print('no room'); sys.exit(3)")
    (tmp_path / "pacts").mkdir()
    (tmp_path / "pacts" / "mine.json").write_text("mine")
    with pytest.raises(InputError) as caught:
        run(command, tmp_path)
    ordinal = "first" if fails == 1 else "second"
    assert caught.value.cause.startswith(f"The {ordinal} run of the consumer's tests ended with exit code 3.")
    assert "no room" in caught.value.cause
    assert ("The first run passed" in caught.value.next_step) is (fails == 2)
    assert (tmp_path / "pacts" / "mine.json").read_text() == "mine"


def test_a_second_run_that_writes_nothing_has_its_own_sentence(tests: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        run(tests("if n == 1: write('products', id=1)"), tmp_path)
    assert caught.value.cause == (
        "The second run of the consumer's tests wrote no pact file that matches pacts, and the first one did."
    )
    assert "up to date" in caught.value.next_step


def test_tests_that_write_no_pact_are_told(tests: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        run(tests(""), tmp_path)
    assert caught.value.cause.startswith("The tests ran, but wrote no pact file that matches pacts (")
    assert (tmp_path / "runs").read_text() == "1"


def test_what_the_tests_wrote_must_be_pacts(tests: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no JSON"):
        run(tests("pathlib.Path('pacts/x.json').write_text('{')"), tmp_path)


def test_a_command_that_is_none_fails_as_a_run_does(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="ended with exit code 127"):
        run("no-such-command-here", tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="it has no process groups")
def test_a_run_that_hangs_is_ended_with_what_it_started(tests: Any, tmp_path: Path) -> None:
    sleeps = "import subprocess, time\nchild = subprocess.Popen(['sleep', '300'])\n"
    command = tests(sleeps + "pathlib.Path('child').write_text(str(child.pid)); print('waiting', flush=True)\n"
                    "time.sleep(300)")  # fmt: skip
    with pytest.raises(InputError, match=r"did not end within 2 s\.(?s:.*)waiting"):
        run(command, tmp_path, timeout=2)
    child = int((tmp_path / "child").read_text())
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(child)], capture_output=True, text=True, check=False)
    assert state.stdout.strip()[:1] in ("", "Z")


@pytest.mark.skipif(sys.platform == "win32", reason="it has no process groups")
def test_what_a_run_leaves_behind_is_ended_before_the_next(tests: Any, tmp_path: Path) -> None:
    code = "import subprocess\npathlib.Path(f'child{n}').write_text(str(subprocess.Popen(['sleep', '300']).pid))\n"
    run(tests(code + "write('products', id=1)"), tmp_path)
    for number in (1, 2):
        child = (tmp_path / f"child{number}").read_text()
        state = subprocess.run(["ps", "-o", "stat=", "-p", child], capture_output=True, text=True, check=False)
        assert state.stdout.strip()[:1] in ("", "Z")


def test_the_tests_get_no_secrets_of_the_step(tests: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACT_GATE_BROKER_TOKEN", "geheim")
    monkeypatch.setenv("MY_OWN", "kept")
    code = "assert 'geheim' not in os.environ.values(); assert os.environ['MY_OWN'] == 'kept'; write('products', id=1)"
    first, second = run(tests(code), tmp_path)
    assert told(first, second) == []
    assert "PACT_GATE_BROKER_TOKEN" in os.environ

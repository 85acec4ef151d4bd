"""Whatever is asked, an answer is no fault of the broker's, and the file stays sound.

`make test` sends 1,000 requests, the same ones each time; `make fuzz` 20,000 others each time
(`PACT_GATE_REQUESTS=20000`). A counter-example is printed with all requests that led to it: mend it, with a test below.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from fuzz import Request, filled, requests, send, send_raw, wrong_with
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storm import in_process, publication
from storms import served

from pact_gate import embedded
from pact_gate.embedded import contents, soundness

SEARCH = os.environ.get("PACT_GATE_REQUESTS")
TOGETHER = 20  # requests to one broker
COUNT = int(SEARCH or 1000)
SETTINGS = settings(
    max_examples=-(-COUNT // TOGETHER),
    derandomize=SEARCH is None,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=SEARCH is not None,
)


@pytest.fixture(scope="module")
def folder() -> Iterator[pathlib.Path]:
    """In memory where the machine has such a place: a test of answers need not wait for a disk."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as name:
        yield pathlib.Path(name)


@pytest.fixture(scope="module")
def prepared(folder: pathlib.Path) -> tuple[pathlib.Path, dict[str, list[str]]]:
    """A file with some of everything, and the parts of paths in it that nobody can guess, by what they are."""
    path, shas, uuids = folder / "prepared.sqlite3", [], []
    application = embedded.application(path)

    def ask(method: str, target: str, body: Any = None) -> Any:
        status, answer = in_process(application)(method, target, body)
        assert status < 300, (method, target, answer)
        return answer

    made = ask("POST", "/environments", {"name": "test", "displayName": "Test", "production": False})
    for version in range(3):
        ask("POST", "/contracts/publish", publication("consumer", version))
        pact = ask("GET", f"/pacts/provider/provider/consumer/consumer/version/{version}")
        publish = pact["_links"]["pb:publish-verification-results"]["href"].partition("embedded.invalid")[2]
        shas.append(publish.split("/pact-version/")[1].split("/")[0])
        ask("POST", publish, {"success": version != 1, "providerApplicationVersion": "9"})
    ask("PUT", "/pacticipants/provider/branches/main/versions/9", {})
    ask("PUT", "/pacticipants/s%C3%B6me%20%2F%20name/branches/feat%2Fx/versions/v%2F1%20%C3%BC", {})
    ask("PUT", "/pacticipants/provider/labels/team", {})
    where = f"environment/{made['uuid']}"
    for name, version in (("consumer", 2), ("provider", 9)):
        deployed = ask("POST", f"/pacticipants/{name}/versions/{version}/deployed-versions/{where}", {})
        uuids.append(deployed["uuid"])
    released = ask("POST", f"/pacticipants/consumer/versions/1/released-versions/{where}", {})
    uuids.append(released["uuid"])
    hook = {"events": [{"name": "contract_published"}], "request": {"method": "POST", "url": "http://hook.invalid/"}}
    uuids.append(ask("POST", "/webhooks", hook)["_links"]["self"]["href"].rpartition("/")[2])
    wanted = ask("POST", "/pacts/provider/provider/for-verification", {"consumerVersionSelectors": [{"latest": True}]})
    links = [pact["_links"]["self"]["href"] for pact in wanted["_embedded"]["pacts"]]
    metadata = [link.rpartition("/metadata/")[2] for link in links if "/metadata/" in link]
    application.close()
    return path, {"environment": [made["uuid"]], "sha": shas, "metadata": metadata, "uuid": uuids}


def test_no_request_is_answered_by_a_fault(
    folder: pathlib.Path, prepared: tuple[pathlib.Path, dict[str, list[str]]]
) -> None:
    path, places = prepared
    answered: Counter[int] = Counter()
    numbers = count()

    @SETTINGS
    @given(st.lists(requests(), min_size=TOGETHER, max_size=TOGETHER), st.randoms(use_true_random=False))
    def put(asked: list[Request], chance: Any) -> None:
        copy = folder / f"copy-{next(numbers)}.sqlite3"
        shutil.copyfile(path, copy)
        application = embedded.application(copy)
        try:
            for request in asked:
                each = filled(request, places, chance)
                answer = send(application, each)
                assert wrong_with(each, *answer) is None, each
                answered[answer[0]] += 1
        finally:
            application.close()
        assert soundness.check(copy).problems == ()
        for suffix in ("", "-wal", "-shm"):
            pathlib.Path(f"{copy}{suffix}").unlink(missing_ok=True)

    put()
    assert answered.total() >= COUNT
    # The seldom ones are left out: Hypothesis takes constants from what is imported, so that a run of more tests draws
    # other requests.
    for status in (200, 201, 400, 404, 405, 406):
        assert answered[status], f"none of the requests came far enough for {status}: {answered}"
    print(f"{answered.total()} requests: {dict(answered.most_common())}")


def test_no_request_on_the_wire_is_answered_by_a_fault(tmp_path: pathlib.Path, prepared: Any) -> None:
    """A tenth as many to a served broker, which has its server's own ways to stumble; one file for all of them."""
    shutil.copyfile(prepared[0], tmp_path / "broker.sqlite3")
    with served(tmp_path / "broker.sqlite3") as (address, process):
        port = int(address.rpartition(":")[2])

        @settings(SETTINGS, max_examples=-(-COUNT // 10))
        @given(requests(), st.randoms(use_true_random=False))
        def put(request: Request, chance: Any) -> None:
            each = filled(request, prepared[1], chance)
            assert wrong_with(each, *send_raw(port, each)) is None, each

        put()
        assert process.poll() is None
    assert "Traceback" not in (tmp_path / "broker.log").read_text(errors="replace")
    assert soundness.check(tmp_path / "broker.sqlite3").problems == ()


# --- what it has found ----------------------------------------------------------------------------------------


def test_a_number_that_is_too_large_is_no_number(tmp_path: pathlib.Path) -> None:
    """`1e400` is read as infinite, which JSON cannot say: what was kept could not be read again."""
    application = embedded.application(tmp_path / "broker.sqlite3")
    ask = in_process(application)
    pair = "/pacts/provider/p/consumer/c"
    status, pact = ask("PUT", f"{pair}/version/1", {"interactions": [{"description": "a"}]})
    assert status == 201
    results = pact["_links"]["pb:publish-verification-results"]["href"].removeprefix("http://embedded.invalid")
    place = b'{"name": "e", "production": true, "contacts": [{"name": "a", "details": {"n": 1e999}}]}'
    for method, path, body in (
        ("PUT", f"{pair}/version/2", b'{"interactions": [{"description": 1e400}]}'),
        ("POST", results, b'{"success": true, "providerApplicationVersion": "1", "testResults": [-1e400]}'),
        ("POST", "/environments", place),
    ):
        assert ask(method, path, body)[0] == 400, body
    application.close()


def test_a_pact_that_is_a_text_is_shown_as_json(tmp_path: pathlib.Path) -> None:
    """It was sent without quotes: an answer that said it was JSON and was none. An older version kept such pacts."""
    application = embedded.application(tmp_path / "broker.sqlite3")
    ask = in_process(application)
    where = "/pacts/provider/p/consumer/c/version/1"
    assert ask("PUT", where, "a text")[0] == 400
    assert ask("PUT", where, {})[0] == 201
    with sqlite3.connect(tmp_path / "broker.sqlite3") as file:
        file.execute("UPDATE contents SET packed = ?", (contents.packed("a text"),))
    file.close()
    assert ask("GET", where, None) == (200, "a text")
    application.close()

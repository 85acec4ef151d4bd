"""A disk that fills, a file that cannot be written, a folder that is gone: one sentence, and nothing is lost."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from people import as_nobody
from storm import in_process, publication
from storms import HERE, ROOT, SECONDS, kept, noted, served

from pact_gate import embedded
from pact_gate.__main__ import main

MOST = 2_000  # publications; a megabyte is full long before


@pytest.fixture
def read_log(capfd: pytest.CaptureFixture[str]) -> Callable[[], str]:
    return lambda: "".join(capfd.readouterr())


@pytest.fixture
def small_disk(tmp_path: pathlib.Path) -> Iterator[pathlib.Path]:
    """A disk of a megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    if not mounted("-t", "tmpfs", "-o", "size=1m,mode=755", "tmpfs", str(place)):
        pytest.skip("a disk can be mounted by root alone, and not in every container")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def mounted(*words: str) -> bool:
    return (
        bool(shutil.which("mount"))
        and not subprocess.run(["mount", *words], capture_output=True, check=False).returncode
    )


def publish_until_refused(ask: Any, consumer: str = "consumer") -> tuple[set[tuple[str, str]], int, Any]:
    """What was taken, and how the first publication was answered that was not."""
    taken = set()
    for version in range(MOST):
        status, said = ask("POST", "/contracts/publish", publication(consumer, version))
        if status != 200:
            return taken, status, said
        taken.add((consumer, str(version)))
    raise AssertionError("the disk is not full")


def test_a_disk_that_fills_is_told_and_loses_nothing(small_disk) -> None:
    """507 until there is room again; what was answered is there all the while and afterwards."""
    path = small_disk / "broker.sqlite3"
    application = embedded.application(path)
    ask = in_process(application)
    taken, status, said = publish_until_refused(ask)
    assert taken
    assert (status, said) == (
        507,
        {"error": "The disk of the broker is full: free some space, then try again. Nothing was changed."},
    )
    last = max(int(version) for _, version in taken)
    assert ask("GET", f"/pacts/provider/provider/consumer/consumer/version/{last}", None)[0] == 200
    assert ask("GET", f"/pacts/provider/provider/consumer/consumer/version/{last + 1}", None)[0] == 404
    assert mounted("-o", "remount,size=64m", str(small_disk))
    assert ask("POST", "/contracts/publish", publication("consumer", last + 1))[0] == 200
    application.close()
    assert kept(path) == taken | {("consumer", str(last + 1))}


def test_a_broker_that_is_killed_on_a_full_disk_loses_nothing(small_disk) -> None:
    path = small_disk / "broker.sqlite3"
    application = embedded.application(path)
    taken, status, _ = publish_until_refused(in_process(application))
    assert status == 507
    left = small_disk.parent / "left"
    left.mkdir()
    for suffix in ("", "-wal"):
        shutil.copyfile(f"{path}{suffix}", left / f"broker.sqlite3{suffix}")
    application.close()
    assert kept(left / "broker.sqlite3") == taken


def test_no_room_for_a_new_file_or_a_copy_is_one_sentence(small_disk, tmp_path, read_log) -> None:
    path = tmp_path / "broker.sqlite3"
    embedded.application(path).close()
    (small_disk / "filler").write_bytes(b"x" * (900 << 10))
    assert main(["broker", "backup", str(small_disk / "copy"), "--database", str(path)]) == 3
    assert f"{small_disk / 'copy'} is on a disk that is full. Free some space and try again." in one_line(read_log())
    assert main(["broker", "serve", "--database", str(small_disk / "new"), "--port", "0"]) == 3
    assert f"{small_disk / 'new'} is on a disk that is full. Free some space and try again." in one_line(read_log())
    assert [file.name for file in small_disk.iterdir() if file.name.endswith((".part", "copy"))] == []


def test_no_room_for_a_long_body_is_one_sentence(small_disk, tmp_path) -> None:
    """What a server keeps in the temporary folder until it is there in whole."""
    path = tmp_path / "broker.sqlite3"
    with served(path, TMPDIR=str(small_disk)) as (address, _):
        long = publication("consumer", 0) | {"buildUrl": "x" * (2 << 20)}
        status, said = published(address, long)
        assert (status, "The temporary folder of this broker's machine takes no more." in said) == (507, True)
        assert published(address, publication("consumer", 1))[0] == 200
    assert "Traceback" not in path.with_suffix(".log").read_text()
    assert kept(path) == {("consumer", "1")}


def published(address: str, body: Any) -> tuple[int, str]:
    with contextlib.closing(http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=SECONDS)) as to:
        to.request("POST", "/contracts/publish", json.dumps(body), {"Content-Type": "application/json"})
        answer = to.getresponse()
        return answer.status, answer.read().decode()


def one_line(log: str) -> str:
    return " ".join(log.replace("What to do next: ", "").split())


def test_a_limit_of_the_files_size_loses_nothing(tmp_path) -> None:
    """What needs no root: a process that may write no file larger than 600 kB."""
    path, notes = tmp_path / "broker.sqlite3", tmp_path / "notes"
    done = subprocess.run(
        [sys.executable, str(HERE / "storm.py"), str(path), "0", "1", "300", str(notes)],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'scripts'}{os.pathsep}{ROOT}"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000)),
        timeout=SECONDS,
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    answers = noted(notes)
    assert {status for status, _, _ in answers} == {200, 503}
    assert kept(path) == {(consumer, version) for status, consumer, version in answers if status == 200}


def test_a_read_only_mount_is_one_sentence_and_can_still_be_checked_and_copied(small_disk, tmp_path, read_log) -> None:
    path = small_disk / "broker.sqlite3"
    application = embedded.application(path)
    assert in_process(application)("POST", "/contracts/publish", publication("consumer", 0))[0] == 200
    application.close()
    before = path.read_bytes()
    assert mounted("-o", "remount,ro", str(small_disk))
    assert main(["broker", "serve", "--database", str(path), "--port", "0"]) == 2
    assert "cannot be" in (said := read_log())
    assert "Traceback" not in said
    assert main(["broker", "check", str(path)]) == 0
    assert main(["broker", "backup", str(tmp_path / "copy"), "--database", str(path)]) == 0
    assert path.read_bytes() == before
    assert kept(tmp_path / "copy") == {("consumer", "0")}


def test_a_file_without_write_permission_ends_serve_with_a_sentence(tmp_path, read_log) -> None:
    folder = tmp_path / "held"
    folder.mkdir()
    path = folder / "broker.sqlite3"
    embedded.application(path).close()
    with as_nobody(folder):
        assert main(["broker", "serve", "--database", str(path), "--port", "0"]) == 2
    assert f"{path} cannot be" in read_log()


@pytest.mark.parametrize("how", ["gone", "replaced"])
def test_a_file_that_is_gone_or_replaced_while_it_is_served_takes_no_write(tmp_path, how, caplog) -> None:
    """A write to a file that nobody finds any more would be answered and lost."""
    folder, copy = tmp_path / "folder", tmp_path / "copy"
    folder.mkdir()
    path = folder / "broker.sqlite3"
    application = embedded.application(path)
    ask = in_process(application)
    assert ask("POST", "/contracts/publish", publication("consumer", 0))[0] == 200
    assert main(["broker", "backup", str(copy), "--database", str(path)]) == 0
    shutil.rmtree(folder)
    if how == "replaced":
        folder.mkdir()
        copy.rename(path)
    for method, target, body in (
        ("POST", "/contracts/publish", publication("consumer", 1)),
        ("GET", "/pacticipants", None),
    ):
        status, said = ask(method, target, body)
        assert (status, "was moved, replaced" in said["error"]) == (503, True)
    assert caplog.messages == ["the database refused: MovedError ()"] * 2
    application.close()
    assert path.exists() == (how == "replaced"), "no empty one is made in its place"
    if how == "replaced":
        assert kept(path) == {("consumer", "0")}


def test_a_file_that_is_damaged_while_it_is_served_is_told(tmp_path) -> None:
    path = tmp_path / "broker.sqlite3"
    application = embedded.application(path)
    ask = in_process(application)
    for version in range(20):
        assert ask("POST", "/contracts/publish", publication("consumer", version))[0] == 200
    application.close()
    application = embedded.application(path)
    ask = in_process(application)
    content = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(4096 * 2)
        file.write(b"\xa5" * (len(content) - 4096 * 2))
    status, said = ask("GET", "/pacts/provider/provider/consumer/consumer/latest", None)
    assert (status, "restore it from a backup" in said["error"]) == (503, True)
    with contextlib.suppress(Exception):
        application.close()

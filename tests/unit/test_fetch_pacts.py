"""A stranger decides what the artifact holds. Each attack is a row: refused, in words, and nothing is left behind."""

from __future__ import annotations

import io
import json
import re
import stat
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.github.state import Artifact, GitHub, Repository, Run, sha

from pact_gate.commands import fetch_pacts
from pact_gate.model import archive
from pact_gate.model.errors import InputError

HEAD, OTHER = sha("what the stranger wrote"), sha("something else")
TOKEN = "t0ken-of-nobody"
BRANCH = "feat/cart"
MEGABYTE = 1024 * 1024
HOSTILE = (
    "</details><img src=x>|`@everyone`\n::set-output name=head::forged\r##[error]forged\n%0A::warning::\u202ex\x1b[2J"
)


def pact(consumer: str = "orders", provider: str = "products", **more: Any) -> bytes:
    names = {"consumer": {"name": consumer}, "provider": {"name": provider}}
    return json.dumps({**names, "interactions": [], **more}).encode()


def entry(name: str, **fields: Any) -> zipfile.ZipInfo:
    """An entry of an archive: `zipfile` makes a name harmless, unless it is set afterwards."""
    made = zipfile.ZipInfo("x")
    for key, value in {"filename": name, "orig_filename": name, **fields}.items():
        setattr(made, key, value)
    return made


def packed(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two entries of one name are meant
        for name, body in entries:
            kind = zipfile.ZIP_DEFLATED if isinstance(name, str) else name.compress_type
            opened.writestr(entry(name) if isinstance(name, str) else name, body, compress_type=kind)
    return buffer.getvalue()


GOOD = packed(("orders-products.json", pact()))


@dataclass
class Fork:
    """acme/shop, and the run of a pull request from a fork of it, of which an artifact is kept."""

    github: GitHub
    ours: Repository
    run: Run
    payload: dict[str, Any]
    fetch: Callable[..., Any]
    folder: Path
    more: dict[str, str] = field(default_factory=dict)

    def keeps(self, content: bytes, name: str = "pacts", **fields: Any) -> Artifact:
        made = Artifact(name, content, id=self.github.next_id(), **fields)
        self.run.artifacts.append(made)
        return made


@pytest.fixture
def fork(github: GitHub, pact_gate, tmp_path: Path) -> Fork:
    ours = github.repository("acme/shop")
    github.repository("mallory/shop", fork=True, private=False)
    github.token(TOKEN, "acme/shop", actions="read", pull_requests="read")
    workflow = ours.workflow("fork-pacts.yml", "{name: Fork pacts, on: pull_request}")
    ours.pull_request(BRANCH, HEAD, head_repository="mallory/shop")
    whose = {"head_sha": HEAD, "head_branch": BRANCH, "head_repository": "mallory/shop"}
    run = ours.run(workflow, "pull_request", HEAD, **whose)
    told = {"id": run.id, "head_sha": HEAD, "head_branch": BRANCH, "event": "pull_request", "pull_requests": []}
    head = {"full_name": "mallory/shop", "owner": {"login": "mallory"}}
    payload = {"workflow_run": {**told, "head_repository": head}, "repository": {"full_name": "acme/shop"}}
    made = Fork(github, ours, run, payload, lambda *_: None, tmp_path / "pacts")

    def fetch(*words: str, event: str = "workflow_run", **environment: str) -> Any:
        (tmp_path / "event.json").write_text(json.dumps(made.payload), encoding="utf-8")
        runner = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": github.url,
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_RUN_ID": "7",
            "GITHUB_SHA": OTHER,
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            "PACT_GATE_GITHUB_TOKEN": TOKEN,
        }
        return pact_gate("fetch-pacts", "--pacticipant", "orders", *words, **(runner | environment))

    made.fetch = fetch
    return made


def commands(ended: Any) -> set[str]:
    """Name the workflow commands in a log: what a line begins with, and the older kind, anywhere in any other line."""
    lines = ended.text.splitlines()
    new = {f"::{each.lstrip().split('::')[1].partition(' ')[0]}" for each in lines if each.lstrip().startswith("::")}
    return new | {each for each in lines if "##[" in each and not each.startswith("::")}


def live(summary: str) -> set[str]:
    """Name what is more than text in a summary; in code, GitHub makes nothing of a name."""
    html = MarkdownIt("commonmark", {"html": True}).render(summary)
    return {each for each in ("<img", "</details", "@everyone") if each in re.sub("<code>.*?</code>", "", html)}


def refused(fork: Fork, ended: Any, *words: str, code: int = 2) -> None:
    """Say that it ended with a sentence and a next step, that nothing was written, and that what is shown is text."""
    for word in ("Error: ", "What to do next: ", *words):
        assert word in ended.text, ended.text
    assert ended.code == code
    assert "Traceback" not in ended.text
    assert ended.outputs == {}
    assert not fork.folder.exists()
    assert commands(ended) <= {"::add-mask", "::error"}
    assert TOKEN not in ended.text.replace(f"::add-mask::{TOKEN}", "") + ended.summary
    assert live(ended.summary) == set()


# --- what is taken ----------------------------------------------------------------------------------------------


def test_a_forks_pacts_are_taken_under_its_head_and_a_branch_of_its_own(fork) -> None:
    """The files get names of ours, and are what the stranger's tests wrote."""
    bodies = [pact(), pact(provider="stock")]
    fork.keeps(packed(("sub/orders-products.json", bodies[0]), ("sub/", b""), ("ORDERS-stock.json", bodies[1])))
    ended = fork.fetch("--workflow", "fork-pacts.yml")
    assert ended.code == 0, ended.text
    assert ended.outputs == {"pacts": "pacts/*.json", "count": "2", "head": HEAD, "branch": f"mallory:{BRANCH}"}
    assert {path.name: path.read_bytes() for path in fork.folder.iterdir()} == dict(
        zip(("1.json", "2.json"), bodies, strict=True)
    )
    assert "orders with stock" in ended.summary


def test_the_branch_of_a_pull_request_of_this_repository_stays_as_it_is(fork) -> None:
    """Dependabot's: they have no secrets either, and are no fork's."""
    fork.run.head_repository = ""
    fork.ours.pulls[0].head_repository = ""
    fork.keeps(GOOD)
    assert fork.fetch().outputs["branch"] == BRANCH


def test_a_run_may_be_named_by_another_event(fork) -> None:
    fork.keeps(GOOD)
    ended = fork.fetch("--run-id", str(fork.run.id), event="workflow_dispatch")
    assert (ended.code, ended.outputs["head"], ended.outputs["branch"]) == (0, HEAD, f"mallory:{BRANCH}")


def test_an_earlier_job_of_this_run_is_of_this_runs_commit(fork) -> None:
    fork.keeps(GOOD)
    ended = fork.fetch(event="push", GITHUB_RUN_ID=str(fork.run.id))
    assert (ended.code, ended.outputs["head"], ended.outputs["branch"]) == (0, OTHER, "main")


def test_the_newest_artifact_of_a_name_counts(fork) -> None:
    """A run that was started again keeps what its first attempt uploaded as well."""
    newest = pact(provider="stock")
    fork.keeps(GOOD)
    fork.keeps(packed(("x.json", newest)))
    fork.keeps(packed(("y.json", b"no pact")), name="logs")
    fork.run.artifacts.reverse()
    assert fork.fetch().code == 0
    assert (fork.folder / "1.json").read_bytes() == newest


@pytest.mark.parametrize("content", [None, packed()], ids=["no artifact", "an empty one"])
def test_no_pacts_are_refused_unless_there_may_be_none(fork, content) -> None:
    if content:
        fork.keeps(content)
    refused(fork, fork.fetch(), "has no artifact 'pacts'", "on-empty: pass")
    ended = fork.fetch("--on-empty", "pass")
    assert (ended.code, ended.outputs["count"], ended.outputs["head"]) == (0, "0", HEAD)


def test_what_is_in_the_folder_already_is_not_taken_for_the_artifacts(fork) -> None:
    fork.keeps(GOOD)
    fork.folder.mkdir()
    (fork.folder / "billing.json").write_bytes(pact("billing"))
    ended = fork.fetch()
    assert (ended.code, "not an empty folder" in ended.text, fork.github.requests) == (2, True, [])
    assert fork.fetch("--folder", "new/[1]").outputs["pacts"] == "new/[[]1]/*.json"


# --- whose it is ------------------------------------------------------------------------------------------------


def _moved_on(fork: Fork) -> None:
    fork.ours.pulls[0].head_sha = OTHER


def _closed(fork: Fork) -> None:
    fork.ours.pulls[0].state = "closed"


def _other_branch(fork: Fork) -> None:
    fork.ours.pulls[0].head_branch = "another"


WORLDS: Mapping[str, tuple[Callable[[Fork], Any], tuple[str, ...], tuple[str, ...]]] = {
    "a head SHA that was forged in the event": (
        lambda fork: fork.payload["workflow_run"].update(head_sha=OTHER),
        (),
        (f"is of {OTHER}, GitHub says {HEAD}",),
    ),
    "a run of a push, with secrets": (lambda fork: setattr(fork.run, "event", "push"), (), ("one of push",)),
    "a run of pull_request_target": (
        lambda fork: setattr(fork.run, "event", "pull_request_target"),
        (),
        ("one of pull_request_target",),
    ),
    "another workflow's artifact of the same name": (
        lambda fork: None,
        ("--workflow", "release.yml"),
        ("'fork-pacts.yml', not of release.yml",),
    ),
    "a workflow's file with a hostile name": (
        lambda fork: setattr(fork.run.workflow, "path", f".github/workflows/{HOSTILE.replace('/', '')}.yml"),
        ("--workflow", "fork-pacts.yml"),
        ("not of fork-pacts.yml",),
    ),
    "a run of another repository": (lambda fork: None, ("--run-id", "1"), ("acme/shop has no run 1",)),
    "no number of a run": (lambda fork: None, ("--run-id", "1/../2"), ("is no run's id",)),
    "a commit that is no longer the head": (_moved_on, (), ("not the head of an open pull request",)),
    "a pull request that was closed": (_closed, (), ("not the head of an open pull request",)),
    "another pull request's head": (_other_branch, (), ("not the head of an open pull request",)),
    "a fork that was deleted": (lambda fork: setattr(fork.run, "head_repository", None), (), ("is gone",)),
    "an artifact that has expired": (
        lambda fork: fork.keeps(GOOD, expired=True),
        (),
        ("has expired", "run again"),
    ),
    "an artifact that is too large to be downloaded": (
        lambda fork: fork.keeps(b"0" * (archive.MOST_PACKED_BYTES + 1)),
        (),
        ("8,388,609 bytes", "not downloaded"),
    ),
}


@pytest.mark.parametrize(("change", "words", "sentences"), WORLDS.values(), ids=WORLDS)
def test_whose_it_is_says_github_alone(fork, change, words, sentences) -> None:
    fork.keeps(GOOD)
    change(fork)
    refused(fork, fork.fetch(*words), *sentences)
    assert fork.github.asked("GET", "/zip$") == []


def test_an_artifact_of_another_run_is_never_looked_at(fork) -> None:
    """Whoever looks for an artifact by its name alone gets what the latest stranger uploaded."""
    other = fork.ours.run(fork.run.workflow, "pull_request", HEAD)
    other.artifacts.append(Artifact("pacts", GOOD))
    refused(fork, fork.fetch(), f"Run {fork.run.id} has no artifact")


@pytest.mark.parametrize("permission", ["actions", "pull_requests"])
def test_a_permission_that_is_missing_is_named(fork, permission) -> None:
    del fork.github.tokens[TOKEN].permissions["acme/shop"][permission]
    fork.keeps(GOOD)
    refused(fork, fork.fetch(), f"({permission}: read)", code=3)


# --- the archive ------------------------------------------------------------------------------------------------


def lying(content: bytes, size: int) -> bytes:
    """Say in both headers of the only entry that it has another size than it has."""
    found = bytearray(content)
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<L", found, found.rindex(mark) + offset, size)
    return bytes(found)


def overlapping(count: int, kernel: bytes) -> bytes:
    """A bomb without nesting: each entry holds the next entry's header as text, and then what that one holds.

    https://www.bamsoftware.com/hacks/zipbomb/
    """
    packer = zlib.compressobj(9, wbits=-15)
    deflated, body = packer.compress(kernel) + packer.flush(), kernel
    headers: list[tuple[bytes, bytes, bytes]] = []
    for number in reversed(range(count)):
        name = f"{number}.json".encode()
        about = (20, 0, 8, 0, 0, zlib.crc32(body), len(deflated), len(body), len(name), 0)
        header = struct.pack("<4s5H3L2H", b"PK\x03\x04", *about) + name
        headers.append((name, header, struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, *about, 0, 0, 0, 0, 0)))
        quoted = struct.pack("<BHH", 0, len(header), len(header) ^ 0xFFFF) + header
        deflated, body = quoted + deflated, header + body
    first = deflated[5:]  # the outermost header is quoted by none
    table, place = b"", 0
    for name, header, listed in reversed(headers):
        table += listed[:-4] + struct.pack("<L", place) + name
        place += len(header) + 5
    return first + table + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(table), len(first), 0)


ARCHIVES: Mapping[str, tuple[bytes, str]] = {
    "a path out of the folder": (packed(("../../.github/workflows/x.json", pact())), "leads out of its folder"),
    "a path out of the folder, further in": (packed(("a/../../x.json", pact())), "leads out of its folder"),
    "an absolute path": (packed(("/etc/cron.d/x.json", pact())), "no relative path"),
    "a backslash": (packed(("..\\x.json", pact())), "no relative path"),
    "a drive": (packed(("C:x.json", pact())), "no relative path"),
    "a stream of a file": (packed(("x.json:y.json", pact())), "no relative path"),
    "an empty part": (packed(("a//x.json", pact())), "leads out of its folder"),
    "no name": (packed((entry(""), pact())), "leads out of its folder"),
    "a line feed": (packed(("a\nb.json", pact())), "'a\\nb.json', which has invisible characters"),
    "a NUL, behind which it is something else": (packed(("a.sh\0.json", pact())), "names itself in two ways"),
    "a name that reads backwards": (packed(("a\u202enosj.json", pact())), "has invisible characters"),
    "a name that breaks out": (packed((HOSTILE + ".json", pact())), "has invisible characters"),
    "markup without control characters": (packed(("<img src=x>@everyone`|.exe", b"")), "is no JSON file"),
    "a name without an end": (
        packed(("x" * 300 + ".json", pact())),
        "has invisible characters in its name, or too many",
    ),
    "a script": (packed(("x.sh", b"#!/bin/sh")), "is no JSON file"),
    "an archive in the archive": (packed(("x.zip", GOOD)), "is no JSON file"),
    "a link": (packed((entry("x.json", external_attr=(stat.S_IFLNK | 0o777) << 16), b"/etc/passwd")), "no plain file"),
    "a device": (packed((entry("x.json", external_attr=(stat.S_IFCHR | 0o666) << 16), b"")), "no plain file"),
    "a link that is called a folder": (packed((entry("x/", external_attr=stat.S_IFLNK << 16), b"")), "no plain file"),
    "a folder with content": (packed((entry("x/"), pact())), "a folder with content"),
    "a name twice": (packed(("x.json", pact()), ("x.json", pact("billing"))), "'x.json' twice"),
    "names that differ in case": (packed(("x.json", pact()), ("X.json", pact())), "'X.json' twice"),
    "names that differ in how an accent is written": (
        packed(("\u00e9.json", pact()), ("e\u0301.json", pact())),
        "twice",
    ),
    "a method that artifacts do not have": (
        packed((entry("x.json", compress_type=zipfile.ZIP_BZIP2), pact())),
        "packed in a way",
    ),
    "many entries": (packed(*((f"{number}.json", pact()) for number in range(201))), "more than 200 entries"),
    "a giant file": (packed(("x.json", b" " * (4 * MEGABYTE + 1))), "to more than 4 MB"),
    "files that are giants together": (
        packed(*((f"{number}.json", b" " * 4 * MEGABYTE) for number in range(5))),
        "all that it holds to more than 16 MB",
    ),
    "a giant that calls itself small": (lying(packed(("x.json", b" " * 9 * MEGABYTE)), 9), "no zip file"),
    "entries that overlap": (overlapping(150, b" " * MEGABYTE), "The artifact "),
    "the end cut off": (GOOD[:-30], "no zip file"),
    "no archive": (b"<html>", "no zip file"),
    "nothing at all": (b"", "no zip file"),
}


@pytest.mark.parametrize(("content", "sentence"), ARCHIVES.values(), ids=ARCHIVES)
def test_an_archive_that_holds_anything_else_is_refused_whole(fork, content, sentence) -> None:
    fork.keeps(content)
    refused(fork, fork.fetch(), sentence, "None of it was taken")


def test_the_bomb_of_these_tests_is_one(tmp_path) -> None:
    """An unpacker that believes it makes far more of it than it weighs."""
    bomb = overlapping(3, b"x" * 1000)
    with zipfile.ZipFile(io.BytesIO(bomb)) as opened:
        assert [each.file_size for each in opened.infolist()] == [1000 + 2 * 36, 1000 + 36, 1000]
        assert opened.read("2.json") == b"x" * 1000
    assert len(overlapping(150, b" " * MEGABYTE)) < MEGABYTE / 32


@given(st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=4)), max_size=6), st.integers(0, 60))
def test_whatever_the_bytes_are_it_is_an_archive_or_refused(changes, cut) -> None:
    content = bytearray(packed(("a.json", pact()), ("b/c.json", pact())))
    for place, new in changes:
        content[place : place + len(new)] = new
    with suppress(InputError):
        assert all(each.shown.endswith(".json'") for each in archive.unpacked(bytes(content[: len(content) - cut])))


# --- the pacts --------------------------------------------------------------------------------------------------


TWICE = (
    b'{"consumer": {"name": "billing"}, "consumer": {"name": "orders"}, "provider": {"name": "p"}, "interactions": []}'
)
PACTS: Mapping[str, tuple[bytes, str]] = {
    "another team's name": (pact("billing"), "is a pact of 'billing', not of orders"),
    "a name that differs in case": (pact("Orders"), "is a pact of 'Orders', not of orders"),
    "a name that differs in what cannot be seen": (pact("orders\u200b"), "not of orders"),
    "a name that breaks out": (pact(HOSTILE), "not of orders"),
    "one name for one reader, another for the next": (TWICE, "says a key twice"),
    "the same, further in": (
        TWICE.replace(b'"consumer": {"name": "billing"}, ', b"").replace(b"[]", b'[{"a":1,"a":2}]'),
        "says a key twice",
    ),
    "a provider that breaks out": (pact(provider=HOSTILE), "names a provider"),
    "a provider's name without an end": (pact(provider="p" * 300), "names a provider"),
    "no consumer": (b'{"provider": {"name": "p"}, "interactions": []}', "names no consumer"),
    "no pact": (b'{"name": "orders"}', "is JSON, but no pact"),
    "no JSON": (b"<script>", "is no JSON"),
    "nothing": (b"", "is no JSON"),
    "no UTF-8": (b"\xff\xfe", "is not UTF-8"),
    "brackets without an end": (b"[" * 100_000, "nested too deeply"),
    "a number without an end": (pact(x=0).replace(b'"x": 0', b'"x": ' + b"9" * 100_000), "is no JSON"),
    "half a character": (pact(provider="\ud800"), "cannot be written"),
}


@pytest.mark.parametrize(("body", "sentence"), PACTS.values(), ids=PACTS)
def test_a_file_that_is_no_pact_of_an_allowed_consumer_refuses_all(fork, body, sentence) -> None:
    fork.keeps(packed(("a.json", pact()), ("b.json", body)))
    refused(fork, fork.fetch(), "'b.json'", sentence, "Nothing of the artifact was taken")


def test_at_every_depth_a_file_is_read_twice_or_refused() -> None:
    """The look for a key twice goes a little deeper than the one before it; neither ends in a traceback."""
    for depth in range(800, 1100):
        nested = pact(x=0).replace(b'"x": 0', b'"x": ' + b'{"a":' * depth + b"1" + b"}" * depth)
        try:
            fetch_pacts._checked(archive.Entry("x.json", nested), ["orders"])
        except InputError as error:
            assert "nested too deeply" in error.cause  # noqa: PT017 - what is newer than Python 3.11 goes deeper


@pytest.mark.parametrize(
    "branch", ["feat/$(touch${IFS}x)`id`;</details><img/src=x>'\"", "@everyone##[error]x", "%0A::error::x"]
)
def test_a_hostile_branch_is_text_wherever_it_is_shown(fork, branch) -> None:
    """git takes such names. What is handed on is the name itself."""
    fork.run.head_branch = fork.ours.pulls[0].head_branch = fork.payload["workflow_run"]["head_branch"] = branch
    fork.keeps(GOOD)
    ended = fork.fetch()
    assert (ended.code, ended.outputs["branch"]) == (0, f"mallory:{branch}")
    assert commands(ended) == {"::add-mask"}
    assert live(ended.summary) == set()


def test_every_attack_of_the_threat_model_names_tests_that_are_there() -> None:
    root = Path(__file__).parents[2]
    table = [line for line in (root / "docs" / "security.md").read_text("utf-8").splitlines() if line.count("|") == 4]
    named = {each for line in table for each in re.findall(r"`([a-z_]{20,})`", line)}
    files = (Path(__file__), root / "tests" / "workflows" / "test_forks.py")
    there = {each for file in files for each in re.findall(r"^def test_(\w+)", file.read_text("utf-8"), re.MULTILINE)}
    assert named
    assert named - there == set()

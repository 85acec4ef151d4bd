"""Which pacticipants of a repository a change concerns, and what the jobs of the run are told to do for each."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

CONFIG = """
environments: [test, production]
ignore: [legacy]
pacticipants:
  products:
    folder: services/products
    verify:
      setup: make install
      start: "make\\nserve"
      provider-url: http://127.0.0.1:8001
      ready-timeout: 2m
      selectors: [{ mainBranch: true }]
      enable-pending: true
      wip-since: "2026-01-31"
  orders:
    folder: services/orders
    paths: [services/orders, libs]
    pacts: [pacts/*.json, contracts]
    verify: { messages-url: "http://127.0.0.1:8002/messages" }
  web:
    folder: apps/my web
    pacts: ../pacts/**/*.json
    environments: [production]
  tool: { folder: tool }
  billing: { repository: acme/billing }
"""
SHA, OTHER = "a" * 40, "b" * 40
PROVIDER = {
    "name": "products",
    "folder": "services/products",
    "setup": "cd services/products\nmake install",
    "start": "cd services/products\nmake\nserve",
    "provider-url": "http://127.0.0.1:8001",
    "provider-states-url": "",
    "messages-url": "",
    "ready-url": "",
    "ready-timeout": "120",
    "selectors": '[{"mainBranch": true}]',
    "enable-pending": "true",
    "wip-since": "2026-01-31",
    "version": "",
    "pact-url": "",
}
Plan = Callable[..., Any]


def work(provider: str, version: str, url: str = "https://broker.example/pact") -> dict[str, str]:
    return {"consumer": "web", "provider": provider, "provider-version": version, "pact-url": url}


@pytest.fixture
def plan(pact_gate: Callable[..., Any], tmp_path: Path) -> Plan:
    """Push a commit with these files on top of one that has the configuration, and plan what it is about."""

    def git(*words: str) -> str:
        own = ["-c", "user.name=A", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *own, *words], cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(files: dict[str, str]) -> str:
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content)
        git("add", "--all")
        git("commit", "--allow-empty", "--message", "x")
        return git("rev-parse", "HEAD")

    def run(*files: str, words: tuple[str, ...] = (), config: str = CONFIG, event: str = "push") -> Any:
        git("init", "--initial-branch=main")
        before = commit({"pact-gate.yml": config, "ci/shop.yml": config})
        after = commit(dict.fromkeys(files, f"{config}# changed"))
        payload = tmp_path / ".event.json"
        payload.write_text(json.dumps({"before": before, "after": after}))
        return pact_gate("plan", *words, GITHUB_ACTIONS="true", GITHUB_EVENT_NAME=event, GITHUB_EVENT_PATH=str(payload))

    return run


def names(ended: Any, output: str) -> list[str]:
    return [row["name"] for row in json.loads(ended.outputs[output])]


@pytest.mark.parametrize(
    ("files", "consumers", "providers", "asked"),
    [
        (["README.md"], [], [], []),
        (["services/products/app.py"], [], ["products"], ["products"]),
        (["libs/x", "apps/my web/y"], ["orders", "web"], ["orders"], ["orders", "web"]),
        (["tool/x"], [], [], []),
        (["pact-gate.yml"], ["orders", "web"], ["products", "orders"], ["products", "orders", "web"]),
    ],
)
def test_what_changed_is_done_and_nothing_else(plan, files, consumers, providers, asked) -> None:
    """Who has no contracts is concerned, and yet there is no version of it that the gate could be asked about."""
    ended = plan(*files)
    assert (ended.code, names(ended, "consumers"), names(ended, "providers")) == (0, consumers, providers)
    assert ended.outputs["consumer-names"].split() == consumers
    assert ended.outputs["pacticipants"].split() == names(ended, "deployments") == asked
    flags = ("any", "any-consumer", "any-provider")
    expected = [files != ["README.md"], bool(consumers), bool(providers)]
    assert [ended.outputs[name] for name in flags] == [str(flag).lower() for flag in expected]


def test_a_row_holds_what_a_job_needs(plan) -> None:
    """Commands begin in the repository's root and end where the folder is not there; globs are seen from the root."""
    ended = plan("services/products/x", "apps/my web/x")
    assert json.loads(ended.outputs["providers"]) == [PROVIDER]
    assert json.loads(ended.outputs["consumers"]) == [
        {"name": "web", "folder": "apps/my web", "pacts": "apps/pacts/**/*.json"}
    ]
    assert json.loads(ended.outputs["environments"]) == ["test", "production"]
    assert (ended.outputs["ignore"], ended.outputs["repositories"]) == ("legacy", "billing=acme/billing")
    [orders] = json.loads(plan("libs/x").outputs["consumers"])
    assert orders["pacts"] == "services/orders/pacts/*.json\nservices/orders/contracts"


@pytest.mark.parametrize(("folder", "command"), [("my web; x", "cd 'my web; x'\nmake"), (".", "make")])
def test_a_command_runs_in_its_folder_whatever_that_is_called(plan, folder, command) -> None:
    about = {"folder": folder, "verify": {"start": "make", "provider-url": "http://127.0.0.1:1"}}
    ended = plan(words=("--all",), config=json.dumps({"pacticipants": {"web": about}}))
    assert json.loads(ended.outputs["providers"])[0]["start"] == command


def test_only_who_is_deployed_to_an_environment_is_asked_about_there(plan) -> None:
    """It is tested and verified all the same."""
    ended = plan(words=("--all", "--environment", "test"))
    assert ended.outputs["pacticipants"].split() == names(ended, "deployments") == ["products", "orders"]
    assert names(ended, "consumers") == ["orders", "web"]


def test_an_environment_that_the_file_does_not_name_is_no_gate_without_questions(plan) -> None:
    """A typo would leave nobody to ask about, and that would pass."""
    ended = plan("README.md", words=("--environment", "prodcution"))
    assert ended.code == 2
    assert "'prodcution', which pact-gate.yml does not name: it knows test, production" in ended.text


@pytest.mark.parametrize(("words", "event"), [(("--all",), "push"), ((), "workflow_dispatch")])
def test_all_are_taken_where_it_is_said_or_nobody_knows(plan, words, event) -> None:
    """And the reader is told which of the two it was; neither is to be mended."""
    ended = plan("README.md", words=words, event=event)
    assert names(ended, "providers") == ["products", "orders"]
    why = "The input `all` says so." if words else "The event workflow_dispatch does not say which files changed."
    assert f"All 4 pacticipants of this repository are concerned. {why}" in ended.text
    assert "::warning" not in ended.text


def test_in_a_shallow_checkout_all_are_taken_and_the_next_step_is_named(pact_gate, plan, tmp_path, monkeypatch) -> None:
    """As actions/checkout makes it by default."""
    plan("README.md")
    subprocess.run(["git", "clone", "--quiet", "--depth=1", tmp_path.as_uri(), tmp_path / "shallow"], check=True)
    monkeypatch.chdir(tmp_path / "shallow")
    event = {"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(tmp_path / ".event.json")}
    ended = pact_gate("plan", GITHUB_ACTIONS="true", **event)
    assert names(ended, "consumers") == ["orders", "web"]
    assert "What to do next: Give actions/checkout `fetch-depth: 0`." in ended.text
    assert "::warning title=All pacticipants are concerned" in ended.text


def test_what_is_missing_of_providers_that_did_not_change_is_verified_where_they_are(plan) -> None:
    """Once each; not who changed, who lives elsewhere, who was never there, or a version that is no commit."""
    missing = [
        work("products", SHA),
        work("products", SHA) | {"consumer": "orders"},  # the same content
        work("products", OTHER, "https://broker.example/other"),
        work("products", ""),
        work("products", "refs/pull/1/merge"),
        work("orders", SHA),
        work("billing", SHA),
        work("stranger", SHA),
    ]
    ended = plan("services/orders/x", words=("--work", json.dumps(missing)))
    at_this_commit, *elsewhere = json.loads(ended.outputs["providers"])
    assert (at_this_commit["name"], at_this_commit["version"]) == ("orders", "")
    assert elsewhere == [
        PROVIDER | {"version": SHA, "pact-url": "https://broker.example/pact"},
        PROVIDER | {"version": OTHER, "pact-url": "https://broker.example/other"},
    ]
    assert ended.text.count("::warning") == 1
    assert "The version refs/pull/1/merge of products is no commit's full SHA" in ended.text


@pytest.mark.parametrize("text", ["{", "[1]", '[{"provider": "products"}]', "1", "[" * 100_000])
def test_work_that_is_none_is_named(plan, text) -> None:
    ended = plan("README.md", words=(f"--work={text}",))
    assert ended.code == 2
    assert "The input `work` does not hold what actions/trigger-verification gives." in ended.text


def test_more_jobs_than_github_takes_are_refused(plan) -> None:
    """GitHub would refuse the whole run, and say less."""
    about = {f"s{number}": {"folder": f"s{number}", "pacts": "*.json"} for number in range(257)}
    ended = plan("README.md", words=("--all",), config=json.dumps({"pacticipants": about}))
    assert ended.code == 2
    assert "There are 257 consumers, and GitHub takes 256 jobs of one matrix at most." in ended.text


def test_a_file_elsewhere_concerns_all_as_well_when_it_changes(plan) -> None:
    """It is named from the root, as git names it; one of the same name elsewhere is another one."""
    words = ("--config", "./ci/shop.yml")
    assert names(plan("ci/shop.yml", words=words), "consumers") == ["orders", "web"]
    assert names(plan("shop.yml", words=words), "consumers") == []


def test_what_is_wrong_in_the_file_has_its_place(plan) -> None:
    ended = plan(config="pacticipants: {orders: {pact: x}}")
    assert ended.code == 2
    assert "`pacticipants.orders` knows no key `pact`.\n  at pact-gate.yml:1:25" in ended.text


def test_the_summary_says_who_is_concerned_and_why(plan) -> None:
    """In a table that a hostile file name does not break out of."""
    hostile = "libs/a|b`<img src=x>\n::error::x"
    ended = plan(hostile, "services/orders/a", "services/orders/b", "services/products/x")
    assert "2 of 4 pacticipants of this repository are concerned." in ended.summary
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(ended.summary)
    rows = [row.split("<td>")[1:] for row in html.split("<tbody>")[1].split("</tr>")[:-1]]
    cells = [[cell.split("</td>")[0] for cell in row] for row in rows]
    assert [row[:4] for row in cells] == [["products", "no", "yes", "yes"], ["orders", "yes", "yes", "yes"]]
    assert cells[0][4] == "<code>services/products/x</code>"
    assert cells[1][4].endswith("and 2 more files")
    assert "<img" not in html
    assert "\n::error::x" not in ended.text


def test_a_file_without_pacticipants_has_nothing_to_plan(plan) -> None:
    """It may hold what other commands read of it."""
    ended = plan("README.md", config="checks: [{name: e2e, check-run: e2e}]")
    assert ended.code == 2
    assert "pact-gate.yml names no `pacticipants`: there is nothing to plan." in ended.text

"""What the inputs mean, and that each error names the input that it is about."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from pact_gate.__main__ import COMMANDS
from pact_gate.model.errors import InputError
from pact_gate.model.gate import Target, TargetKind
from pact_gate.settings.broker import BrokerSettings, broker_settings, serve_settings
from pact_gate.settings.compare_openapi import compare_settings
from pact_gate.settings.contract_gate import contract_gate_settings
from pact_gate.settings.gate import can_i_deploy_settings, explain_settings, gate_settings
from pact_gate.settings.github import fetch_settings, github_settings
from pact_gate.settings.inputs import Inputs
from pact_gate.settings.known import KNOWN
from pact_gate.settings.lint import lint_settings
from pact_gate.settings.scaffold import scaffold_settings
from pact_gate.settings.trigger import plan_settings, reconcile_settings, requested_settings, trigger_settings
from pact_gate.settings.verify import verify_settings
from pact_gate.settings.versions import create_version_settings, publish_settings, record_settings

ROOT = Path(__file__).parents[2]
ACTIONS = {"gate": ROOT / "action.yml"} | {path.parent.name: path for path in ROOT.glob("actions/*/action.yml")}
SECRET = "s3cret-of-nobody"

READERS: Mapping[str, tuple[Callable[..., Any], ...]] = {
    "gate": (gate_settings, publish_settings),
    "publish": (publish_settings,),
    "verify": (verify_settings,),
    "compare-openapi": (compare_settings,),
    "can-i-deploy": (can_i_deploy_settings,),
    "explain": (explain_settings,),
    "contract-gate": (contract_gate_settings,),
    "trigger-verification": (trigger_settings,),
    "settle-statuses": (github_settings,),
    "requested-versions": (requested_settings,),
    "reconcile": (reconcile_settings,),
    "record-deployment": (record_settings,),
    "create-version": (create_version_settings,),
    "fetch-pacts": (fetch_settings,),
    "scaffold-states": (scaffold_settings,),
    "lint": (lint_settings,),
    "plan": (plan_settings,),
    "broker": (serve_settings,),
}
GATE = {"pacticipant": "orders", "to-environment": "production"}
REQUEST = {"pact-url": "http://127.0.0.1:9292/pact"}
OTHERS = {"environment": "production", "openapi": "openapi.yaml", "framework": "flask"}
VERIFY = {"provider": "products", "provider-url": "http://127.0.0.1:8000"}


def inputs(given: Mapping[str, str] | None = None, **environment: str) -> Inputs:
    return Inputs(given or {}, environment)


def refused(read: Callable[[Inputs], Any], given: Mapping[str, str], **environment: str) -> str:
    with pytest.raises(InputError) as caught:
        read(inputs(given, **environment))
    assert caught.value.next_step
    assert SECRET not in f"{caught.value} {caught.value!r}"
    return caught.value.cause


# --- the action.yml files -------------------------------------------------------------------------------------


def action(command: str) -> dict[str, Any]:
    found = yaml.safe_load(ACTIONS[command].read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def variable(name: str) -> str:
    return "PACT_GATE_" + name.upper().replace("-", "_")


class _Recorded(Inputs):
    """Inputs that remember which of them a command asked for."""

    def __init__(self, given: Mapping[str, str]) -> None:
        super().__init__(given, {})
        self.asked: set[str] = set()

    def text(self, name: str, *, variable: str = "") -> str | None:
        self.asked.add(name)
        return super().text(name, variable=variable)


def test_each_action_has_its_command() -> None:
    assert ACTIONS.keys() == COMMANDS.keys() == KNOWN.keys() == READERS.keys()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_knows_and_reads_the_inputs_of_its_action(command) -> None:
    given = _Recorded(
        GATE
        | VERIFY
        | {
            "pact-url": "http://127.0.0.1:9292/pact",
            "environment": "production",
            "database": "x",
            "openapi": "openapi.yaml",
            "framework": "flask",
            "publish-results": "false",
        }
    )
    for read in READERS[command]:
        read(given)
    if "broker-url" in KNOWN[command]:
        broker_settings(given)
    if "github-token" in KNOWN[command]:
        github_settings(given)
    assert set(action(command)["inputs"]) == KNOWN[command] == given.asked


@pytest.mark.parametrize("command", COMMANDS)
def test_an_action_hands_over_each_input_once_and_puts_nothing_into_its_script(command) -> None:
    (step,) = action(command)["runs"]["steps"]
    assert step["env"] == {variable(name): f"${{{{ inputs.{name} }}}}" for name in action(command)["inputs"]}
    assert "${{" not in step["run"]
    assert step["shell"] == "bash"
    folder = "$GITHUB_ACTION_PATH" if command == "gate" else "$GITHUB_ACTION_PATH/../.."
    words = "broker start" if command == "broker" else command
    assert step["run"] == f'sh "{folder}/scripts/pact-gate" {words}'


@pytest.mark.parametrize("command", COMMANDS)
def test_each_input_is_described_and_has_a_default_or_says_whether_it_is_required(command) -> None:
    for name, each in action(command)["inputs"].items():
        assert each["description"].strip(), name
        assert isinstance(each["required"], bool), name
        assert not (each["required"] and "default" in each), name
        assert isinstance(each.get("default", ""), str), name


@pytest.mark.parametrize("command", COMMANDS)
def test_the_default_of_an_action_is_that_of_the_command(command) -> None:
    """Who calls the command line gets what the action gives: a default in one place alone would differ in the other."""
    about = action(command)["inputs"]
    required = {name: value for name, value in (GATE | VERIFY | REQUEST | OTHERS).items() if name in about}
    defaults = {name: each["default"] for name, each in about.items() if "${{" not in each.get("default", "${{")}
    for read in READERS[command]:
        own = (
            {"on-empty": defaults["on-empty"]} if command == "gate" else {}
        )  # publish has another, which gate overrules
        assert read(inputs(required | own)) == read(inputs(required | defaults))


# --- one reader per kind of value -----------------------------------------------------------------------------

READ = [
    ("text", "  a b \n", "a b"),
    ("text", " ", None),
    ("lines", "a\n\n  b c \r\n", ("a", "b c")),
    ("lines", "", ()),
    ("names", "a, b,,\nc\na", ("a", "b", "c")),
    ("flag", "True", True),
    ("flag", "FALSE", False),
    ("flag", "", False),
    ("number", "90", 90.0),
    ("number", "1.5 m", 90.0),
    ("number", "2h", 7200.0),
    ("number", "", 7.0),
    ("yaml", "[{branch: main}]", [{"branch": "main"}]),
    ("yaml", "", None),
]


@pytest.mark.parametrize(("reader", "value", "expected"), READ)
def test_readers(reader, value, expected) -> None:
    more = (7,) if reader == "number" else ()
    assert getattr(inputs(PACT_GATE_AN_INPUT=value), reader)("an-input", *more) == expected


def test_a_flag_wins_over_the_environment() -> None:
    assert inputs({"an-input": "flag"}, PACT_GATE_AN_INPUT="environment").text("an-input") == "flag"


def test_a_choice_that_is_none_names_the_nearest() -> None:
    assert inputs().choice("an-input", "fail", "pass") == "fail"
    with pytest.raises(InputError) as caught:
        inputs({"an-input": "fial"}).choice("an-input", "fail", "pass")
    assert "Did you mean fail?" in caught.value.next_step


# --- what is refused, by input --------------------------------------------------------------------------------

REFUSED = [
    (broker_settings, "broker-timeout", "soon"),
    (broker_settings, "broker-timeout", "-1"),
    (broker_settings, "broker-timeout", "1 day"),
    (gate_settings, "timeout", "1e3"),
    (gate_settings, "interval", "10 minutes"),
    (gate_settings, "dry-run", "yes"),
    (gate_settings, "to-main-branch", "main"),
    (gate_settings, "on-empty", "warn"),
    (publish_settings, "tag-with-branch", "1"),
    (publish_settings, "on-conflict", "overwrite"),
    (publish_settings, "on-empty", "ignore"),
    (record_settings, "state", "deploy"),
    (record_settings, "create-environment", "maybe"),
    (create_version_settings, "tag-with-branch", "on"),
    (serve_settings, "port", "65536"),
    (serve_settings, "port", "http"),
    (serve_settings, "port", "9" * 5_000),
    (serve_settings, "port", "٣"),
    (verify_settings, "provider-url", "127.0.0.1:8000"),
    (verify_settings, "provider-url", "http://[::1"),
    (verify_settings, "provider-url", "http://a:port"),
    (verify_settings, "provider-url", f"ftp://me:{SECRET}@host"),
    (verify_settings, "provider-url", f"me:{SECRET}@host"),
    (verify_settings, "provider-url", f"ftp://me:x/{SECRET}@host"),
    (verify_settings, "ready-url", "/health"),
    (verify_settings, "ready-timeout", "?"),
    (verify_settings, "provider-states-url", "file:///x"),
    (verify_settings, "messages-url", "x"),
    (verify_settings, "pact-url", "pacts/1.json"),
    (verify_settings, "wip-since", "yesterday"),
    (verify_settings, "wip-since", "2026-13-01"),
    (verify_settings, "selectors", "[{"),
    (verify_settings, "selectors", "- {branch: 2026-13-45}"),
    (verify_settings, "selectors", "[" * 600),
    (verify_settings, "selectors", "- {branch: " + "9" * 5_000 + "}"),
    (verify_settings, "selectors", "!!python/object/apply:os.system [ls]"),
    (verify_settings, "selectors", "main"),
    (verify_settings, "selectors", "[]"),
    (verify_settings, "selectors", "{branch: main}"),
    (verify_settings, "selectors", "[main]"),
    (verify_settings, "selectors", "[{}]"),
    (verify_settings, "selectors", "[{brnch: main}]"),
    (verify_settings, "selectors", "[{branch: 7}]"),
    (verify_settings, "selectors", "[{branch: ''}]"),
    (verify_settings, "selectors", "[{mainBranch: false}]"),
    (verify_settings, "selectors", "[{mainBranch: 1}]"),
    (verify_settings, "selectors", "[{consumer: orders}]"),
    (verify_settings, "selectors", "[{fallbackBranch: main}]"),
    (verify_settings, "selectors", "[{1: 2}]"),
    (verify_settings, "request-headers", f"Authorization {SECRET}"),
    (verify_settings, "request-headers", f"A: b\nX Y: {SECRET}"),
    (verify_settings, "filter-description", "(a"),
    (verify_settings, "filter-state", "a{99999999999999999999}"),
    (verify_settings, "filter-no-state", "none"),
    (verify_settings, "enable-pending", "sure"),
    (verify_settings, "publish-results", "always"),
    (verify_settings, "on-empty", "skip"),
]


@pytest.mark.parametrize(("read", "name", "value"), REFUSED)
def test_an_error_names_its_input(read, name, value) -> None:
    needed = GATE | VERIFY | {"environment": "production", "database": "x"}
    if name == "to-main-branch":
        del needed["to-environment"]
    assert f"`{name}`" in refused(read, needed | {name: value})


@pytest.mark.parametrize(
    ("read", "given", "name"),
    [
        (gate_settings, {"to-environment": "production"}, "pacticipant"),
        (record_settings, {"environment": "production"}, "pacticipant"),
        (record_settings, {"pacticipant": "orders"}, "environment"),
        (create_version_settings, {}, "pacticipant"),
        (verify_settings, {"provider-url": "http://127.0.0.1:1"}, "provider"),
        (verify_settings, {"provider": "products"}, "provider-url"),
    ],
)
def test_what_is_missing_is_named(read, given, name) -> None:
    assert f"`{name}`" in refused(read, given)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"pact-url": "http://h/p", "pacts": "a.json"}, "Both `pact-url` and `pacts`"),
        ({"filter-state": "x", "publish-results": "true"}, "filtered verification cannot be published"),
        ({"pacts": "a.json", "publish-results": "true"}, "local pact files cannot be published"),
    ],
)
def test_what_does_not_go_together(given, sentence) -> None:
    assert sentence in refused(verify_settings, VERIFY | given)


# --- the broker -----------------------------------------------------------------------------------------------


def test_both_conventions_of_variables() -> None:
    ours = broker_settings(inputs(PACT_GATE_BROKER_URL="https://a", PACT_GATE_BROKER_TOKEN=SECRET))
    pacts = broker_settings(inputs(PACT_BROKER_BASE_URL="https://a", PACT_BROKER_TOKEN=SECRET))
    assert ours == pacts == BrokerSettings("https://a", SECRET)
    basic = inputs(PACT_BROKER_BASE_URL="https://a", PACT_BROKER_USERNAME="me", PACT_BROKER_PASSWORD=SECRET)
    assert broker_settings(basic) == BrokerSettings("https://a", None, "me", SECRET)
    both = inputs(PACT_GATE_BROKER_URL="https://ours", PACT_BROKER_BASE_URL="https://pacts")
    assert broker_settings(both).broker_url == "https://ours"


def test_secrets_are_in_no_repr() -> None:
    assert SECRET not in repr(BrokerSettings(broker_token=SECRET, broker_password=SECRET))
    assert SECRET not in repr(verify_settings(inputs(VERIFY | {"request-headers": f"Authorization: {SECRET}"})))
    assert BrokerSettings(broker_token="a", broker_password="b").secrets == ("a", "b")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://broker.example/pact/", "https://broker.example/pact"),
        ("HTTP://127.0.0.1:9292", "HTTP://127.0.0.1:9292"),
        ("https://[::1]:9292", "https://[::1]:9292"),
        ("sqlite:/home/me@work/broker.sqlite3", "sqlite:/home/me@work/broker.sqlite3"),
        ("git:pact@broker", "git:pact@broker"),
        ("git:git@github.com:o/r.git#pact", "git:git@github.com:o/r.git#pact"),
        ("git:ssh://git@github.com/o/r.git#pact", "git:ssh://git@github.com/o/r.git#pact"),
        ("git:https://github.com/o/r.git#a@b", "git:https://github.com/o/r.git#a@b"),
    ],
)
def test_an_address_of_a_broker(given, kept) -> None:
    assert broker_settings(inputs({"broker-url": given})).broker_url == kept


@pytest.mark.parametrize(
    "url",
    [
        "broker.example",
        "ftp://broker.example",
        "file:///tmp/x",
        "https://",
        "https://[::1",
        "https://broker.example:port",
        "https://broker.example:99999",
        f"https://broker.example?token={SECRET}"[:25],
        "https://broker.example#pacts",
        "https://broker.example/a b",
        "https://broker.example\nX: y",
        "sqlite:",
        "git:",
    ],
)
def test_an_address_that_is_none(url) -> None:
    assert "`broker-url`" in refused(broker_settings, {"broker-url": url})


@pytest.mark.parametrize(
    "url",
    [
        f"https://me:{SECRET}@broker.example",
        f"https://{SECRET}@broker.example",
        f"https://me:a/{SECRET}@broker.example",
        f"https://me:a#{SECRET}@broker.example",
        f"ftp://me:{SECRET}@broker.example",
        f"me:{SECRET}@broker.example",
        f"git:https://me:{SECRET}@github.com/o/r.git#pact",
        f"git:https://{SECRET}@github.com/o/r.git#pact",
        f"git:ssh://me:{SECRET}@github.com/o/r.git#pact",
    ],
)
def test_credentials_in_an_address_are_refused_and_not_shown(url) -> None:
    assert "holds a user name or a password" in refused(broker_settings, {"broker-url": url})


def test_a_token_and_a_user_name_are_one_too_many() -> None:
    given = {"broker-token": SECRET, "broker-username": "me"}
    assert "Both a token and a username" in refused(broker_settings, given)


@pytest.mark.parametrize("token", [f"{SECRET}\n{SECRET}", f"Bearer {SECRET}", f"{SECRET}€", f"{SECRET}\x00"])
def test_a_token_that_no_header_takes_is_refused_and_not_shown(token) -> None:
    assert "`broker-token`" in refused(broker_settings, {"broker-token": token})


# --- the gate's question --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "target"),
    [
        ({"to-environment": "production"}, Target(TargetKind.ENVIRONMENT, "production")),
        ({"to-branch": "main"}, Target(TargetKind.BRANCH, "main")),
        ({"to-tag": "prod", "to-main-branch": "false"}, Target(TargetKind.TAG, "prod")),
        ({"to-main-branch": "true"}, Target(TargetKind.MAIN_BRANCH, "")),
    ],
)
def test_the_target(given, target) -> None:
    assert gate_settings(inputs({"pacticipant": "orders"} | given)).target == target


@pytest.mark.parametrize(
    "given", [{}, {"to-tag": "a", "to-branch": "b"}, {"to-environment": "a", "to-main-branch": "true"}]
)
def test_one_target_and_no_more(given) -> None:
    assert "target is given" in refused(gate_settings, {"pacticipant": "orders"} | given)


@pytest.mark.parametrize(
    ("line", "pair"),
    [
        ("orders", ("orders", None)),
        ("orders@1.2", ("orders", "1.2")),
        ("@shop/orders", ("@shop/orders", None)),
        ("@shop/orders@1.2", ("@shop/orders", "1.2")),
        ("Order Service@a@b", ("Order Service@a", "b")),
    ],
)
def test_a_pacticipant_and_its_version(line, pair) -> None:
    assert gate_settings(inputs(GATE | {"pacticipant": f"\n {line} \n"})).pacticipants == (pair,)


def test_selectors_by_default_leave_out_nothing_that_counts() -> None:
    chosen = verify_settings(inputs(VERIFY)).selectors
    assert [set(each) for each in chosen] == [{"mainBranch"}, {"matchingBranch"}, {"deployedOrReleased"}]


def test_an_unknown_selector_key_names_the_nearest() -> None:
    given = VERIFY | {"selectors": "[{deployedOrRelease: true}]"}
    assert "did you mean deployedOrReleased?" in refused(verify_settings, given)


# --- the command line -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["can-i-deploy", "--pacticipant", "a", "--to-enviroment", "production"], "Did you mean --to-environment?"),
        (["publish", "--pact", "x"], "Did you mean --pacts?"),
        (["publish", "-pacts", "x"], "Did you mean --pacts?"),
        (["publish", "pacts/*.json"], "knows no input 'pacts/*.json'"),
        (["can-i-deploy", "--pacts", "x"], "knows no input '--pacts'"),
        (["can-i-deploy", "--", "x"], "knows no input '--'"),
        (["broker", "serve", "again"], "knows no input 'again'"),
        (["broker", "--database", "x", "serve"], "knows no input 'serve'"),
        (["broker", "dance", "--database", "x"], "There is no command 'broker dance'"),
        (["can-i-deply"], "Did you mean can-i-deploy?"),
    ],
)
def test_a_typo_on_the_command_line_is_no_input_that_is_not_given(pact_gate, words, sentence) -> None:
    ended = pact_gate(*words)
    assert sentence in ended.text
    assert ended.code == 2


def test_an_input_is_given_once_unless_it_is_a_list(pact_gate) -> None:
    twice = pact_gate("publish", "--broker-url", "sqlite:a", "--broker-url", "sqlite:b")
    assert (twice.code, "--broker-url is given twice" in twice.text) == (2, True)
    listed = pact_gate("publish", "--pacts", "a", "--pacts=b", "--pacts", "c", "--version", "1")
    assert "No pact file matches a, b, c in" in listed.text


def test_run_as_a_module_it_does_its_work() -> None:
    """It would end with 0, the exit code of a yes, if it did nothing."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts")}
    words = [sys.executable, "-m", "pact_gate", "can-i-deploy"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, "`pacticipant`" in done.stdout) == (2, True)


@pytest.mark.parametrize("words", [[], ["help"], ["--help"], ["-h"]])
def test_help_names_the_commands(pact_gate, words) -> None:
    ended = pact_gate(*words)
    assert ended.code == 0
    assert all(re.search(rf"^  {command} ", ended.text, re.MULTILINE) for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_describes_each_input_as_the_action_does(pact_gate, command) -> None:
    ended = pact_gate(command, "--help")
    assert ended.code == 0
    flowing = " ".join(ended.text.split())
    assert action(command)["description"] in flowing
    for name, about in action(command)["inputs"].items():
        said = "(required) " if about["required"] else f"(default: {about['default']}) " if "default" in about else ""
        assert f"--{name} {said}{about['description'].strip()}" in flowing
    assert pact_gate("help", command).text == pact_gate(command, "-h").text == ended.text


def test_help_for_a_command_that_there_is_not(pact_gate) -> None:
    ended = pact_gate("verfy", "--help")
    assert (ended.code, "Did you mean verify?" in ended.text) == (2, True)


def test_the_value_of_an_input_asks_for_no_help(pact_gate) -> None:
    """It would end with 0, the exit code of a yes."""
    assert pact_gate("can-i-deploy", "--pacticipant", "help").code == 2


def test_the_values_of_secret_headers_are_masked() -> None:
    headers = "Authorization: Bearer abc\nX-Api-Key: def\nAccept: text/plain"
    given = {"provider": "products", "provider-url": "http://127.0.0.1:1", "request-headers": headers}
    assert verify_settings(Inputs(given, {})).secrets == ("Bearer abc", "abc", "def")


def test_a_person_gets_a_port_to_remember() -> None:
    assert serve_settings(inputs()).port == 9292
    assert serve_settings(inputs(), default_port="0").port == 0

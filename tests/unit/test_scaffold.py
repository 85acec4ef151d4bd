"""`scaffold-states`: whoever can publish a pact chooses names, and they stay names in every language."""

from __future__ import annotations

import ast
import asyncio
import importlib.util
import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pact_gate.commands import publish, scaffold_states
from pact_gate.model.errors import InputError
from pact_gate.model.outcome import Outcome
from pact_gate.model.provider_states import Asking, State
from pact_gate.report.summary import summary
from pact_gate.scaffold import literals
from pact_gate.scaffold.files import FRAMEWORKS, without_handler
from pact_gate.scaffold.stubs import Parameter, Stub, stubs
from pact_gate.settings.inputs import Inputs

BREAKING_OUT = [
    '"',
    "'",
    '"""',
    "'''",
    "\\",
    'x\\"',
    "x\\",
    "é\\",
    "a\nb",
    "a\r\nb",
    "\x00\x07\x1b[31m\x7f\x85",
    "\u2028\u2029\u202e\ufeff",
    "*/ int x; /*",
    "// x",
    "# x",
    "${process.exit(7)}",
    "`",
    "</script>",
    "\\u0022",
    "\\\\u0022",
    "\\u005c\\u0022); //",
    "\\N{DASH} \\x41 \\101",
    "{x} %s {{}} {0}",
    '"); import os; os.system("touch owned") #',
    '", () => require("fs").writeFileSync("owned", "")], ["',
    '", null); Runtime.getRuntime().exec("touch owned"); states.put("',
    "😀 größer 日本語 ﬁ",
    "__proto__",
    "constructor",
    "__import__('os')",
    "x" * 10_000,
]
WORDS = ["class", "def", "async", "int", "states", "request", "names", "123", "1", "to string", "x", "X", "x!", "state"]
NAMES = sorted({*BREAKING_OUT, *WORDS})
STUBS = [Stub(name, (Parameter(name[:80], ("str",), required=True),), (name,)) for name in NAMES]


def written(framework: str, tmp_path: Path, stub: list[Stub] = STUBS, package: str = "") -> Path:
    path = tmp_path / FRAMEWORKS[framework].file
    path.write_text(FRAMEWORKS[framework].write(stub, path.stem, package), encoding="utf-8")
    return path


# --- literals


@given(some.text())
def test_a_literal_of_python_is_the_text(text: str) -> None:
    if not any("\ud800" <= each <= "\udfff" for each in text):
        literal = literals.python(text)
        assert ast.literal_eval(literal) == text
        assert literal.splitlines() == [literal]


JAVA = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "'": "'", "\\": "\\"}


def read_java(source: str) -> str:
    """Read a string literal by Java's grammar: Unicode escapes first, wherever they stand, and then the literal."""
    assert source.isascii()
    units, at = [], 0
    while at < len(source):
        if source[at] == "\\" and source[at + 1 : at + 2] == "u":
            units.append(int(source[at + 2 : at + 6], 16))
            at += 6
        elif source[at] == "\\":  # the next one begins no Unicode escape, whatever it is
            units += [ord(source[at]), ord(source[at + 1])]
            at += 2
        else:
            units.append(ord(source[at]))
            at += 1
    text = [chr(each) for each in units]
    assert text.pop(0) == '"'
    assert text.pop() == '"'
    found = []
    while text:
        char = text.pop(0)
        assert char not in '"\r\n'
        if char != "\\":
            found.append(char)
        elif text[0] in "01234567":
            found.append(chr(int("".join(text.pop(0) for _ in range(3)), 8)))
        else:
            found.append(JAVA[text.pop(0)])
    return "".join(found).encode("utf-16-be", "surrogatepass").decode("utf-16-be")


@given(some.text(some.characters(exclude_categories=["Cs"])))
def test_a_literal_of_java_is_the_text(text: str) -> None:
    assert read_java(literals.java(text)) == text


@pytest.mark.parametrize("name", BREAKING_OUT)
def test_no_name_leaves_its_line(name: str) -> None:
    for each in FRAMEWORKS.values():
        assert len(each.literal(name).splitlines()) == 1


@pytest.mark.parametrize("camel", [True, False])
def test_identifiers_are_plain_and_differ(camel: bool) -> None:
    found = list(literals.identifiers(NAMES, ["states"], camel=camel))
    assert len(set(found)) == len(NAMES)
    for each in found:
        assert each.isascii()
        assert each.isidentifier()
        assert each not in {"states", "class", "async", "int", "def"}


def test_many_names_of_one_stem_take_no_longer_than_others() -> None:
    started = time.process_time()
    found = list(
        literals.identifiers([f"a state {'!' * number}" for number in range(20_000)], ["a_state_3"], camel=False)
    )
    assert time.process_time() - started < 5  # all numbers anew for each would be some 20 s
    assert (found[0], found[1], found[2], found[-1]) == ("a_state", "a_state_2", "a_state_4", "a_state_20001")


@pytest.mark.parametrize("name", ["a-b", "class", "typeof", "é", "__debug__", "", "x" * 61, "a b", "1"])
def test_what_is_no_identifier_in_each_language_is_none(name: str) -> None:
    assert not literals.is_plain(name)


# --- run for real


def module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def fastapi(found: Any) -> Any:
    app = pytest.importorskip("fastapi").FastAPI()
    found.add_provider_states(app)

    def ask(method: str, body: bytes) -> tuple[int, bytes]:
        scope = {"type": "http", "method": method, "path": "/_pact/provider_states", "headers": [], "query_string": b""}
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(app(scope, receive, send))
        return sent[0]["status"], sent[1]["body"]

    return ask


def flask(found: Any) -> Any:
    app = pytest.importorskip("flask").Flask("products")
    app.register_blueprint(found.provider_states)

    def ask(method: str, body: bytes) -> tuple[int, bytes]:
        answer = app.test_client().open("/_pact/provider_states", method=method, data=body)
        return answer.status_code, answer.data

    return ask


def django(found: Any) -> Any:
    pytest.importorskip("django")
    from django.conf import settings  # noqa: PLC0415
    from django.test import RequestFactory  # noqa: PLC0415

    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"], USE_TZ=True)

    def ask(method: str, body: bytes) -> tuple[int, bytes]:
        asked = RequestFactory().generic(method, "/_pact/provider_states", body, content_type="application/json")
        answer = found.provider_states(asked)
        return answer.status_code, answer.content

    return ask


@pytest.mark.parametrize("start", [fastapi, flask, django])
@pytest.mark.filterwarnings("default")
def test_in_python_each_state_is_one_function_that_is_not_written_yet(
    start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(start.__name__)
    monkeypatch.chdir(tmp_path)
    path = written(start.__name__, tmp_path)
    ask = start(module(path))
    assert json.loads(ask("GET", b"")[1]) == {"states": NAMES}
    for stub in STUBS:
        body = {"state": stub.name, "params": {stub.parameters[0].name: "x"}}
        status, answer = ask("POST", json.dumps(body).encode())
        assert (status, "NotImplementedError: this state is not written yet" in answer.decode()) == (424, True), answer
    assert ask("POST", b'{"state": "none"}')[0] == 404
    assert not (tmp_path / "owned").exists()


EXPRESS = """
const routes = {};
const keep = (method) => (path, handler) => { routes[method] = handler; };
const router = { use() {}, get: keep("get"), post: keep("post") };
module.exports = { Router: () => router, json: () => null };
globalThis.routes = routes;
"""
ASK = """
require(process.argv[1]);
const ask = (handler, body) => new Promise((resolve) => {
  let code = 200;
  const response = { status(given) { code = given; return this; }, json(value) { resolve([code, value]); } };
  handler({ body }, response);
});
(async () => {
  const [, { states }] = await ask(routes.get);
  const answers = [];
  for (const state of states) answers.push(await ask(routes.post, { state, action: "setup", params: {} }));
  const others = [];
  for (const body of [{ state: "" }, { state: "none" }, undefined]) others.push(await ask(routes.post, body));
  console.log(JSON.stringify({ states, answers, others }));
})();
"""


def test_in_express_each_state_is_one_function_that_is_not_written_yet(tmp_path: Path) -> None:
    """By Node.js itself; what stands in for Express only keeps the handlers."""
    if shutil.which("node") is None:
        pytest.skip("node is not there")
    path = written("express", tmp_path)
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "express.js").write_text(EXPRESS)
    ran = subprocess.run(
        ["node", "-e", ASK, "--", str(path)], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["states"] == NAMES
    assert {code for code, _ in found["answers"]} == {424}
    assert all(answer["error"].endswith("Error: this state is not written yet") for _, answer in found["answers"])
    assert [code for code, _ in found["others"]] == [200, 404, 200]
    assert not (tmp_path / "owned").exists()


SPRING = {
    "context/annotation/Profile": "public @interface Profile { String value(); }",
    "web/bind/annotation/RestController": "public @interface RestController {}",
    "web/bind/annotation/RequestBody": "public @interface RequestBody {}",
    "web/bind/annotation/GetMapping": "public @interface GetMapping { String value(); }",
    "web/bind/annotation/PostMapping": "public @interface PostMapping { String value(); }",
    "http/ResponseEntity": """
        public class ResponseEntity<T> {
            public final int code; public final T body;
            ResponseEntity(int code, T body) { this.code = code; this.body = body; }
            public static <T> ResponseEntity<T> ok(T body) { return new ResponseEntity<>(200, body); }
            public static Builder status(int code) { return new Builder(code); }
            public static class Builder {
                final int code;
                Builder(int code) { this.code = code; }
                public <T> ResponseEntity<T> body(T body) { return new ResponseEntity<>(code, body); }
            }
        }""",
}
MAIN = """
package com.acme;
public class Main {
    public static void main(String[] arguments) throws Exception {
        ProviderStates states = new ProviderStates();
        for (Object name : (Iterable<?>) states.names().get("states")) {
            var answer = states.change(java.util.Map.of("state", name, "params", java.util.Map.of()));
            byte[] bytes = ((String) name).getBytes("UTF-16BE");
            System.out.println(answer.code + " " + java.util.HexFormat.of().formatHex(bytes));
        }
        System.out.println(states.change(java.util.Map.of("state", "none")).code);
        System.out.println(states.change(java.util.Map.of("state", "")).code);
    }
}
"""


def test_in_spring_each_state_is_one_method_that_is_not_written_yet(tmp_path: Path) -> None:
    """By the Java compiler itself, with Spring's annotations as declarations alone."""
    if shutil.which("javac") is None:
        pytest.skip("javac is not there")
    written("spring", tmp_path, package="com.acme")
    (tmp_path / "Main.java").write_text(MAIN)
    for name, source in SPRING.items():
        folder, _, _ = name.rpartition("/")
        file = tmp_path / "org/springframework" / f"{name}.java"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"package org.springframework.{folder.replace('/', '.')};\n{source}")
    sources = [str(each) for each in tmp_path.rglob("*.java")]
    for command in (
        ["javac", "-encoding", "US-ASCII", "-Xlint:all", "-d", "out", *sources],
        ["java", "-cp", "out", "com.acme.Main"],
    ):
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
        assert ran.returncode == 0, ran.stderr
    *each, unknown, empty = ran.stdout.splitlines()
    assert [line.split(" ")[0] for line in each] == ["424"] * len(NAMES)
    assert [bytes.fromhex(line.partition(" ")[2]).decode("utf-16-be") for line in each] == NAMES
    assert (unknown, empty) == ("404", "200")
    assert not (tmp_path / "owned").exists()


# --- what a handler takes


def test_parameters_are_those_of_all_uses_with_their_types() -> None:
    asked = [
        Asking("one", (State("a", '{"id":1,"name":"x"}'),)),
        Asking("two", (State("a", '{"id":1.5}'), State("b")), values=frozenset({"id"})),
        Asking("three", (State("a", '{"id":null,"tags":[1]}'),)),
    ]
    found = stubs(asked)
    assert found == [
        Stub(
            "a",
            (
                Parameter("id", ("NoneType", "float", "int"), required=True),
                Parameter("name", ("str",), required=False),
                Parameter("tags", ("list",), required=False),
            ),
            ("id",),
        ),
        Stub("b", (), ("id",)),
    ]
    text = FRAMEWORKS["flask"].write(found, "", "")
    assert "def a(id: float | None, name: str | None = None, tags: list | None = None) -> dict[str, object]:" in text
    assert "def b() -> dict[str, object]:\n    # A request takes these from what is returned: id\n" in text


def test_a_name_that_no_compiler_takes_is_left_out() -> None:
    assert stubs([Asking("x", (State("x" * 10_001),))]) == []


# --- the command


def run(tmp_path: Path, *states: str, step: Any, **inputs: str) -> Outcome:
    document = {
        "consumer": {"name": "orders"},
        "provider": {"name": "products"},
        "interactions": [{"description": f"{state}?", "providerState": state} for state in states],
    }
    (tmp_path / "pact.json").write_text(json.dumps(document))
    given = {"provider": "products", "framework": "flask", "pacts": "pact.json"} | inputs
    return scaffold_states.run(Inputs(given, {}), step)


@pytest.fixture
def step(local: Any, tmp_path: Path) -> Any:
    return local.step(tmp_path)


def test_a_file_is_written_once_and_compared_from_then_on(tmp_path: Path, step: Any) -> None:
    first = run(tmp_path, "a", "it's there", step=step)
    assert (first.exit_code, first.outputs["result"], first.outputs["states"]) == (0, "written", "2")
    file = tmp_path / "provider_states.py"
    before = file.read_text()
    assert run(tmp_path, "a", "it's there", step=step).outputs["result"] == "complete"
    lacking = run(tmp_path, "a", "b\n::error::x", step=step)
    assert (lacking.exit_code, lacking.outputs["result"]) == (1, "missing")
    assert json.loads(lacking.outputs["missing"]) == ["b\n::error::x"]
    assert "b↵::error::x" in summary(lacking)
    assert file.read_text() == before
    assert run(tmp_path, "b", step=step, force="true").outputs["result"] == "written"
    assert '"it\'s there"' not in file.read_text()


@pytest.mark.parametrize("text", ['"it\'s \\"there\\""', "'it\\'s \"there\"'", '`it\'s "there"`'])
def test_a_name_may_stand_in_any_of_the_usual_quotes(text: str) -> None:
    stub = Stub('it\'s "there"')
    assert without_handler([stub], f"x({text})", FRAMEWORKS["express"]) == []
    assert without_handler([stub], 'x(it\'s "there")', FRAMEWORKS["express"]) == ['it\'s "there"']


def test_the_broker_may_say_which_pacts_there_are(tmp_path: Path, step: Any, write_pact: Any) -> None:
    path = write_pact("orders", "products")
    pact = json.loads(path.read_text())
    pact["interactions"][0]["providerState"] = "there is one"
    path.write_text(json.dumps(pact))
    inputs = {"pacticipant": "orders", "pacts": "pacts/*.json", "version": "1", "branch": "main"}
    publish.run(Inputs(inputs, {}), step)
    found = run(tmp_path, step=step, pacts="", selectors="[{branch: main}]", framework="express")
    assert found.outputs["states"] == "1"
    assert '["there is one", thereIsOne],' in (tmp_path / "provider-states.js").read_text()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"provider": "nobody"}, "There is no pact with nobody"),
        ({"framework": "rails"}, "`framework` is 'rails'"),
        ({"framework": ""}, "`framework` is missing"),
        ({"framework": "spring", "package": "com.acme; import x"}, "`package` is"),
        ({"framework": "spring", "file": "provider-states.java"}, "is not named as a class of Java can be"),
        ({"file": "pact.json/x.py"}, "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_a_wrong_input(tmp_path: Path, step: Any, given: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        run(tmp_path, "a", step=step, **given)


def test_pacts_without_states_need_no_file(tmp_path: Path, step: Any) -> None:
    found = run(tmp_path, step=step)
    assert (found.exit_code, found.outputs["result"]) == (0, "none")
    assert not (tmp_path / "provider_states.py").exists()

"""`actions/lint` from its inputs to its reports: levels, what is accepted and why, the baseline, bad files."""

from __future__ import annotations

import json
import os
import re
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pact_gate.__main__ import main
from pact_gate.config import SCHEMA, load
from pact_gate.lint.accept import fits
from pact_gate.model.errors import InputError, Place
from pact_gate.model.finding import RULES, Finding, Ignore, Level, LintResult, Suppressed
from pact_gate.model.outcome import LintOutcome
from pact_gate.report.annotations import annotations
from pact_gate.report.findings import as_json, sarif
from pact_gate.report.summary import BUDGET, summary
from pact_gate.report.text import text

ROOT = Path(__file__).parents[2]


def pact(*interactions: dict[str, Any], consumer: str = "orders", version: str = "4.0") -> str:
    document = {
        "consumer": {"name": consumer},
        "provider": {"name": "products"},
        "interactions": interactions,
        "metadata": {"pactSpecification": {"version": version}},
    }
    return json.dumps(document, indent=1)


def product(name: str = "Widget Pro", *comments: str, **more: Any) -> dict[str, Any]:
    """An interaction with an exact name in line 14 or so."""
    return {
        "type": "Synchronous/HTTP",
        "description": "a request for a product",
        "request": {"method": "GET", "path": "/products"},
        "response": {"status": 200, "body": {"content": {"name": name}, "contentType": "application/json"}},
        **({"comments": {"text": list(comments)}} if comments else {}),
        **more,
    }


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run the command in a folder that has these files, and give its exit code, what it wrote, and the JSON."""
    monkeypatch.chdir(tmp_path)
    for name in [each for each in os.environ if each.startswith(("PACT_", "GITHUB_"))]:
        monkeypatch.delenv(name)

    def run(files: dict[str, str | bytes], *flags: str) -> tuple[int, str, Any]:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        code = main(["lint", "--json", "out.json", *flags])
        facts = json.loads((tmp_path / "out.json").read_text("utf-8")) if (tmp_path / "out.json").exists() else None
        return code, capsys.readouterr().out, facts

    return run


def test_a_finding_is_told_with_its_place_and_decides_by_its_level(run) -> None:
    files = {"pacts/a.json": pact(product())}
    code, said, facts = run(files)
    assert code == 0, "a warning fails nothing by default"
    (found,) = facts["findings"]
    assert (found["rule"], found["level"], found["path"], found["index"]) == (
        "exact-value",
        "warning",
        "pacts/a.json",
        0,
    )
    line = files["pacts/a.json"].splitlines()[found["line"] - 1]
    assert line[found["column"] - 1 :] == '"Widget Pro"'
    assert f"pacts/a.json:{found['line']}:{found['column']}: warning [exact-value]" in said
    assert "1 warning in 1 pact file." in said.splitlines()[0]
    assert [run(files, "--fail-on", level)[0] for level in ("error", "warning", "note", "never")] == [0, 1, 1, 0]


def test_nothing_found_and_nothing_there(run) -> None:
    code, said, facts = run({"pacts/a.json": pact()})
    assert (code, facts["findings"], facts["files"]) == (0, [], 1)
    assert "Nothing was found in 1 pact file." in said
    code, said, _ = run({}, "--pacts", "nowhere/*.json")
    assert (code, "No pact file matches nowhere/*.json" in said) == (2, True)


def test_levels_and_accepted_findings_of_pact_gate_yml(run) -> None:
    files = {"pacts/a.json": pact(product()), "pact-gate.yml": "lint: {rules: {exact-value: error}}"}
    assert run(files)[0] == 1
    files["pact-gate.yml"] = "lint: {rules: {exact-value: off}}"
    assert run(files)[2]["findings"] == []
    files["pact-gate.yml"] = (
        "lint:\n ignore:\n"
        "  - {rule: exact-value, provider: prod*, where: '$.response.body.*.name', reason: It is frozen.}\n"
        "  - {rule: secret, reason: There was one.}\n"
    )
    code, said, facts = run(files, "--fail-on", "note")
    assert (code, facts["findings"]) == (0, [])
    assert [(each["rule"], each["reason"], each["inSource"]) for each in facts["suppressed"]] == [
        ("exact-value", "It is frozen.", False)
    ]
    assert [(each["path"], each["line"], each["column"]) for each in facts["doubts"]] == [("pact-gate.yml", 4, 5)]
    assert "fits no finding any more" in said
    assert run({**files, "other.yml": "lint: {rules: {exact-value: error}}"}, "--config", "other.yml")[0] == 1
    assert run(files, "--config", "none.yml")[0] == 2


@pytest.mark.parametrize(
    ("content", "place", "why"),
    [
        ("lint: {rules: {exact-valeu: off}}", (1, 16), "Did you mean `exact-value`?"),
        ("lint:\n rules:\n  secret: loud", (3, 11), "`lint.rules.secret` is `loud`."),
        ("lint:\n ignore:\n  - {rule: secret}", (3, 5), "has no `reason`"),
        ("lint:\n ignore:\n  - {rule: secret, reason: ''}", (3, 28), "is no name"),
        ("lint: {reads: {products: /etc/passwd}}", (1, 26), "is no path within the repository"),
        ("lint: {}", (1, 7), "is empty"),
        ("lint: [a]", (1, 7), "it must be a mapping"),
    ],
)
def test_a_mistake_in_pact_gate_yml_has_its_place(run, content: str, place: tuple[int, int], why: str) -> None:
    code, said, _ = run({"pacts/a.json": pact(), "pact-gate.yml": content})
    assert code == 2
    assert f"pact-gate.yml:{place[0]}:{place[1]}" in said
    assert why in said


def test_the_schema_knows_every_rule_and_level() -> None:
    rules = SCHEMA["$defs"]["rules"]["properties"]
    assert {name: (each["default"], each["description"]) for name, each in rules.items()} == {
        name: (str(level), sentence) for name, (level, sentence) in RULES.items()
    }
    assert SCHEMA["$defs"]["ignored"]["properties"]["rule"]["enum"] == list(RULES)
    assert SCHEMA["$defs"]["level"]["enum"] == [str(level) for level in Level]


def test_what_the_consumer_reads(run) -> None:
    files = {
        "pacts/a.json": pact(product()),
        "pact-gate.yml": "lint: {rules: {exact-value: off}, reads: {products: schemas/p.json}}",
        "schemas/p.json": '{"properties": {"id": {}}}',
    }
    assert [(each["rule"], each["where"]) for each in run(files)[2]["findings"]] == [
        ("unread-field", "$.response.body.content.name")
    ]
    code, said, _ = run({**files, "schemas/p.json": "{"})
    assert (code, "schemas/p.json is no JSON Schema" in said) == (2, True)
    (Path("schemas") / "p.json").unlink()
    assert main(["lint"]) == 2


@pytest.mark.parametrize(
    ("comment", "counts"),
    [
        ("pact-gate: ignore exact-value: it is the only one", True),
        ("pact-gate: ignore exact-value $.response.body.content.name: it is the only one", True),
        ("pact-gate: ignore exact-value $.response.*: it is the only one", True),
        ("pact-gate: ignore exact-value $.response.body.content.title: it is the only one", False),
        ("pact-gate: ignore secret: it is the only one", False),
        ("pact-gate: ignore exact-value", False),
        ("pact-gate: ignore exact-value:", False),
        ("pact-gate: ignore everything: it is the only one", False),
        ("pact-gate: do not look here", False),
    ],
)
def test_a_comment_of_the_interaction_suppresses_with_a_reason(run, comment: str, counts: bool) -> None:
    code, _, facts = run({"pacts/a.json": pact(product("Widget Pro", "for people", comment))}, "--fail-on", "note")
    assert (code, bool(facts["suppressed"]), bool(facts["doubts"])) == (int(not counts), counts, not counts)
    if counts:
        assert facts["suppressed"][0]["reason"] == "it is the only one"
        assert facts["suppressed"][0]["inSource"]
    else:
        assert facts["doubts"][0]["path"] == "pacts/a.json"
        assert facts["doubts"][0]["line"] > 10


def test_all_that_fit_a_finding_are_of_use(run) -> None:
    comments = [f"pact-gate: ignore exact-value{where}: it is the only one" for where in ("", " $.response.*")]
    entries = "".join(f"  - {{rule: exact-value, {part}: '*', reason: r}}\n" for part in ("consumer", "provider"))
    files = {"pacts/a.json": pact(product("Widget Pro", *comments)), "pact-gate.yml": f"lint:\n ignore:\n{entries}"}
    _, _, facts = run(files)
    assert (facts["findings"], len(facts["suppressed"]), facts["doubts"]) == ([], 1, [])


def test_a_baseline_lets_only_new_findings_count(run) -> None:
    files = {"pacts/a.json": pact(product(), product(description="another", request={"path": "/another"}))}
    flags = ("--fail-on", "warning", "--baseline", "lint.json")
    code, said, facts = run(files, *flags, "--update-baseline")
    assert (code, facts["findings"], len(facts["known"])) == (0, [], 2)
    assert "Commit lint.json" in said
    baseline = Path("lint.json").read_text("utf-8")
    assert "Widget" not in baseline
    assert run(files, *flags)[0] == 0
    moved = product("Another Name", description="another", request={"path": "/another"})
    code, said, facts = run(
        {"pacts/a.json": pact(product(description="a third", request={"path": "/third"}), moved, product())}, *flags
    )
    assert (code, len(facts["known"]), [each["interaction"] for each in facts["findings"]]) == (1, 2, ["a third"])
    assert "Known by the baseline: 2" in said
    for wrong in ("", "[]", '{"version": 2, "findings": {}}', "[" * 9_999):
        code, said, _ = run({"lint.json": wrong}, *flags)
        assert (code, "lint.json is no baseline" in said) == (2, True)
    assert run({}, "--update-baseline")[0] == 2


def test_a_bad_file_is_told_and_the_others_are_read(run, tmp_path) -> None:
    (tmp_path / "pacts").mkdir()
    with (tmp_path / "pacts" / "huge.json").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    files = {
        "pacts/a.json": pact(product()),
        "pacts/deep.json": b'{"interactions":' * 10_000,
        "pacts/nan.json": b'{"a": NaN}',
        "pacts/utf.json": b'{"a": "\xff"}',
    }
    code, said, facts = run(files)
    assert (code, facts["files"], len(facts["findings"])) == (2, 1, 1)
    assert {each["path"] for each in facts["unreadable"]} == {
        f"pacts/{name}.json" for name in ("huge", "deep", "nan", "utf")
    }
    assert said.splitlines()[0] == "4 files cannot be read; 1 warning in 1 pact file."
    for each in facts["unreadable"]:
        assert each["cause"].startswith(f"The file {each['path']} ")


def test_fix_mends_the_file_and_a_second_run_finds_nothing(run) -> None:
    accepted = "lint: {ignore: [{rule: exact-value, interaction: kept, reason: It is the only one.}]}"
    files = {
        "pacts/a.json": pact(product(), product(description="kept", request={"path": "/x"})),
        "pact-gate.yml": accepted,
    }
    code, said, facts = run(files, "--fix", "--fail-on", "note")
    assert (code, facts["findings"], [each["rule"] for each in facts["fixed"]]) == (0, [], ["exact-value"])
    assert "Mended in the files: 1" in said
    mended = json.loads(Path("pacts/a.json").read_text("utf-8"))["interactions"]
    assert mended[0]["response"]["matchingRules"]["body"] == {
        "$.name": {"combine": "AND", "matchers": [{"match": "type"}]}
    }
    assert "matchingRules" not in mended[1]["response"], "what somebody accepted stays"
    assert run({}, "--fix")[2]["fixed"] == []


def test_twice_finds_what_changes_between_runs(run) -> None:
    write = "import os, pathlib as p; p.Path('pacts/a.json').write_text(p.Path('pact.txt').read_text() % os.getpid())"
    files = {"pact.txt": pact(product("Run 0 %d")), "write.py": write, "pacts/a.json": "{}"}
    code, _, facts = run(files, "--twice", f"{sys.executable} write.py")
    found = {(each["rule"], each["where"], each["level"]) for each in facts["findings"]}
    assert (code, found) == (
        1,
        {
            ("changes-between-runs", "$.response.body.content.name", "error"),
            ("exact-value", "$.response.body.content.name", "warning"),
        },
    )
    quiet = {**files, "pact-gate.yml": "lint: {rules: {changes-between-runs: off}}"}
    assert run(quiet, "--twice", f"{sys.executable} write.py")[0] == 0
    assert run(files, "--twice", "exit 3")[0] == 2


WRITES = """
import json, pathlib
count = pathlib.Path("count"); first = not count.exists(); count.touch()
pact = json.loads(pathlib.Path("pact.txt").read_text())
gone, both = pact["interactions"]
both["response"]["body"]["content"]["id"] = 1 if first else 2
pact["interactions"] = [gone, both] if first else [both]
pathlib.Path("pacts/a.json").write_text(json.dumps(pact, indent=1))
"""


def test_what_each_of_two_runs_wrote_is_told_at_its_place(run) -> None:
    """Of one file: what only the first run wrote, and what differs in what both did."""
    comment = "pact-gate: ignore exact-value $.response.body.content.name: it is the only one"
    gone = product(description="gone", request={"path": "/gone"}, response={"status": 204})
    files = {
        "pact.txt": pact(gone, product("Widget Pro", comment)),
        "write.py": WRITES,
        "pacts/.keep": "",
    }
    _, _, facts = run(files, "--twice", f"{sys.executable} write.py")
    found = [each for each in facts["findings"] if each["rule"] == "changes-between-runs"]
    assert {(each["interaction"], each["index"], each["where"]) for each in found} == {
        ("gone", 0, "$"),
        ("a request for a product", 0, "$.response.body.content.id"),
    }
    (changed,) = [each for each in found if each["where"] != "$"]
    assert '"id": 2' in Path("pacts/a.json").read_text("utf-8").splitlines()[changed["line"] - 1]
    assert facts["doubts"] == []


def test_many_files_are_looked_at_by_all_processors_alike(run) -> None:
    """The findings come in the files' order, whoever looked at which."""
    files = {f"pacts/{number:03}.json": pact(product()) for number in range(120)}
    code, _, facts = run({**files, "pacts/060.json": "{"})
    assert (code, facts["files"], [each["path"] for each in facts["unreadable"]]) == (2, 119, ["pacts/060.json"])
    assert [each["path"] for each in facts["findings"]] == sorted(files.keys() - {"pacts/060.json"})


def test_help_names_the_inputs(capsys) -> None:
    assert main(["lint", "--help"]) == 0
    assert "--update-baseline" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("pattern", "text_", "fits_"),
    [("a*c", "abc", True), ("a*c", "ac", True), ("ab*bc", "abc", False), ("*", "x", True), ("a", "ab", False),
     ("*b*", "abc", True), ("$.a[*].b", "$.a[0].b", True), ("a*b*c", "acb", False)],
)  # fmt: skip
def test_a_star_is_any_other_text(pattern: str, text_: str, fits_: bool) -> None:
    assert fits(Ignore("secret", "r", where=pattern), finding(where=text_)) is fits_


# --- reports ------------------------------------------------------------------------------------------------


def finding(name: str = "n", **more: Any) -> Finding:
    about = {"rule": "secret", "level": Level.ERROR, "path": name, "line": 3, "column": 7, "consumer": name}
    rest = {"provider": name, "interaction": name, "index": 0, "where": name, "message": name, "instead": name}
    return Finding(**{**about, **rest, "fingerprint": "f:1", **more})


def result(name: str) -> LintResult:
    return LintResult(
        files=2,
        interactions=3,
        findings=(
            finding(name),
            finding(name, rule="exact-value", level=Level.NOTE, index=None, line=None, column=None),
        ),
        known=(finding(name),),
        suppressed=(Suppressed(finding(name), name, in_source=True),),
        fixed=(finding(name),),
        unreadable=(InputError(name, name, places=(Place(name, 1),)),),
        doubts=(Place(name, 1, 2, name),),
    )


def closed(*required: str, **properties: Any) -> dict[str, Any]:
    """The schema of an object that has these properties and no others."""
    return {"type": "object", "required": list(required), "additionalProperties": False, "properties": properties}


def several(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


# What the standard says of the parts in use (SARIF 2.1.0, sections 3.13 to 3.58): nothing else may stand there.
STRING = {"type": "string"}
TEXT = closed("text", text=STRING)
POSITIVE = {"type": "integer", "minimum": 1}
PHYSICAL = closed(
    artifactLocation=closed(uri={"type": "string", "pattern": "^[!-~]*$"}, uriBaseId={"const": "%SRCROOT%"}),
    region=closed(startLine=POSITIVE, startColumn=POSITIVE),
)
LEVEL = {"enum": ["none", "note", "warning", "error"]}
RULE = closed(
    "id",
    id=STRING,
    name=STRING,
    shortDescription=TEXT,
    help=TEXT,
    helpUri=STRING,
    defaultConfiguration=closed(level=LEVEL),
)
DRIVER = closed(
    "name", name=STRING, version=STRING, informationUri=STRING, rules={**several(RULE), "uniqueItems": True}
)
NOTIFICATION = closed("message", level=LEVEL, message=TEXT, locations=several(closed(physicalLocation=PHYSICAL)))
RESULT = closed(
    "message",
    ruleId={"enum": list(RULES)},
    ruleIndex={"type": "integer", "minimum": 0, "maximum": len(RULES) - 1},
    level=LEVEL,
    message=TEXT,
    baselineState={"enum": ["new", "unchanged", "updated", "absent"]},
    partialFingerprints={"type": "object", "additionalProperties": STRING},
    suppressions=several(closed("kind", kind={"enum": ["inSource", "external"]}, justification=STRING)),
    locations=several(
        closed(physicalLocation=PHYSICAL, logicalLocations=several(closed(fullyQualifiedName=STRING, kind=STRING)))
    ),
)
RUN = closed(
    "tool",
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    tool=closed("driver", driver=DRIVER),
    invocations=several(
        closed(
            "executionSuccessful",
            executionSuccessful={"type": "boolean"},
            toolExecutionNotifications=several(NOTIFICATION),
        )
    ),
    results=several(RESULT),
)
SARIF = closed(
    "version",
    "runs",
    version={"const": "2.1.0"},
    runs=several(RUN),
    **{"$schema": {"type": "string", "format": "uri"}},
)


def test_sarif_is_what_the_standard_says() -> None:
    for name in ("pacts/a b.json", "\ud800\x00\n::error::"):
        log = sarif(result(name))
        Draft202012Validator(SARIF).validate(log)
        json.dumps(log).encode()
        (one,) = log["runs"]
        assert all(one["tool"]["driver"]["rules"][each["ruleIndex"]]["id"] == each["ruleId"] for each in one["results"])
        assert not one["invocations"][0]["executionSuccessful"]
    assert [each.get("baselineState") for each in one["results"]] == ["new", "new", "unchanged", None]
    assert sarif(result("pacts/a b.json"))["runs"][0]["results"][0]["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "pacts/a%20b.json", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3, "startColumn": 7},
    }
    assert "baselineState" not in json.dumps(sarif(LintResult(findings=(finding(),))))


def test_sarif_and_json_are_written(run) -> None:
    run({"pacts/a.json": pact(product())}, "--sarif", "out/lint.sarif")
    log = json.loads(Path("out/lint.sarif").read_text("utf-8"))
    Draft202012Validator(SARIF).validate(log)
    assert len(log["runs"][0]["results"]) == 1


def test_annotations_stand_at_the_place_and_are_as_many_as_are_shown() -> None:
    found = [finding(path="pacts/a.json", message=f"m{number}") for number in range(40)]
    shown = annotations(LintOutcome("h", lint=LintResult(findings=tuple(found))))
    assert len(shown) == 10
    assert (shown[0].level, shown[0].path, shown[0].line, shown[0].column) == ("error", "pacts/a.json", 3, 7)
    assert shown[0].title == "pact-gate lint: secret"
    assert "31 more errors" in shown[-1].message


def test_a_summary_of_many_findings_fits() -> None:
    many = tuple(finding("x" * 500, rule=rule) for rule in RULES for _ in range(500))
    whole = LintOutcome("h", lint=LintResult(findings=many))
    assert len(summary(whole).encode()) <= BUDGET
    assert "more finding" in summary(whole)
    assert len(text(whole).splitlines()) < 1_100


HOSTILE = runpy.run_path(str(Path(__file__).with_name("test_report_hostile.py")))


@pytest.mark.parametrize("name", HOSTILE["HOSTILE"], ids=lambda name: ascii(name[:20]))
def test_names_of_others_stay_names(name: str) -> None:
    outcome = LintOutcome("h", lint=result(name))
    plain = LintOutcome("h", lint=result("plain"))
    kinds = [[token.type for token in HOSTILE["GITHUB"].parse(summary(each))] for each in (outcome, plain)]
    assert kinds[0] == kinds[1], "the page is built as one about harmless names"
    assert not re.search(r"(?m)^\s*::|##\[", text(outcome))
    for each in annotations(outcome):
        assert not re.search("[\x00-\x08\x1b\ud800]", each.message)
    json.dumps(sarif(outcome.lint), ensure_ascii=False).encode()
    assert json.dumps(as_json(outcome.lint)).isascii()


def test_lint_alone_makes_a_pact_gate_yml(tmp_path) -> None:
    path = tmp_path / "pact-gate.yml"
    path.write_text("lint: {rules: {secret: note}}")
    assert load(path).lint.levels == {"secret": Level.NOTE}
    assert load(path).pacticipants == ()

"""`pact-gate.yml`: what it says, that each mistake is told with its place and a way out, and whom a change concerns."""

from __future__ import annotations

import dataclasses
import json
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pact_gate.config import SCHEMA, Config, Pacticipant, changed, load, shape, tree
from pact_gate.github.changes import changed_files
from pact_gate.model import selectors
from pact_gate.model.errors import InputError
from pact_gate.model.others import OtherCheck, Uncovered
from pact_gate.report.annotations import error_annotations
from pact_gate.report.summary import error_summary
from pact_gate.report.text import error_text
from pact_gate.settings.known import KNOWN
from pact_gate.settings.verify import VerifySettings

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "pact-gate.yml"
SCHEMA_FILE = ROOT / "scripts" / "pact_gate" / "config" / "pact-gate.schema.json"


@pytest.fixture
def read(tmp_path):
    """Load a file that says this."""

    def read(content: str | bytes) -> Config:
        path = tmp_path / "pact-gate.yml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load(path)

    return read


@pytest.fixture
def refused(read):
    """Say how a file is refused."""

    def refused(content: str | bytes) -> InputError:
        with pytest.raises(InputError) as caught:
            read(content)
        assert caught.value.exit_code == 2
        return caught.value

    return refused


# --- what it says ---------------------------------------------------------------------------------------------


def test_the_example_says_what_stands_in_it() -> None:
    config = load(EXAMPLE)
    assert (config.file, config.environments) == ("pact-gate.yml", ("test", "production"))
    assert config.ignore == ("legacy-thing",)
    orders, products, web, billing = config.pacticipants
    assert orders == Pacticipant(
        "orders",
        folder="services/orders",
        paths=("services/orders", "libs/shared"),
        pacts=("pacts/*.json",),
        setup="make install",
        verify=VerifySettings(
            provider="orders", start="make serve", messages_url="http://127.0.0.1:8001/messages", ready_timeout=60
        ),
        environments=("test", "production"),
    )
    assert products.paths == ("services/products",), "without `paths` it is the folder"
    assert products.pacts == (), "it is no consumer"
    assert products.verify == VerifySettings(
        provider="products",
        provider_url="http://127.0.0.1:8000",
        start="make serve",
        provider_states_url="http://127.0.0.1:8000/provider-states",
        ready_url="http://127.0.0.1:8000/health",
        ready_timeout=120,
        selectors=({"mainBranch": True}, {"matchingBranch": True}, {"deployedOrReleased": True}),
        enable_pending=True,
    )
    assert (web.verify, web.environments) == (None, ("production",))
    assert (billing.repository, billing.workflow, billing.paths) == ("acme/billing", "contract-requested.yml", ())


def test_the_example_names_the_teams_own_checks() -> None:
    smoke, end_to_end = load(EXAMPLE).checks
    assert smoke == OtherCheck("Smoke tests", (Uncovered.NETWORK,), environment="test")
    assert end_to_end == OtherCheck("End to end", (Uncovered.BUSINESS_RULES, Uncovered.AUTHORISATION), check_run="e2e")


def test_checks_need_no_pacticipants(read) -> None:
    assert read("checks: [{name: a, check-run: b}]").checks == (OtherCheck("a", check_run="b"),)


def test_a_file_needs_only_a_name(read) -> None:
    """One service at the root, without pacts: everything has a default."""
    config = read("pacticipants: {shop: {}}")
    assert config == Config("pact-gate.yml", (Pacticipant("shop", paths=(".",)),))


def test_text_is_text_as_editors_read_it(read) -> None:
    """YAML 1.2: neither `on`, nor a date, nor a name of digits and dots is anything but text."""
    verify = "{provider-url: 'http://[::1]:80/x?y', wip-since: 2026-01-31, ready-timeout: 1.5, enable-pending: TRUE}"
    config = read(f"\ufeffenvironments: [on, yes]\npacticipants: {{on: {{verify: {verify}}}, 1.2.3: {{}}, 5: {{}}}}")
    assert config.environments == ("on", "yes")
    assert [each.name for each in config.pacticipants] == ["on", "1.2.3", "5"]
    settings = config.pacticipants[0].verify
    assert settings is not None
    assert (settings.wip_since, settings.ready_timeout) == ("2026-01-31", 1.5)
    assert settings.enable_pending


def test_aliases_save_repetition(read) -> None:
    one, other = read(
        "pacticipants:\n a: {verify: &v {provider-url: 'http://localhost:1'}}\n b: {verify: *v}"
    ).pacticipants
    assert [each.verify.provider_url for each in (one, other)] == ["http://localhost:1"] * 2


def test_paths_are_kept_as_git_writes_them(read) -> None:
    (only,) = read(
        "pacticipants: {a: {folder: ./services//a/, paths: [./x/, y/../z], pacts: ../../pacts}}"
    ).pacticipants
    assert (only.folder, only.paths, only.pacts) == ("services/a", ("x", "z"), ("../../pacts",))


# --- what is wrong with it ------------------------------------------------------------------------------------

IN_ORDERS = "pacticipants:\n  orders:\n    "
IN_VERIFY = f"{IN_ORDERS}verify:\n      provider-url: http://localhost:8000\n      "
NOT_A_PATH = "no path within the repository"

WRONG: dict[str, tuple[str | bytes, int, int, str, str]] = {
    "nothing": ("", 1, 1, "is empty", "Name your pacticipants"),
    "a comment": ("# nothing\n", 1, 1, "is empty", "Name your pacticipants"),
    "null": ("~", 1, 1, "The file is empty; it must be a mapping", "value"),
    "a list": ("- orders", 1, 1, "The file is a list; it must be a mapping", "indentation"),
    "a check without a name": ("checks: [{check-run: e2e}]", 1, 10, "has no `name`", "Add `name`"),
    "a check of nothing": ("checks:\n  - {name: e2e}", 2, 5, "must say where its result is", "Name the check run"),
    "a check in two places": (
        "checks: [{name: a, check-run: b, environment: c}]",
        *(1, 10, "in one of two ways", "or the GitHub environment"),
    ),
    "a check of what contracts cover": (
        "checks: [{name: a, check-run: b, covers: [shape]}]",
        *(1, 43, "is `shape`", 'Write "performance" or "authorisation"'),
    ),
    "no keys": ("{}", 1, 1, "The file is empty", "Add to it"),
    "none": ("pacticipants: {}", 1, 15, "`pacticipants` is empty", "Add to it"),
    "no YAML": ("a: b: c", 1, 5, "no YAML: mapping values are not allowed here", "colon"),
    "a tab": ("pacticipants:\n\ta: {}", 2, 1, "cannot start any token", "no tabs"),
    "a star": (f"{IN_ORDERS}pacts: *.json", 3, 13, "no YAML", "* in front, into quotes"),
    "an alias of nothing": (f"{IN_ORDERS}pacts: *none", 3, 12, "undefined alias 'none'", "quotes"),
    "two documents": ("a: 1\n---\nb: 2", 2, 1, "another document", "Mind"),
    "no UTF-8": (b"a: 1\nb: \xff", 2, 4, "not UTF-8", "Save it as UTF-8"),
    "a control character": ("a: 1\nbc: \a", 2, 5, "character that YAML does not allow", "Take it out"),
    "a key twice": ("pacticipants:\n  a: {}\n  b: {}\n  a: {}", 4, 3, "twice, first in line 2, column 3", "Keep one"),
    "a list as a key": ("[a]: 1\npacticipants: {a: {}}", 1, 1, "A key must be a name", "Write the keys out"),
    "a merge key": ("pacticipants:\n  a: &a {}\n  b:\n    <<: *a", 4, 5, "lists and << are none", "Write the keys out"),
    "a tag": ("pacticipants:\n  a: {folder: !env HOME}", 2, 15, "The tag `!env`", "Take it out"),
    "a mistyped key": (f"{IN_ORDERS}pathes: [x]", 3, 5, "`pacticipants.orders` knows no key `pathes`", "mean `paths`?"),
    "an unknown key": (
        "colour: {}\npacticipants: {a: {}}",
        1,
        1,
        "The file knows no key `colour`",
        "`environments`, `ignore`",
    ),
    "the version of tomorrow": ("version: 2\npacticipants: {a: {}}", 1, 10, "`version` is `2`", "Write 1."),
    "a number as text": (f"{IN_ORDERS}folder: 5", 3, 13, "is a number; it must be text", 'quotes: "5"'),
    "a number in a list": (f"{IN_ORDERS}paths: [a, 5]", 3, 16, "Item 2 of `pacticipants.orders.paths`", 'quotes: "5"'),
    "no value": (f"{IN_ORDERS}verify:\n", 3, 12, "`pacticipants.orders.verify` is empty", "leave the key out"),
    "text for a mapping": (IN_ORDERS + "x", 3, 5, "`pacticipants.orders` is text; it must be a mapping", "indentation"),
    "text for a list": ("environments: test\npacticipants: {a: {}}", 1, 15, "must be a list", '["test", "production"]'),
    "an empty list": (f"{IN_ORDERS}paths: []", 3, 12, "`pacticipants.orders.paths` is empty", "leave the key out"),
    "an environment twice": ("environments: [a, a]\npacticipants: {b: {}}", 1, 19, "names `a` twice", "once"),
    "an environment with a space": (
        "environments: [a b]\npacticipants: {b: {}}",
        1,
        16,
        "no environment's name",
        "spaces",
    ),
    "a mistyped environment": (
        f"environments: [test, production]\n{IN_ORDERS}environments: [prod]",
        *(4, 20, "names `prod`, which is none of the file's", "Did you mean `production`?"),
    ),
    "an unknown environment": (f"{IN_ORDERS}environments: [qa]", 3, 20, "names `qa`", "Add it to the file's"),
    "an absolute path": (f"{IN_ORDERS}paths: [/etc]", 3, 13, NOT_A_PATH, "relative"),
    "Windows' path": (f"{IN_ORDERS}folder: C:/shop", 3, 13, NOT_A_PATH, "relative"),
    "a backslash": (f"{IN_ORDERS}folder: a\\b", 3, 13, NOT_A_PATH, "with /"),
    "an exclusion": (f'{IN_ORDERS}paths: ["!docs"]', 3, 13, NOT_A_PATH, "nothing is excluded"),
    "stars in a name": (f'{IN_ORDERS}paths: "**.ts"', 3, 12, NOT_A_PATH, "stands alone between slashes"),
    "a blank path": (f'{IN_ORDERS}paths: " "', 3, 12, NOT_A_PATH, "relative"),
    "a path and a newline": (f'{IN_ORDERS}folder: "a\\n"', 3, 13, NOT_A_PATH, "relative"),
    "a path that leaves": (f"{IN_ORDERS}paths: a/../../b", 3, 12, "`pacticipants.orders.paths` leads out", "its root"),
    "a folder that leaves": (f"{IN_ORDERS}folder: ..", 3, 13, "`pacticipants.orders.folder` leads out", "its root"),
    "pacts that leave": (f"{IN_ORDERS}folder: a\n    pacts: ../../b", 4, 12, "pacts` leads out", "seen from `folder`"),
    "names that differ in case": (
        "pacticipants:\n  Orders: {}\n  orders: {}",
        3,
        3,
        "`Orders` (line 2, column 3)",
        "Keep",
    ),
    "a name with a space": ('pacticipants: {" a": {}}', 1, 16, "no pacticipant's name", "without spaces"),
    "no repository": (f"{IN_ORDERS}repository: acme", 3, 17, "is no repository", "owner/name"),
    "a repository's folder": (f"{IN_ORDERS}repository: acme/..", 3, 17, "is no repository", "owner/name"),
    "two homes": (
        f"{IN_ORDERS}repository: a/b\n    pacts: c",
        4,
        5,
        "stands beside `repository`",
        "Leave `repository` out",
    ),
    "no workflow": (f"{IN_ORDERS}workflow: .github/workflows/a.yml", 3, 15, "is no workflow", "name of its file"),
    "no address": (f"{IN_ORDERS}verify:\n      start: x", 3, 5, "neither `provider-url` nor `messages-url`", "8000"),
    "no http": (f"{IN_ORDERS}verify: {{messages-url: localhost}}", 3, 28, "no http address", "http://127.0.0.1:8000"),
    "an empty command": (f'{IN_VERIFY}start: " "', 5, 14, "is no command", "leave the key out"),
    "a flag in words": (f"{IN_VERIFY}enable-pending: yes", 5, 23, "must be true or false", "Write true or false"),
    "a flag of a selector": (f"{IN_VERIFY}selectors: [{{deployed: false}}]", 5, 30, "is `false`", "Write true"),
    "a mistyped selector": (f"{IN_VERIFY}selectors: [{{mainBrunch: true}}]", 5, 20, "Item 1 of", "mean `mainBranch`?"),
    "a selector of nothing": (f"{IN_VERIFY}selectors: [{{consumer: a}}]", 5, 18, "selects nothing", "YAML list"),
    "no time": (f"{IN_VERIFY}ready-timeout: soon", 5, 22, "no length of time", "90s"),
    "less than no time": (f"{IN_VERIFY}ready-timeout: -1", 5, 22, "less than 0", "0 or more"),
    "no date": (f"{IN_VERIFY}wip-since: May", 5, 18, "is no date", "2026-01-31"),
    "the 30th of February": (f"{IN_VERIFY}wip-since: 2026-02-30", 5, 18, "is no date", "2026-01-31"),
    "a billion aliases": (
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
        *(1, 1, "more than 50,000 values", "fewer aliases"),
    ),
    "an alias within itself": ("pacticipants: &a {a: *a}", 1, 1, "more than 50,000 values", "fewer aliases"),
    "brackets": ("[" * 2_000, 1, 1, "nested too deeply", "Take out brackets"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_mistake_is_told_with_its_place_and_a_way_out(refused, tmp_path, wrong) -> None:
    content, line, column, cause, next_step = wrong
    error = refused(content)
    assert cause in error.cause
    assert next_step in error.next_step
    assert error.places == (((tmp_path / "pact-gate.yml").as_posix(), line, column, ""),)


def test_a_password_in_an_address_is_not_repeated(refused) -> None:
    error = refused(f"{IN_ORDERS}verify: {{provider-url: 'http://me:s3cret@localhost'}}")
    assert "without credentials" in error.cause
    assert "s3cret" not in f"{error} {error.places}"


def test_all_mistakes_are_told_at_once_each_at_its_place(refused, tmp_path) -> None:
    error = refused(f"{IN_ORDERS}paths: ../x\n    foldr: x\nenvironments: [a, a]\n")
    path = (tmp_path / "pact-gate.yml").as_posix()
    assert error.cause == f"3 things in {path} are wrong."
    assert [(place.line, place.column) for place in error.places] == [(3, 12), (4, 5), (5, 19)]
    log, page = error_text(error), error_summary(error)
    assert f"  at {path}:4:5: `pacticipants.orders` knows no key `foldr`. Did you mean `folder`?\n" in log
    assert f"- `{path}:5:19`: `environments` names `a` twice. Name it once." in page
    shown = [(each.line, each.column, each.message) for each in error_annotations(error)]
    assert shown[2] == (5, 19, "`environments` names `a` twice. Name it once.")


def test_ten_mistakes_are_shown_and_all_are_counted(refused) -> None:
    error = refused("pacticipants: {" + ", ".join(f"a{number}: 1" for number in range(25)) + "}")
    assert "25 things" in error.cause
    assert "the first 10" in error.cause
    assert len(error.places) == 10


def test_names_of_others_do_no_harm_in_the_log_and_the_summary(refused) -> None:
    error = refused('pacticipants: {a: {"x`<img src=x>`\\n::error::": 1, "\\e[31m##[group]": 2}}')
    assert "\n::error" not in error_text(error)
    assert "##[group]" not in error_text(error)
    assert "<img" not in re.sub(r"`[^`\n]*`", "", error_summary(error))
    assert "\x1b" not in error_text(error) + error_summary(error)


def test_a_file_that_cannot_be_read(tmp_path, refused) -> None:
    for path, cause in ((tmp_path, "cannot be read"), (tmp_path / "none.yml", "No such file")):
        with pytest.raises(InputError, match=cause) as caught:
            load(path)
        assert caught.value.places[0].path == path.as_posix()
    assert "larger than 256 KiB" in refused("#" * 300_000).cause


# --- the schema -----------------------------------------------------------------------------------------------

MAPPINGS = {each["title"]: each for each in (SCHEMA, *SCHEMA["$defs"].values()) if "title" in each}
KEYS = sorted({key for each in MAPPINGS.values() for key in each["properties"]})
SCALARS = st.one_of(
    st.sampled_from(["a", "a b", "/a", "a/b", "../a", "http://localhost:1", "2026-01-31", "90s", "a.yml", "true", ""]),
    st.sampled_from([None, True, False, 0, 1, -1, 90, 1.5]),
)


def schemas(schema: Any) -> Iterator[dict[str, Any]]:
    """Give a schema and every one within it."""
    yield schema
    for word in ("properties", "$defs"):
        for each in schema.get(word, {}).values():
            yield from schemas(each)
    for word in ("items", "additionalProperties", "propertyNames"):
        if isinstance(schema.get(word), dict):
            yield from schemas(schema[word])


def within(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Make values that a schema takes or nearly takes, so that most are wrong in one place or nowhere."""
    schema = shape.resolved(schema, SCHEMA)
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    made: list[st.SearchStrategy[Any]] = [SCALARS]
    if "array" in types:
        made += [st.lists(within(schema["items"]), max_size=3)] * 3
    if "object" in types:
        known = {key: within(each) for key, each in schema.get("properties", {}).items()}
        others = schema["additionalProperties"]
        named = st.dictionaries(
            st.sampled_from(["a", "A", " b", *KEYS]), within(others or {"type": "null"}), max_size=2
        )
        made += [st.fixed_dictionaries({}, optional=known), named] * 3
    if "enum" in schema or "examples" in schema:
        made += [st.sampled_from([*schema.get("enum", ()), *schema.get("examples", ())])] * 3
    return st.one_of(made)


PARTS = [each for each in schemas(SCHEMA) if "type" in shape.resolved(each, SCHEMA)]


@given(st.sampled_from(PARTS).flatmap(lambda part: st.tuples(st.just(part), within(part))))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_what_an_editor_accepts_by_the_schema_is_accepted_here_and_nothing_else(part) -> None:
    """The schema is held against the tree by code of our own, to have the places: it must agree with a validator."""
    schema, value = part
    root, problems = tree.parse(json.dumps(value).encode())
    assert root
    assert not problems
    assert shape.plain(root) == value
    valid = Draft202012Validator(schema | {"$defs": SCHEMA["$defs"]}).is_valid(value)
    assert valid == (not [*shape.check(root, schema, SCHEMA, ("it",))])


ANY_TEXT = st.one_of(st.text(), st.text("ab:-[]{}&*!|>'\"#%?,\n \t<0.", max_size=60), within(SCHEMA).map(json.dumps))


@given(st.one_of(ANY_TEXT.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary()))
@settings(suppress_health_check=list(HealthCheck))
def test_any_file_is_read_or_refused_and_never_breaks(read, content) -> None:
    with suppress(InputError):
        assert read(content).version == 1


def test_the_schema_uses_no_word_that_is_not_understood_here() -> None:
    told = {"$schema", "$id", "$defs", "title", "description", "default", "examples", "patternErrorMessage"}
    understood = set(re.findall(r"`([$\w]+)`", (shape.__doc__ or "").replace("`pact-gate.yml`", "")))
    for each in schemas(SCHEMA):
        assert not each.keys() - understood - told
        # Python's `$` and `\Z` differ, and a search is no full match: both are the same where ^ and $ are there.
        assert re.fullmatch(r"\^.*\$", each.get("pattern", "^$"))
        assert "; " in each.get("patternErrorMessage", "; ")
        assert ("additionalProperties" in each) == (each.get("type") == "object")


def test_every_key_is_in_the_schema_the_classes_and_the_page() -> None:
    names = {title: {key.replace("-", "_") for key in each["properties"]} for title, each in MAPPINGS.items()}
    assert names["The file"] == {each.name for each in dataclasses.fields(Config)} - {"file"}
    assert names["A pacticipant"] == {each.name for each in dataclasses.fields(Pacticipant)} - {"name", "setup"}
    assert MAPPINGS["`verify`"]["properties"].keys() - KNOWN["verify"] == {"setup"}
    assert names["A consumer version selector"] == selectors._FLAGS | selectors._NAMES
    page = (ROOT / "docs" / "pact-gate-yml.md").read_text("utf-8")
    assert page == runpy.run_path(str(ROOT / "docs" / "make_config.py"))["page"](), "run `make docs`"
    for title, mapping in MAPPINGS.items():
        section = page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        assert re.findall(r"^\| `([\w-]+)` \| \S", section, re.MULTILINE) == [*mapping["properties"]]


def test_the_schemas_defaults_and_examples_are_true(read) -> None:
    (only,) = read("pacticipants: {a: {verify: {provider-url: 'http://localhost:1'}}}").pacticipants
    properties = MAPPINGS["`verify`"]["properties"]
    defaults = {key.replace("-", "_"): each["default"] for key, each in properties.items() if "default" in each}
    assert defaults == {name: getattr(only.verify, name) for name in defaults}
    for each in schemas(SCHEMA):
        for example in each.get("examples", ()):
            Draft202012Validator(each | {"$defs": SCHEMA["$defs"]}).validate(example)


@pytest.mark.parametrize("words", [["--check-metaschema", SCHEMA_FILE], ["--schemafile", SCHEMA_FILE, EXAMPLE]])
def test_others_take_the_schema_as_well(words) -> None:
    checked = [sys.executable, "-W", "ignore", "-m", "check_jsonschema", *map(str, words)]
    done = subprocess.run(checked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_address_in_the_example_is_the_schemas_own() -> None:
    assert SCHEMA["$id"] in EXAMPLE.read_text("utf-8").splitlines()[0]
    assert SCHEMA["$id"].endswith(SCHEMA_FILE.relative_to(ROOT).as_posix())


# --- whom a change concerns -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "covered", "not_covered"),
    [
        ("services/a", ["services/a", "services/a/x", "services/a/.x/y"], ["services/ab", "services", "x/services/a"]),
        ("services/*/api", ["services/a/api", "services/a/api/v1.yml"], ["services/a/b/api", "services/api"]),
        ("libs/*.py", ["libs/a.py", "libs/.py"], ["libs/x/a.py", "libs/a.pyc", "libs/a/py"]),
        (
            "**/schema/*.json",
            ["schema/a.json", "a/b/schema/c.json", "schema/schema/a.json"],
            ["schema/x/a.json", "a.json"],
        ),
        ("a/**/b/**/c", ["a/b/c", "a/x/b/y/z/c/d", "a/b/b/c"], ["a/c", "a/c/b", "b/c"]),
        ("a/**", ["a/b", "a/b/c"], ["b/a"]),
        ("**", ["a", "a/b"], []),
        (".", ["a", ".github/x"], []),
        ("app/[id]/?.ts", ["app/[id]/a.ts"], ["app/i/a.ts", "app/[id]/ab.ts", "app/[id]/.ts"]),
        ("A", ["A/b"], ["a/b"]),
    ],
)
def test_a_path_covers(read, path, covered, not_covered) -> None:
    config = read(json.dumps({"pacticipants": {"it": {"paths": path}}}))
    for file in [*covered, *not_covered]:
        assert bool(changed(config, [file])) == (file in covered), file


def test_a_change_concerns_those_whose_paths_it_touches() -> None:
    config = load(EXAMPLE)

    def concerned(files: list[str] | None) -> list[str]:
        return [each.name for each in changed(config, files)]

    assert concerned(["libs/shared/a.py", "apps/web/b.ts", "README.md"]) == ["orders", "web"]
    assert concerned(["README.md", "sub/pact-gate.yml"]) == concerned([]) == []
    everyone = ["orders", "products", "web"]
    assert concerned(["pact-gate.yml"]) == concerned(None) == everyone, "billing lives elsewhere"


def test_a_path_with_many_stars_takes_no_time(read) -> None:
    config = read(json.dumps({"pacticipants": {"it": {"paths": "/".join(["**", "*a*a*a*a*b"] * 30)}}}))
    assert changed(config, ["/".join(["a" * 50] * 200)]) == ()


# --- which files an event changed -----------------------------------------------------------------------------


class Repository:
    """A git repository, and runs on GitHub in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--initial-branch=main")

    def git(self, *words: str) -> str:
        own = ["-c", "user.name=A", "-c", "user.email=a@b.example"]
        done = subprocess.run(["git", *own, *words], cwd=self.folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, **files: str) -> str:
        for name, content in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(content)
        self.git("add", "--all")
        self.git("commit", "--allow-empty", "--message", "x")
        return self.git("rev-parse", "HEAD")

    def changes(self, event: str, payload: Any, *, folder: Path | None = None) -> Any:
        path = self.folder.parent / "event.json"
        path.write_text(json.dumps(payload))
        environment = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": str(path)}
        return changed_files(folder or self.folder, environment)


def pull_request(base: str, head: str) -> dict[str, Any]:
    return {"pull_request": {"base": {"sha": base, "ref": "--output=x"}, "head": {"sha": head, "ref": "--output=y"}}}


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Repository:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return Repository(tmp_path / "repository")


def test_the_files_of_each_event(repository) -> None:
    first = repository.commit(a="1", b="1", old="some text that is long enough to be found again\n" * 9)
    repository.git("checkout", "-b", "feat")
    (repository.folder / "old").rename(repository.folder / "new é\n")
    head = repository.commit(**{"sub/b": "2"})
    repository.git("checkout", "main")
    main = repository.commit(a="2")
    renamed = ("new é\n", "old", "sub/b")
    for event in ("pull_request", "pull_request_target"):
        found = repository.changes(event, pull_request(main, head))
        assert tuple(sorted(found.files)) == renamed, "what main got since then is not the pull request's"
    assert repository.changes("push", {"before": first, "after": main, "forced": False}).files == ("a",)
    assert repository.changes("push", {"before": main, "after": main}).files == ()
    group = repository.changes("merge_group", {"merge_group": {"base_sha": main, "head_sha": head}})
    assert tuple(sorted(group.files)) == ("a", *renamed)
    repository.git("checkout", "feat")
    sub = repository.changes("pull_request", pull_request(main, head), folder=repository.folder / "sub")
    assert tuple(sorted(sub.files)) == renamed, "names are seen from the root wherever the step runs"


def test_the_users_settings_for_diffs_change_nothing(repository) -> None:
    first = repository.commit(**{"a/x": "1", "b/x": "some text that is found again"})
    repository.git("mv", "b/x", "b/y")
    second = repository.commit(**{"a/x": "2"})
    for setting in ("diff.relative=true", "diff.renames=copies", "core.quotePath=true", "diff.noprefix=true"):
        repository.git("config", *setting.split("="))
    found = repository.changes("push", {"before": first, "after": second}, folder=repository.folder / "a")
    assert found.files == ("a/x", "b/x", "b/y")


NONE = "0" * 40
SHA = "a" * 40
UNKNOWN = {
    "a new branch": ("push", {"before": NONE, "after": SHA}, "is new"),
    "a forced push": ("push", {"before": SHA, "after": SHA, "forced": True}, "was forced"),
    "a commit that is not there": ("push", {"before": SHA, "after": SHA}, "not in this checkout"),
    "an option": ("push", {"before": "--output=/tmp/x", "after": SHA}, "no full SHA"),
    "a branch": ("push", {"before": "main", "after": SHA}, "no full SHA"),
    "a branch of a group": ("merge_group", {"merge_group": {"base_sha": "main", "head_sha": SHA}}, "no full SHA"),
    "a number": ("push", {"before": 5, "after": SHA}, "does not say which commits"),
    "no payload": ("merge_group", {}, "does not say which commits"),
    "a null": ("pull_request", {"pull_request": {"base": None}}, "does not say which commits"),
    "a schedule": ("schedule", {}, "event schedule does not say"),
}


@pytest.mark.parametrize(("event", "payload", "why"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_nobody_can_tell_is_said_and_means_all(repository, event, payload, why) -> None:
    repository.commit(a="1")
    found = repository.changes(event, payload)
    assert found.files is None
    assert why in found.unknown


def test_a_shallow_checkout_is_not_guessed_from(repository, tmp_path) -> None:
    """With both commits there, two trees can be compared; where a pull request began cannot be known."""
    repository.commit(a="1")
    base, head = repository.commit(a="2"), repository.commit(a="3")
    push, pull = ("push", {"before": base, "after": head}), ("pull_request", pull_request(base, head))
    for depth, (event, payload), files in ((1, push, None), (1, pull, None), (2, pull, None), (2, push, ("a",))):
        shallow = tmp_path / f"{event}-{depth}"
        repository.git("clone", f"--depth={depth}", repository.folder.as_uri(), str(shallow))
        found = repository.changes(event, payload, folder=shallow)
        assert found.files == files
        assert ("Give actions/checkout `fetch-depth: 0`" in found.next_step) == (files is None)


def test_histories_without_one_common_commit(repository) -> None:
    base = repository.commit(a="1")
    repository.git("checkout", "--orphan", "other")
    head = repository.commit(a="2")
    assert "0 newest common commits" in repository.changes("pull_request", pull_request(base, head)).unknown


def test_no_checkout_and_no_run(repository, tmp_path) -> None:
    found = repository.changes("push", {"before": SHA, "after": SHA}, folder=tmp_path)
    assert found.files is None
    assert "not a git repository" in found.unknown
    assert "no GitHub run" in changed_files(tmp_path, {}).unknown

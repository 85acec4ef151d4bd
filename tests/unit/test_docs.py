"""The documentation shows real files: what a reader pastes is what the tests run."""

import re
import runpy
import tomllib
from pathlib import Path

import pytest

from pact_gate import VERSION

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")]
SHOWN = re.compile(r"^(?P<before>[^\n]*)\n```ya?ml\n(?P<yaml>.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:|#)(?P<path>[^)#]+)[^)]*\)")


def shown() -> list[tuple[Path, str, str]]:
    return [
        (page, found["before"], found["yaml"]) for page in PAGES for found in SHOWN.finditer(page.read_text("utf-8"))
    ]


@pytest.mark.parametrize(("page", "before", "yaml"), shown(), ids=lambda value: getattr(value, "name", ""))
def test_every_yaml_is_a_file_that_is_named_above_it(page: Path, before: str, yaml: str) -> None:
    named = LINK.search(before)
    assert named, f"{page.name}: the line above a YAML block must link to its file, not {before!r}"
    content = (page.parent / named["path"]).read_text("utf-8")
    assert yaml.strip() in content


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    missing = [path for path in LINK.findall(page.read_text("utf-8")) if not (page.parent / path).exists()]
    assert not missing


def test_the_whole_setup_of_a_service_takes_fifteen_lines() -> None:
    blocks = {before: yaml for page, before, yaml in shown() if page.name == "README.md" and page.parent == ROOT}
    assert len(blocks) == 2  # with a Pact Broker, and without
    assert all(len(yaml.splitlines()) <= 15 for yaml in blocks.values())


def test_the_page_of_inputs_and_outputs_is_what_the_actions_say() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "make_actions.py"))["page"]()
    assert (ROOT / "docs" / "actions.md").read_text("utf-8") == made, "run `make docs`"


def test_the_version_is_the_same_wherever_it_stands() -> None:
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert stated == VERSION
    assert f"## {VERSION}" in (ROOT / "CHANGELOG.md").read_text("utf-8")

"""`make failures`: the four failure cases, each as plain Pact tells it, as this project does, and mended."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

FAILURES = Path(__file__).parents[2] / "examples" / "failures"


@pytest.fixture
def stage(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(FAILURES))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}", prepend=":")
    return importlib.import_module("stage").Stage(tmp_path)


@pytest.mark.parametrize(
    ("case", "plain", "ours"),
    [
        ("states", "expected 200 but was 404", "changed nothing"),
        ("values", "Expected 124 (Integer) to be equal to 123 (Integer)", "$.response.body.content.id"),
        ("results", "No result was published", "main"),
        ("messages", "ValueError", "$.total"),
    ],
)
def test_a_failure_is_found_told_and_mended(stage, capsys, case, plain, ours):
    """Each command's exit code and words are held against what they must be; a case that goes another way raises."""
    getattr(importlib.import_module(f"case_{case}"), case)(stage)
    told = capsys.readouterr().out
    before, found = told.split("   pact-gate, ", 1)
    assert plain in before
    assert ours in found.split("   Mended, ", 1)[0]
    assert "Mended, " in found


def test_a_case_that_goes_another_way_is_told(stage):
    otherwise = importlib.import_module("stage").OtherwiseError
    with pytest.raises(otherwise, match=r"exit code 0, expected 1; not said: \['nothing'\]"):
        stage.plain("the verifier", [sys.executable, "-c", "print('something')"], code=1, says=["nothing"])

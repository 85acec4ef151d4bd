from __future__ import annotations

import shutil
from pathlib import Path

import pytest

PACTS = Path(__file__).parents[1] / "pacts"


@pytest.fixture(scope="session")
def pacts() -> Path:
    """The folder the pacts are written to, empty at the start: write_file adds to a file that is there."""
    shutil.rmtree(PACTS, ignore_errors=True)
    return PACTS

"""Fixtures for every tier; tests/conftest.py names this module as a plugin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.github.fake import fake_github
from tests.github.state import GitHub


@pytest.fixture
def github() -> Iterator[GitHub]:
    """A new GitHub on loopback; `github.url` is what GITHUB_API_URL is to be."""
    with fake_github() as fake:
        yield fake

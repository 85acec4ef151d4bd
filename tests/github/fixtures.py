"""Fixtures for every tier; tests/conftest.py names this module as a plugin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.github.fake import FakeGitHub, fake_github
from tests.github.prism import Prism, prism
from tests.github.state import GitHub


@pytest.fixture
def github() -> Iterator[GitHub]:
    """A new GitHub on loopback; `github.url` is what GITHUB_API_URL is to be."""
    with fake_github() as fake:
        yield fake


@pytest.fixture(scope="session")
def github_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FakeGitHub, Prism]]:
    """A fake with GitHub's own document before it, for all tests; the fake gets a new GitHub for each."""
    fake = FakeGitHub()
    with prism(fake.url, tmp_path_factory.mktemp("prism")) as proxy:
        yield fake, proxy
    fake.close()


@pytest.fixture
def checked_github(github_proxy: tuple[FakeGitHub, Prism]) -> Iterator[GitHub]:
    """A new GitHub that holds every request, and its own answers, to GitHub's document.

    The test fails for one that does not keep to it, whatever the caller made of the refusal.
    """
    fake, proxy = github_proxy
    github = fake.new(proxy.url)
    proxy.violations()
    yield github
    github.end()
    assert proxy.violations() == []

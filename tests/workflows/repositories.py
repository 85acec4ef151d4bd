"""Git repositories on disk, as the tests of workflows make them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

_WHO = ("-c", "user.name=someone", "-c", "user.email=someone@example.org", "-c", "commit.gpgsign=false")


def git(repository: Path, *words: str) -> str:
    """Run git there as someone; what it says."""
    done = subprocess.run(["git", *_WHO, *words], cwd=repository, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def start(repository: Path, branch: str, origin: str) -> None:
    """Make a repository without a commit yet, in a folder that may be there."""
    repository.mkdir(parents=True, exist_ok=True)
    git(repository, "init", "--quiet", "--initial-branch", branch)
    git(repository, "remote", "add", "origin", origin)


def commit(repository: Path, files: Mapping[str, str]) -> str:
    """Write files and commit all there is; its SHA."""
    for name, content in files.items():
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "All of it")
    return git(repository, "rev-parse", "HEAD")

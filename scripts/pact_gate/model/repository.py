"""Repositories on GitHub, named `owner/name`."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_SSH = re.compile(r"(?:ssh://)?git@(?P<host>[\w.-]+)(?::\d+)?[:/](?P<path>.+)", re.ASCII)


def is_repository(name: str) -> bool:
    """Say whether a text is `owner/name`."""
    return bool(_NAME.fullmatch(name)) and not {".", ".."} & set(name.split("/"))


def repository_at(url: str, server_url: str) -> str | None:
    """Take a repository's name out of an address as browsers or git have it; None where it is not on this server."""
    ssh = _SSH.fullmatch(url)
    try:
        host, path = (ssh["host"], ssh["path"]) if ssh else (urlsplit(url).hostname, urlsplit(url).path)
        server = urlsplit(server_url).hostname
    except ValueError:
        return None
    name = path.strip("/").removesuffix(".git")
    return name if host == server and is_repository(name) else None

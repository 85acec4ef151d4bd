"""The ways in which GitHub refuses or fails, as answers for `GitHub.trouble`.

What they look like: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

from datetime import datetime

from tests.github.state import Answer

DROPPED = None  # the connection ends without an answer
NOT_JSON = Answer(200, b"<html><title>Unicorn!</title></html>", {"Content-Type": "text/html; charset=utf-8"})
_DOCUMENTED = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"


def rate_limited(reset: datetime, status: int = 403) -> Answer:
    """Make the answer to one who has no request left until a time (primary rate limit)."""
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(reset.timestamp()))}
    message = "API rate limit exceeded for installation ID 1."
    return Answer(status, {"message": message, "documentation_url": _DOCUMENTED, "status": str(status)}, headers)


def too_fast(retry_after: int | None, status: int = 403) -> Answer:
    """Make the answer to one who asks too much at once (secondary rate limit); it may name the seconds to wait."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    return Answer(status, {"message": message, "documentation_url": _DOCUMENTED, "status": str(status)}, headers)


def broken(status: int = 502) -> Answer:
    """Make the answer of a GitHub that is broken."""
    return Answer(status, {"message": "Server Error"})


def moved(to: str, status: int = 301) -> Answer:
    """Make the answer of a repository that was renamed: GET gets 301, other methods 307."""
    message = "Moved Permanently" if status == 301 else "Temporary Redirect"
    return Answer(status, {"message": message, "url": to, "documentation_url": _DOCUMENTED}, {"Location": to})

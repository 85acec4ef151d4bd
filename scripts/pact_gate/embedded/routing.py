"""What a route is, and which kind of answer a caller accepts (RFC 9110, section 12.5.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pact_gate.embedded.exchange import HAL, JSON, Answer, Call


@dataclass(frozen=True)
class Route:
    """A method of a resource. `pattern` names its variable segments in angle brackets.

    `consumes` are the media types of a body that it takes, none meaning that it takes no body; `writes` says that it
    needs a transaction that may change something.
    """

    method: str
    pattern: str
    handler: Callable[[Call], Answer]
    produces: tuple[str, ...] = (HAL,)
    consumes: tuple[str, ...] = ()
    writes: bool = False


def get(pattern: str, handler: Callable[[Call], Answer], *produces: str) -> Route:
    """A route that reads."""
    return Route("GET", pattern, handler, produces or (HAL,))


def put(pattern: str, handler: Callable[[Call], Answer], *produces: str) -> Route:
    """A route that makes or replaces what a JSON body says."""
    return Route("PUT", pattern, handler, produces or (HAL,), (JSON,), writes=True)


def post(pattern: str, handler: Callable[[Call], Answer], *, writes: bool = True) -> Route:
    """A route that takes a JSON body."""
    return Route("POST", pattern, handler, (HAL,), (JSON,), writes=writes)


def patch(pattern: str, handler: Callable[[Call], Answer], *consumes: str) -> Route:
    """A route that changes a part."""
    return Route("PATCH", pattern, handler, (HAL,), consumes, writes=True)


def delete(pattern: str, handler: Callable[[Call], Answer]) -> Route:
    """A route that deletes."""
    return Route("DELETE", pattern, handler, writes=True)


def chosen_media(accept: str | None, offered: tuple[str, ...]) -> str | None:
    """The one of the offered media types that the caller likes best; None if it likes none."""
    if not accept or not accept.strip():
        return offered[0]
    for wanted in _by_preference(accept):
        for media in offered:
            if wanted in (media, "*/*", f"{media.partition('/')[0]}/*"):
                return media
    return None


def _by_preference(accept: str) -> list[str]:
    ranked: list[tuple[float, str]] = []
    for item in accept.lower().split(","):
        media, *parameters = [part.strip() for part in item.split(";")]
        weight = next((_weight(part[2:]) for part in parameters if part.startswith("q=")), 1.0)
        if media and weight > 0:
            ranked.append((-weight, media))
    return [media for _, media in sorted(ranked, key=lambda one: one[0])]


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0

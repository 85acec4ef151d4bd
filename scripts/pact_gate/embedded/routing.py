"""What a route is, and which kind of answer a caller accepts (RFC 9110, section 12.5.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from pact_gate.embedded.exchange import HAL, JSON, Answer, Call


class Route(NamedTuple):
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


Resource = tuple[Mapping[str, Route], Mapping[str, str]]  # its methods, and its variable segments by name


def get(pattern: str, handler: Callable[[Call], Answer], *produces: str) -> Route:
    """A route that reads."""
    return Route("GET", pattern, handler, produces or (HAL,))


def put(pattern: str, handler: Callable[[Call], Answer], *produces: str) -> Route:
    """A route that makes or replaces what a JSON body says."""
    return Route("PUT", pattern, handler, produces or (HAL,), (JSON,), writes=True)


def post(pattern: str, handler: Callable[[Call], Answer], *, writes: bool = True, consumes: str = JSON) -> Route:
    """A route that takes a JSON body."""
    return Route("POST", pattern, handler, (HAL,), (consumes,), writes=writes)


def patch(pattern: str, handler: Callable[[Call], Answer], *consumes: str) -> Route:
    """A route that changes a part."""
    return Route("PATCH", pattern, handler, (HAL,), consumes, writes=True)


def delete(pattern: str, handler: Callable[[Call], Answer]) -> Route:
    """A route that deletes."""
    return Route("DELETE", pattern, handler, writes=True)


class Resources:
    """Routes by their path: a request has the few with as many segments to look through."""

    def __init__(self, routes: Iterable[Route]) -> None:
        methods: dict[tuple[str, ...], dict[str, Route]] = {}
        for route in routes:
            methods.setdefault(tuple(route.pattern.split("/")), {})[route.method] = route
        self._by_length: dict[int, list[tuple[tuple[str, ...], dict[str, Route]]]] = {}
        # A literal segment goes before a variable one: `latest` is no version's number.
        for pattern in sorted(methods, key=lambda pattern: [_is_variable(part) for part in pattern]):
            self._by_length.setdefault(len(pattern), []).append((pattern, methods[pattern]))

    def find(self, path: str) -> Resource | None:
        """Give the methods of the first pattern that the path matches, and the values of its variable segments."""
        parts = path.split("/")
        for pattern, methods in self._by_length.get(len(parts), ()):
            pairs = list(zip(pattern, parts, strict=True))
            if all(part if _is_variable(wanted) else part == wanted for wanted, part in pairs):
                return methods, {wanted[1:-1]: part for wanted, part in pairs if _is_variable(wanted)}
        return None


def _is_variable(segment: str) -> bool:
    return segment.startswith("<")


def chosen_media(accept: str | None, offered: tuple[str, ...]) -> str | None:
    """The one of the offered media types that the caller likes best; None if it likes none."""
    if not accept or not accept.strip():
        return offered[0]
    for wanted in _by_preference(accept):
        for media in offered:
            if wanted in (media, "*/*", "*", f"{media.partition('/')[0]}/*"):
                return media
    return None


def prefers_html(accept: str | None) -> bool:
    """Whether a browser asks: it likes `text/html` best, and more than any kind of JSON.

    Programs that take anything (`*/*`), name JSON as well or name nothing get what they always get. So does Java's own
    client, which says `text/html, …, *; q=.2` where nobody told it what to accept: `*` is no media range.
    """
    ranked = _ranked(accept or "")
    if not ranked or "*" in (media for _, media in ranked):
        return False
    best = min(weight for weight, _ in ranked)
    named = {media: weight for weight, media in reversed(ranked)}
    return named.get("text/html") == best and not any(
        weight == best and media.endswith("json") for media, weight in named.items()
    )


def _by_preference(accept: str) -> list[str]:
    return [media for _, media in _ranked(accept)]


def _ranked(accept: str) -> list[tuple[float, str]]:
    """Media ranges with their weights, negated, the one that is liked best first."""
    ranked: list[tuple[float, str]] = []
    for item in accept.lower().split(","):
        media, *parameters = [part.strip() for part in item.split(";")]
        weight = next((_weight(part[2:]) for part in parameters if part.startswith("q=")), 1.0)
        if media and weight > 0:
            ranked.append((-weight, media))
    return sorted(ranked, key=lambda one: one[0])


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0

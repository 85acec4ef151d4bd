"""How a call of the API is made and refused: routes, permissions, pages, errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode

from tests.github.documents import Documents
from tests.github.state import Answer, GitHub, Repository, Token

_DOCUMENTED = "https://docs.github.com/rest"
_LARGEST_PAGE = 100


class Refusal(Exception):  # noqa: N818 - GitHub's word for none of these is error
    """An answer that is no."""

    def __init__(self, status: int, message: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(message)
        body = {"message": message, "documentation_url": _DOCUMENTED, "status": str(status), **more}
        self.answer = Answer(status, body, headers or {})


def not_found() -> Refusal:
    """Make the refusal that also hides what a token may not see."""
    return Refusal(404, "Not Found")


def invalid(resource: str, name: str, message: str, code: str = "custom") -> Refusal:
    """Make the refusal of one field."""
    errors = [{"resource": resource, "code": code, "field": name, "message": message}]
    return Refusal(422, "Validation Failed", errors=errors)


@dataclass
class Call:
    """A call that has come through: by whom, about which repository (`place`), with what."""

    github: GitHub
    place: Repository | None
    token: Token | None
    path: str
    named: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def repository(self) -> Repository:
        assert self.place, f"{self.path} is about no repository"
        return self.place

    @property
    def documents(self) -> Documents:
        return Documents(self.github)

    @property
    def login(self) -> str:
        return self.token.login if self.token else "anonymous"

    def number(self, name: str) -> int:
        """Give a number from the path."""
        if not self.named[name].isdigit():
            raise not_found()
        return int(self.named[name])

    def pick(self, things: Iterable[Any], name: str) -> Any:
        """Find the thing whose id is in the path."""
        wanted = self.number(name)
        for thing in things:
            if thing.id == wanted:
                return thing
        raise not_found()

    def page(self, things: Sequence[Any]) -> tuple[list[Any], dict[str, str]]:
        """Cut a page out, and name the others: https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api."""
        size = min(max(_whole(self.query.get("per_page"), 30), 1), _LARGEST_PAGE)
        page = max(_whole(self.query.get("page"), 1), 1)
        last = max(-(-len(things) // size), 1)
        relations = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        wanted = [name for name in relations if (page < last if name in ("next", "last") else page > 1)]
        address = f"{self.github.url}{self.path}"
        links = [f'<{address}?{urlencode(self.query | {"page": relations[name]})}>; rel="{name}"' for name in wanted]
        return list(things[(page - 1) * size : page * size]), {"Link": ", ".join(links)} if links else {}


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdigit() else otherwise


Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Route:
    """An endpoint. One of the permissions in `needs` is enough; without any, whoever sees the repository may."""

    method: str
    path: str
    pattern: re.Pattern[str]
    handler: Handler
    needs: Mapping[str, str]
    public: bool

    def allows(self, token: Token | None, repository: Repository) -> bool:
        """Say whether a token may."""
        if self.public and not repository.private:
            return True
        own = token.permissions.get(repository.full_name, {}) if token else {}
        return not self.needs or any(own.get(name) in (access, "write") for name, access in self.needs.items())


ROUTES: list[Route] = []


def route(method: str, path: str, *, public: bool | None = None, **needs: str) -> Callable[[Handler], Handler]:
    """Register an endpoint of a repository. `public`: on a public one anyone may, as most reads are."""
    return endpoint(method, f"/repos/{{owner}}/{{repo}}{path}", public=public, **needs)


def endpoint(method: str, whole: str, *, public: bool | None = None, **needs: str) -> Callable[[Handler], Handler]:
    """Register an endpoint by its whole path."""
    pattern = re.compile(re.sub(r"\{(\w+)\}", lambda found: f"(?P<{found[1]}>{_part(found[1])})", whole))

    def register(handler: Handler) -> Handler:
        ROUTES.append(Route(method, whole, pattern, handler, needs, method == "GET" if public is None else public))
        return handler

    return register


def _part(name: str) -> str:
    return ".+" if name in ("branch", "ref") else "[^/]+"  # a branch's name may have slashes


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Find the endpoint and what its path names."""
    for each in ROUTES:
        found = each.pattern.fullmatch(path) if each.method == method else None
        if found:
            return each, {name: unquote(value) for name, value in found.groupdict().items()}
    return None


def admit(
    github: GitHub, route: Route, named: Mapping[str, str], secret: str | None
) -> tuple[Repository | None, Token | None]:
    """Let a caller in, or refuse: https://docs.github.com/rest/authentication/permissions-required-for-github-apps."""
    token = github.tokens.get(secret) if secret else None
    if secret and not token:
        raise Refusal(401, "Bad credentials")
    if "owner" not in named:
        if not token:
            raise Refusal(401, "Requires authentication")
        return None, token
    repository = github.find(f"{named['owner']}/{named['repo']}")
    if not repository or (repository.private and not (token and repository.full_name in token.permissions)):
        raise not_found()
    if not route.allows(token, repository):
        if not token:
            raise Refusal(401, "Requires authentication")
        accepted = "; ".join(f"{name}={access}" for name, access in route.needs.items())
        headers = {"X-Accepted-GitHub-Permissions": accepted}
        raise Refusal(403, "Resource not accessible by integration", headers=headers)
    if repository.archived and route.method != "GET":
        raise Refusal(403, "Repository was archived so is read-only.")
    return repository, token

"""Every way in which a command can end without an answer, each with its exit code.

An error has two parts: the cause, and the next step for the person who reads it. Neither may hold a secret.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple


class Place(NamedTuple):
    """A place in a file that caused an error. `line` and `column` count from 1; no line is the file as a whole.

    `detail` is what is wrong at this place, where an error has several that differ; else the error says it.
    """

    path: str
    line: int | None = None
    column: int | None = None
    detail: str = ""

    def __str__(self) -> str:
        """Write it as compilers do, which editors and terminals lead to: path:line:column."""
        return ":".join(str(part) for part in self[:3] if part)


class PactGateError(Exception):
    """What went wrong, and what to do about it. Raise one of its subclasses."""

    exit_code: ClassVar[int] = 4

    def __init__(self, cause: str, next_step: str, *, places: tuple[Place, ...] = ()) -> None:
        super().__init__(f"{cause} {next_step}")
        self.cause = cause
        self.next_step = next_step
        self.places = places

    def __reduce__(self) -> tuple[Any, ...]:
        """Say how it gets to another process: an exception alone would be made of its one sentence."""
        return type(self), (self.cause, self.next_step), vars(self)


class InputError(PactGateError):
    """An input, a file or the configuration is wrong: the person who wrote the workflow can mend it."""

    exit_code = 2


class ConflictError(InputError):
    """The version exists with other content (HTTP 409): a version must name one commit."""


class ProviderError(PactGateError):
    """The provider under test did not start, did not get ready, or ended before it was verified."""

    exit_code = 2


class BrokerError(PactGateError):
    """The broker could not be reached, refused, or gave an answer that is none."""

    exit_code = 3

    def __init__(self, cause: str, next_step: str, *, status: int | None = None) -> None:
        super().__init__(cause, next_step)
        self.status = status


class GitHubError(PactGateError):
    """GitHub's API could not be reached, or refused."""

    exit_code = 3

    def __init__(self, cause: str, next_step: str, *, status: int | None = None) -> None:
        super().__init__(cause, next_step)
        self.status = status

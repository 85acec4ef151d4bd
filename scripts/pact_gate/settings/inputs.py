"""The inputs by name, with one reader per kind of value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Literal
from urllib.parse import urlsplit

from pact_gate.model.errors import InputError

PREFIX = "PACT_GATE_"
UNBROKEN = r"[!-~]+"  # what a token is made of
_LAUNCHERS = frozenset(("PACT_GATE_CACHE", "PACT_GATE_PYTHON"))
_CREDENTIALS = frozenset(("PACT_BROKER_TOKEN", "PACT_BROKER_USERNAME", "PACT_BROKER_PASSWORD"))
_RUNNERS_FILES = frozenset(("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"))
_EVENT = ("GITHUB_ACTIONS", "GITHUB_EVENT_NAME", "GITHUB_EVENT_PATH")
OnEmpty = Literal["pass", "fail"]


def environment_of_others(environment: Mapping[str, str]) -> dict[str, str]:
    """Give the environment for a process that is no part of this step, such as the provider under test.

    Without the step's inputs, the broker's credentials, and the files by which a step speaks to the runner: such a
    process could set `result: passed` for it.
    """
    kept_back = _CREDENTIALS | _RUNNERS_FILES | {name for name in environment if name.startswith(PREFIX)} - _LAUNCHERS
    return {name: value for name, value in environment.items() if name not in kept_back}


class Inputs:
    """The inputs by name, with one reader per kind of value. An empty input is one that was not given."""

    def __init__(self, given: Mapping[str, str], environment: Mapping[str, str]) -> None:
        named = {key.removeprefix(PREFIX): value for key, value in environment.items() if key.startswith(PREFIX)}
        self._values = {key.lower().replace("_", "-"): value for key, value in named.items()} | dict(given)
        self._environment = environment

    def text(self, name: str, *, variable: str = "") -> str | None:
        """Give the input, else the environment variable that Pact's other tools take for it, else None."""
        value = self._values.get(name, "").strip() or self._environment.get(variable, "").strip()
        return value or None

    def variable(self, name: str) -> str | None:
        """Give an environment variable of the runner's."""
        return self._environment.get(name, "").strip() or None

    def required(self, name: str, why: str) -> str:
        """Give an input that has no default."""
        value = self.text(name)
        if value is None:
            raise InputError(
                f"The input `{name}` is missing: {why}.",
                f"Add `{name}: …` to the step's `with:` (on a command line: --{name} …).",
            )
        return value

    def required_lines(self, name: str, why: str) -> tuple[str, ...]:
        """Give the lines of an input that has no default."""
        self.required(name, why)
        return self.lines(name)

    def lines(self, name: str) -> tuple[str, ...]:
        """Give the input's lines, without the empty ones and without what surrounds them."""
        return tuple(line.strip() for line in (self.text(name) or "").splitlines() if line.strip())

    def names(self, name: str) -> tuple[str, ...]:
        """Give a list whose items stand on lines of their own or between commas."""
        return tuple(
            dict.fromkeys(item.strip() for line in self.lines(name) for item in line.split(",") if item.strip())
        )

    def flag(self, name: str) -> bool:
        """Give a boolean of YAML 1.2's core schema, as GitHub's own actions read it."""
        value = self.text(name)
        if value is None:
            return False
        if value.lower() not in ("true", "false"):
            raise wrong(name, value, "is neither true nor false", "Write true or false.")
        return value.lower() == "true"

    def choice(self, name: str, *options: str) -> str:
        """Give one of the options; the first is the default."""
        value = self.text(name) or options[0]
        if value not in options:
            near = get_close_matches(value, options, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise wrong(name, value, "is not one of its values", f"Write one of: {', '.join(options)}.{hint}")
        return value

    def number(self, name: str, default: float) -> float:
        """Give a length of time in seconds, written as a number or with s, m or h behind it."""
        value = self.text(name)
        if value is None:
            return default
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", value)
        if not found:
            raise wrong(name, value, "is no length of time", "Write seconds, or a number with s, m or h: 90, 90s, 2m.")
        return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]

    def yaml(self, name: str) -> Any:
        """Give the input read as YAML, None where it is not given."""
        value = self.text(name)
        if value is None:
            return None
        import yaml  # noqa: PLC0415 - few steps have such an input, and all of them would pay for it

        try:
            return yaml.safe_load(value)
        except (yaml.YAMLError, ValueError, RecursionError) as error:  # the last two: a 13th month, 1,000 brackets
            where = str(error).splitlines()[0]
            raise InputError(f"The input `{name}` is no YAML: {where}.", "Mind indentation and quotes.") from error


def wrong(name: str, value: str, what: str, next_step: str) -> InputError:
    """Say of an input what is wrong with its value."""
    return InputError(f"The input `{name}` is {value!r}, which {what}.", next_step)


def no_token(name: str) -> InputError:
    """Say of an input that its value can be no token, without showing it."""
    return InputError(
        f"The input `{name}` holds what no token does: a space, a line break or a letter with an accent.",
        "Copy the token again, alone, into the secret.",
    )


def is_http(url: str) -> bool:
    """Say whether an address is one of HTTP, with a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # half a bracket of an IPv6 address, a port that is none
        return False


def url_input(inputs: Inputs, name: str) -> str | None:
    """Give an input that is an http address."""
    value = inputs.text(name)
    if value is not None and not is_http(value):
        shown = value.rpartition("@")[2]  # before an @ there may be a password
        raise wrong(name, shown, "is no http address", "Write for example http://127.0.0.1:8000.")
    return value

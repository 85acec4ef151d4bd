"""What the command line prints when help is asked for: a command's inputs as its action.yml describes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any

from pact_gate.settings.known import WORDS

_ROOT = Path(__file__).parents[2]
_WIDTH = 100
_INDENT = " " * 6


def of_all(commands: Mapping[str, str]) -> str:
    """Name the commands; `commands` has the purpose of each."""
    width = max(map(len, commands))
    listed = "\n".join(f"  {name:{width}}  {purpose}" for name, purpose in commands.items())
    return (
        "pact-gate COMMAND [--INPUT VALUE ...]: consumer-driven contract testing as a deploy gate\n\n"
        f"{listed}\n\nA command's inputs: pact-gate COMMAND --help"
    )


def of_command(command: str) -> str:
    """Describe a command and each of its inputs."""
    described = action(command)
    inputs = described["inputs"]
    words = "broker serve|start|backup PATH|check PATH" if command == "broker" else command
    variable = next(iter(inputs)).upper().replace("-", "_")
    lines = [
        f"pact-gate {words} [--INPUT VALUE ...]",
        *_wrapped(described["description"]),
        "",
    ]
    lines += [line for name, about in inputs.items() for line in _input(name, about)]
    if command == "broker":
        lines += _words()
    lines += ["", f"An input that is not given is taken from its variable, such as PACT_GATE_{variable}."]
    return "\n".join(lines)


def _words() -> Iterator[str]:
    """Say what the words of `broker` do that the action has not."""
    yield from ("", *_wrapped("broker backup PATH: copy `database` to the file PATH, also while it is served."))
    yield from ("", *_wrapped("broker check PATH: say whether a file is sound; it is not changed. Ends with 1 if not."))
    for word, inputs in WORDS.items():
        yield from ("", f"broker {word} alone:")
        for name, about in inputs.items():
            yield from _input(name, {"description": about, "required": False})


def action(command: str) -> dict[str, Any]:
    """Read the `action.yml` of a command, as GitHub's metadata syntax has it."""
    import yaml  # noqa: PLC0415 - only who asks for help pays for it

    folder = _ROOT if command == "gate" else _ROOT / "actions" / command
    described: dict[str, Any] = yaml.safe_load((folder / "action.yml").read_text(encoding="utf-8"))
    return described


def _input(name: str, about: Mapping[str, Any]) -> Iterator[str]:
    default = f" (default: {about['default']})" if "default" in about else ""
    yield f"  --{name}{' (required)' if about['required'] else default}"
    yield from wrap(
        about["description"], _WIDTH, break_on_hyphens=False, initial_indent=_INDENT, subsequent_indent=_INDENT
    )


def _wrapped(text: str, indent: str = "") -> list[str]:
    return wrap(text, _WIDTH, break_on_hyphens=False, initial_indent=indent, subsequent_indent=indent)

"""Floor 1: `pact-gate.yml`, which says what a repository holds beyond what the inputs of its steps say.

`pact-gate.schema.json` says which keys there are and what they mean; editors, the documentation and `load` read it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import normpath
from typing import Any

from pact_gate.config import rules, shape, tree
from pact_gate.config.paths import covers
from pact_gate.config.tree import Node, Problem
from pact_gate.model.errors import InputError, Place
from pact_gate.model.finding import Ignore, Level, LintConfig
from pact_gate.model.others import OtherCheck, Uncovered
from pact_gate.settings.inputs import Inputs
from pact_gate.settings.verify import VerifySettings, verify_settings

FILE = "pact-gate.yml"
SCHEMA: dict[str, Any] = json.loads(Path(__file__).with_name("pact-gate.schema.json").read_text(encoding="utf-8"))

_BYTES = 256 * 1024
_SHOWN = 10  # problems of one file; GitHub shows as many annotations of a step
PAGE = "https://github.com/pact-gate/pact-gate/blob/v1/docs/pact-gate-yml.md"


@dataclass(frozen=True)
class Pacticipant:
    """A pacticipant of this repository, or a partner that lives in another (`repository`, owner/name).

    `folder` and `paths` are seen from the repository's root, `pacts` from `folder`. `pacts` is empty where it is no
    consumer, `verify` None where it is no provider; `setup` are commands that run before the provider is started.
    """

    name: str
    folder: str = "."
    paths: tuple[str, ...] = ()
    pacts: tuple[str, ...] = ()
    setup: str | None = None
    verify: VerifySettings | None = None
    environments: tuple[str, ...] = ()
    repository: str | None = None
    workflow: str | None = None


@dataclass(frozen=True)
class Config:
    """What the file says. `file` is its name in the repository's root; `environments` are in the order of promotion."""

    file: str
    pacticipants: tuple[Pacticipant, ...] = ()
    environments: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    checks: tuple[OtherCheck, ...] = ()
    lint: LintConfig = field(default_factory=LintConfig)
    version: int = 1


def load(path: Path) -> Config:
    """Read `pact-gate.yml`.

    Raises:
        InputError: it cannot be read, or is wrong; with the line and the column of everything that is.
    """
    root, problems = tree.parse(_text(path))
    if root is not None:
        problems += [*shape.check(root, SCHEMA, SCHEMA), *rules.check(root)]
    if root is None or problems:
        raise _wrong(path, problems)
    file = shape.plain(root)
    config = Config(
        file=path.name,
        pacticipants=tuple(
            _pacticipant(name, node, file.get("environments", ()), problems)
            for name, node in _entries(root, "pacticipants").items()
        ),
        environments=tuple(file.get("environments", ())),
        ignore=tuple(file.get("ignore", ())),
        checks=tuple(map(_check, file.get("checks", ()))),
        lint=_lint(root.entries["lint"]) if "lint" in root.entries else LintConfig(),
        version=file.get("version", 1),
    )
    if problems:
        raise _wrong(path, problems)
    return config


def changed(config: Config, files: Collection[str] | None) -> tuple[Pacticipant, ...]:
    """Give the pacticipants of this repository that a change of these files concerns.

    `files` are git's names, from the root; None is a change that nobody knows, and concerns all. So does a change of
    `pact-gate.yml` itself.
    """
    here = tuple(each for each in config.pacticipants if each.repository is None)
    if files is None or config.file in files:
        return here
    return tuple(each for each in here if any(covers(path, files) for path in each.paths))


def _text(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            text = file.read(_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"The file {path} cannot be read: {error.strerror}.",
            "Check its name and its permissions.",
            places=(Place(path.as_posix()),),
        ) from error
    if len(text) > _BYTES:
        raise InputError(
            f"The file {path} is larger than {_BYTES // 1024} KiB.",
            f"Take out what is no configuration: {PAGE} describes every key.",
            places=(Place(path.as_posix()),),
        )
    return text


def _wrong(path: Path, problems: Sequence[Problem]) -> InputError:
    """One error for all of them: the first ones are shown, each at its place."""
    shown = sorted(problems)[:_SHOWN]
    if len(problems) == 1:
        mark, cause, next_step = shown[0]
        return InputError(cause, next_step, places=(Place(path.as_posix(), *mark),))
    first = f"; these are the first {_SHOWN}" if len(problems) > _SHOWN else ""
    return InputError(
        f"{len(problems)} things in {path} are wrong{first}.",
        f"Mend them: {PAGE} describes every key.",
        places=tuple(Place(path.as_posix(), *mark, f"{cause} {next_step}") for mark, cause, next_step in shown),
    )


def _entries(root: Node, key: str) -> Mapping[str, Node]:
    return root.entries[key].entries if key in root.entries else {}


def _check(about: Mapping[str, Any]) -> OtherCheck:
    covers = tuple(map(Uncovered, about.get("covers", ())))
    return OtherCheck(about["name"], covers, about.get("check-run"), about.get("environment"))


def _lint(node: Node) -> LintConfig:
    about = shape.plain(node)
    marks = node.entries["ignore"].items if "ignore" in about else ()
    return LintConfig(
        levels={rule: Level(level) for rule, level in about.get("rules", {}).items()},
        ignore=tuple(
            Ignore(**each, line=item.mark.line, column=item.mark.column)
            for each, item in zip(about.get("ignore", ()), marks, strict=True)
        ),
        reads=about.get("reads", {}),
        language=about.get("language", ""),
    )


def _pacticipant(name: str, node: Node, environments: Sequence[str], problems: list[Problem]) -> Pacticipant:
    """Make a pacticipant of a node of the right shape; what else is wrong with it is added to the problems."""
    about = shape.plain(node)
    folder = normpath(about.get("folder", "."))
    paths = () if "repository" in about else _list(about.get("paths", folder))
    return Pacticipant(
        name,
        folder=folder,
        paths=tuple(map(normpath, paths)),
        pacts=_list(about.get("pacts", ())),
        setup=about.get("verify", {}).get("setup"),
        verify=_verify(name, node.entries["verify"], problems) if "verify" in about else None,
        environments=tuple(about.get("environments", environments)),
        repository=about.get("repository"),
        workflow=about.get("workflow"),
    )


def _verify(provider: str, node: Node, problems: list[Problem]) -> VerifySettings | None:
    """Read `verify` as the inputs that its keys are named for; JSON is YAML as well."""
    values = {key: value for key, value in shape.plain(node).items() if key != "setup"}
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    try:
        return verify_settings(Inputs({"provider": provider, **texts}, {}))
    except InputError as error:
        problems.append(rules.refused(node, error))
        return None


def _list(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)

"""Which handlers are written down, for whom, and where."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pact_gate.model import selectors
from pact_gate.settings.inputs import Inputs, wrong

_EVERYONE = selectors.for_branch(selectors.DEFAULT, None)
_PACKAGE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)


@dataclass(frozen=True)
class ScaffoldSettings:
    """`actions/scaffold-states`. Without `pacts` the broker is asked by `selectors`; `file` None is the usual name."""

    provider: str
    framework: str
    pacts: tuple[str, ...] = ()
    selectors: tuple[selectors.Selector, ...] = _EVERYONE
    file: str | None = None
    package: str = ""
    force: bool = False


def scaffold_settings(inputs: Inputs) -> ScaffoldSettings:
    """Read the inputs of `actions/scaffold-states`."""
    selected = inputs.yaml("selectors")
    package = inputs.text("package") or ""
    if package and not _PACKAGE.fullmatch(package):
        raise wrong("package", package, "is no package of Java", "Write it as com.example.products.")
    provider = inputs.required("provider", "whose states are written down")
    inputs.required("framework", "which framework the handlers are for")
    return ScaffoldSettings(
        provider=provider,
        framework=inputs.choice("framework", "fastapi", "flask", "django", "spring", "express"),
        pacts=inputs.lines("pacts"),
        selectors=_EVERYONE if selected is None else selectors.validated(selected),
        file=inputs.text("file"),
        package=package,
        force=inputs.flag("force"),
    )

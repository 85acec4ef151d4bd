"""Write down the provider states that the pacts ask for, as functions that somebody has to fill."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from pact_gate.commands.files import matching, read, write
from pact_gate.commands.step import Step
from pact_gate.model.errors import InputError
from pact_gate.model.outcome import Outcome
from pact_gate.model.pact import Pact, parse
from pact_gate.model.provider_states import asking
from pact_gate.report.words import counted
from pact_gate.scaffold.files import FRAMEWORKS, without_handler
from pact_gate.scaffold.stubs import Stub, stubs
from pact_gate.settings.inputs import Inputs, wrong
from pact_gate.settings.scaffold import ScaffoldSettings, scaffold_settings

_CLASS = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_TOLD = 50  # names in the summary


def run(inputs: Inputs, step: Step) -> Outcome:
    """Collect the states; write the file, or compare it where it is there."""
    settings = scaffold_settings(inputs)
    file = settings.file or FRAMEWORKS[settings.framework].file
    path = step.folder / file
    if settings.framework == "spring" and not _CLASS.fullmatch(path.stem):
        raise wrong("file", file, "is not named as a class of Java can be", "Name it for example ProviderStates.java.")
    pacts = list(_pacts(settings, step))
    if not pacts:
        raise InputError(
            f"There is no pact with {settings.provider}: nothing says which states it needs.",
            "Check `provider` and `pacts`, or the broker and `selectors`.",
        )
    found = stubs(each for pact in pacts for each in asking(pact.interactions, lambda *_: True))
    if not found:
        return _outcome("none", file, found, f"No interaction asks {settings.provider} for a provider state.")
    if path.exists() and not settings.force:
        return _compared(settings, file, path, found)
    write(path, FRAMEWORKS[settings.framework].write(found, path.stem, settings.package), "file")
    written = f"Wrote {file} with {counted(len(found), 'provider state')}."
    return _outcome(
        "written", file, found, written, next_step="Fill each function with the data that its name promises."
    )


def _pacts(settings: ScaffoldSettings, step: Step) -> Iterator[Pact]:
    for body, name in _files(settings, step) if settings.pacts else _selected(settings, step):
        pact = parse(body, name)
        if pact.provider == settings.provider:
            yield pact


def _files(settings: ScaffoldSettings, step: Step) -> Iterator[tuple[bytes, str]]:
    yield from ((read(step.folder / path), path) for path in matching(settings.pacts, step.folder))


def _selected(settings: ScaffoldSettings, step: Step) -> Iterator[tuple[bytes, str]]:
    for each in step.broker.pacts_for_verification(settings.provider, settings.selectors, branch=None):
        yield step.broker.pact(each.url).body, each.url


def _compared(settings: ScaffoldSettings, file: str, path: Path, found: Sequence[Stub]) -> Outcome:
    """Say which states a file has no handler for, as far as their names stand in it. It stays as it is."""
    missing = without_handler(found, read(path).decode(errors="replace"), FRAMEWORKS[settings.framework])
    if not missing:
        return _outcome(
            "complete", file, found, f"{file} names each of the {len(found)} states that the pacts ask for."
        )
    return _outcome(
        "missing",
        file,
        found,
        f"{file} is there, and does not name {len(missing)} of the {len(found)} states that the pacts ask for.",
        next_step=f"Add a handler for each to {file}. Another `file` gets all of them; `force` overwrites this one.",
        missing=missing,
    )


def _outcome(
    result: str,
    file: str,
    found: Sequence[Stub],
    headline: str,
    *,
    next_step: str = "",
    missing: Sequence[str] = (),
) -> Outcome:
    left = len(missing) - _TOLD
    more = (("and", f"{left} more"),) if left > 0 else ()
    return Outcome(
        headline=headline,
        next_step=next_step,
        exit_code=1 if missing else 0,
        outputs={"result": result, "file": file, "states": str(len(found)), "missing": json.dumps(list(missing))},
        facts=(*(("Without a handler", each) for each in missing[:_TOLD]), *more),
    )
